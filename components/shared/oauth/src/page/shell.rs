//! What every page has: the document around it, its style, and its header fields.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy::types::HttpResponse;
use sha2::{Digest, Sha256};

use super::html::Html;
use crate::answer::header;

const STYLE: &str = include_str!("style.css");

const BEFORE_TITLE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>"#;
const BRAND: &str = r#"<div class="brand"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false"><rect x="3" y="4" width="18" height="16" rx="3"/><path d="m4 17 5-5 4 4 3-3 4 4"/><circle cx="15.5" cy="8.5" r="1.5"/></svg><span>"#;
const PRODUCT: &str = "Image Generation MCP";

/// A page with a title of ours, the host of the server if it is known, and what is in it.
pub(super) fn page(status: u16, title: &str, content: Html) -> HttpResponse {
    let html = Html::default()
        .raw(BEFORE_TITLE)
        .text(title)
        .raw(" · ")
        .raw(PRODUCT)
        .raw("</title>\n<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n<main>\n")
        .raw(BRAND)
        .raw(PRODUCT)
        .raw("</span></div>\n")
        .piece(content)
        .raw("</main>\n</body>\n</html>\n");
    let policy = content_security_policy();
    HttpResponse {
        status,
        headers: vec![
            header("content-type", "text/html; charset=utf-8"),
            header("cache-control", "no-store"),
            header("content-security-policy", &policy),
            header("x-frame-options", "DENY"),
            header("cross-origin-opener-policy", "same-origin"),
            header("cross-origin-resource-policy", "same-origin"),
            header("referrer-policy", "no-referrer"),
            header("x-content-type-options", "nosniff"),
            header(
                "permissions-policy",
                "camera=(), geolocation=(), microphone=(), publickey-credentials-get=()",
            ),
        ],
        body: html.into_bytes(),
    }
}

/// Nothing but the one style; no frames around the page.
///
/// There is no `form-action` on purpose. Chromium applies it to every redirect that follows the
/// submission of a form, and that of the consent page is redirected to the provider, from there to
/// wherever the provider takes its users to sign in, and in the end to the client: no list is long
/// enough. What the directive is for, forms that somebody has injected, cannot be on a page whose
/// markup is made of literals; and what the form carries is sealed and bound to the browser.
fn content_security_policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    )
}
