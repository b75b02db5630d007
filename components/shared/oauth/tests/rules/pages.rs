//! Pages: what a stranger says stays text, and no browser does more than show it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth::client::{Authentication, Client, Consent, Origin};
use oauth::page::{ConsentPage, MessagePage};
use oauth::redirect::RedirectUri;
use policy::types::HttpResponse;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const ACTION: &str = "https://images.example/vault/consent";

fn client(name: Option<&str>, redirect_uri: &str) -> Client {
    Client {
        id: "https://claude.ai/oauth/mcp-oauth-client-metadata".to_owned(),
        name: name.map(str::to_owned),
        redirect_uris: vec![RedirectUri::parse(redirect_uri).unwrap()],
        origin: Origin::Registered,
        consent: Consent::Ask,
        authentication: Authentication::None,
    }
}

fn consent(client: &Client, scopes: &[&str]) -> HttpResponse {
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    ConsentPage {
        client,
        redirect_uri: &client.redirect_uris[0],
        scopes: &scopes,
        action: ACTION,
        hidden: &[("ticket", "sealed-value_1"), ("odd", "a\"><b>&")],
    }
    .response()
}

fn text(response: &HttpResponse) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

fn value<'a>(response: &'a HttpResponse, name: &str) -> &'a str {
    let mut values = response.headers.iter().filter(|(known, _)| known == name);
    let (_, value) = values.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(values.next().is_none());
    value
}

/// All pages that there are, for rules that hold for every page.
fn every_page() -> Vec<HttpResponse> {
    let message = MessagePage {
        status: 400,
        title: "This app is not known",
        paragraphs: &["Nothing was sent to it."],
        code: Some("client_unknown"),
    };
    let web = client(Some("Claude"), "https://claude.ai/cb");
    let local = client(None, "http://127.0.0.1/cb");
    let editor = client(Some("Cursor"), "cursor://anysphere.cursor-mcp/cb");
    vec![
        message.response(),
        consent(&web, &["image:write"]),
        consent(&local, &[]),
        consent(&editor, &["openid", "offline_access"]),
    ]
}

#[test]
fn every_page_is_out_of_frames_caches_and_referrers() {
    for page in every_page() {
        let policy = value(&page, "content-security-policy");
        for directive in [
            "default-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(
                policy.split("; ").any(|known| known == directive),
                "{policy}"
            );
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
        assert!(
            !policy.contains("form-action"),
            "Chromium would stop the redirect to the provider"
        );
        assert_eq!(value(&page, "x-frame-options"), "DENY");
        assert_eq!(value(&page, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(value(&page, "referrer-policy"), "no-referrer");
        assert_eq!(value(&page, "cache-control"), "no-store");
        assert_eq!(value(&page, "x-content-type-options"), "nosniff");
        assert_eq!(value(&page, "content-type"), "text/html; charset=utf-8");
    }
}

#[test]
fn the_style_is_the_one_that_the_policy_names() {
    for page in every_page() {
        let html = text(&page);
        let (_, rest) = html.split_once("<style>").unwrap();
        let (style, rest) = rest.split_once("</style>").unwrap();
        assert!(!rest.contains("<style") && !html.contains("style=\""));
        let digest = STANDARD.encode(Sha256::digest(style));
        assert!(value(&page, "content-security-policy").contains(&format!("'sha256-{digest}'")));
    }
}

#[test]
fn every_page_can_be_read_without_seeing_it_and_on_a_phone() {
    for page in every_page() {
        let html = text(&page);
        for part in [
            "<html lang=\"en\">",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
            "<main>",
            "<h1>",
            "prefers-color-scheme: dark",
            ":focus-visible",
        ] {
            assert_eq!(html.matches(part).count(), 1, "{part}");
        }
        assert!(!html.contains("<script") && !html.contains("onclick") && !html.contains("<img"));
        for labelled in html.split("aria-labelledby=\"").skip(1) {
            let id = labelled.split('"').next().unwrap();
            assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
        }
    }
}

#[test]
fn the_form_carries_its_fields_and_two_answers() {
    let html = text(&consent(
        &client(Some("Claude"), "https://claude.ai/cb"),
        &[],
    ));
    assert!(html.contains(&format!("<form method=\"post\" action=\"{ACTION}\">")));
    assert!(html.contains("<input type=\"hidden\" name=\"ticket\" value=\"sealed-value_1\">"));
    assert!(html.contains("value=\"a&quot;&gt;&lt;b&gt;&amp;\">"));
    assert_eq!(html.matches("<button type=\"submit\"").count(), 2);
    assert!(html.contains("name=\"decision\" value=\"approve\">Allow</button>"));
    assert!(html.contains("name=\"decision\" value=\"deny\">Don’t allow</button>"));
}

#[test]
fn a_name_is_shown_as_the_word_of_a_stranger() {
    let mut stranger = client(Some("Claude"), "https://claude.ai/cb");
    let html = text(&consent(&stranger, &[]));
    assert!(html.contains("It calls itself") && html.contains("<bdi>Claude</bdi>"));
    assert!(html.contains("Not verified: any app can choose any name."));
    stranger.origin = Origin::Document;
    let html = text(&consent(&stranger, &[]));
    assert!(html.contains("described by <strong class=\"address\">claude.ai</strong>"));
    stranger.origin = Origin::Configured;
    let html = text(&consent(&stranger, &[]));
    assert!(html.contains("Set up by whoever runs this server.") && !html.contains("Not verified"));
    stranger.name = None;
    assert!(text(&consent(&stranger, &[])).contains("mcp-oauth-client-metadata"));
    stranger.origin = Origin::Registered;
    assert!(text(&consent(&stranger, &[])).contains("Nothing: it has given no name"));
}

#[test]
fn where_the_answer_goes_is_shown_in_plain_letters() {
    for (redirect_uri, shown, note) in [
        (
            "https://Claude.ai/cb",
            "claude.ai",
            "Check that this is the site you came from.",
        ),
        (
            "https://xn--clude-2ve.ai/cb",
            "xn--clude-2ve.ai",
            "technical spelling",
        ),
        ("https://h.example:8443/cb", "h.example:8443", "Check that"),
        (
            "http://127.0.0.1:33418/",
            "127.0.0.1:33418",
            "A program on this device.",
        ),
        (
            "cursor://anysphere.cursor-mcp/cb",
            "cursor:",
            "The app on this device",
        ),
    ] {
        let html = text(&consent(&client(Some("x"), redirect_uri), &[]));
        assert!(
            html.contains(&format!("<p class=\"value address\">{shown}</p>")),
            "{shown}"
        );
        assert!(html.contains(note), "{note}");
    }
}

#[test]
fn an_app_on_the_device_comes_with_a_warning_of_its_own() {
    let local = "any program could pose as it";
    let page = |uri: &str| text(&consent(&client(Some("x"), uri), &[]));
    assert!(page("http://localhost:1/cb").contains(local));
    assert!(page("cursor://x/cb").contains("another one could claim such links"));
    assert!(!page("https://claude.ai/cb").contains(local));
    assert!(page("https://claude.ai/cb").contains("Did somebody send you here?"));
}

#[test]
fn scopes_are_said_in_words() {
    let scopes = [
        "openid",
        "offline_access",
        "image:write",
        "<script>",
        "a\u{202e}b",
    ];
    let html = text(&consent(
        &client(Some("x"), "https://claude.ai/cb"),
        &scopes,
    ));
    for part in [
        "<li>Use the image tools of this server in your name</li>",
        "<li>Know which account is yours</li>",
        "<li>Stay connected while you are away</li>",
        "<li>The permission <code>image:write</code></li>",
        "<li>The permission <code>&lt;script&gt;</code></li>",
        "<li>The permission <code>ab</code></li>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let many: Vec<String> = (0..100).map(|n| format!("scope{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let html = text(&consent(&client(Some("x"), "https://claude.ai/cb"), &many));
    assert_eq!(html.matches("<li>").count(), 14);
}

#[test]
fn a_hostile_name_is_only_ugly() {
    for (name, shown) in [
        (
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        (
            "\"><img src=x onerror=alert(1)>",
            "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;",
        ),
        ("'`&amp;", "&#39;&#96;&amp;amp;"),
        (
            "</bdi></main><h1>Allowed",
            "&lt;/bdi&gt;&lt;/main&gt;&lt;h1&gt;Allowed",
        ),
        ("\u{202e}edualC", "edualC"),
        ("Cl\u{430}ude", "Cl\u{430}ude"),
    ] {
        let html = text(&consent(&client(Some(name), "https://claude.ai/cb"), &[]));
        assert!(html.contains(&format!("<bdi>{shown}</bdi>")), "{name}");
    }
    let long = text(&consent(
        &client(Some(&"x".repeat(10_000)), "https://claude.ai/cb"),
        &[],
    ));
    assert!(long.len() < 10_000 && long.contains("x…</bdi>"));
}

#[test]
fn a_message_cannot_be_made_to_say_something_else() {
    let page = MessagePage {
        status: 400,
        title: "Sign-in failed",
        paragraphs: &["the provider said: <a href=//evil.example>\r\nclick</a>"],
        code: Some("x\"><script>"),
    }
    .response();
    assert_eq!(page.status, 400);
    let html = text(&page);
    assert!(
        html.contains("<p>the provider said: &lt;a href=//evil.example&gt; click&lt;/a&gt;</p>")
    );
    assert!(html.contains("<code>x&quot;&gt;&lt;script&gt;</code>"));
    assert!(html.contains("<title>Sign-in failed · Image Generation MCP</title>"));
}

/// Written for whoever looks at the pages: `PAGES=folder cargo test -p oauth pages`.
#[test]
fn every_page_can_be_looked_at() {
    let Ok(folder) = std::env::var("PAGES") else {
        return;
    };
    for (number, page) in every_page().iter().enumerate() {
        std::fs::write(format!("{folder}/{number}.html"), &page.body).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the name is, the page has the elements that it has without one.
    #[test]
    fn no_name_changes_the_page_around_it(name in ".*", scope in ".*") {
        let tags = |html: &str| html.matches('<').count();
        let quotes = |html: &str| html.matches('"').count();
        let plain = text(&consent(&client(Some("x"), "https://claude.ai/cb"), &["y"]));
        let html = text(&consent(&client(Some(&format!("x{name}")), "https://claude.ai/cb"), &[&format!("y{scope}")]));
        prop_assert_eq!(tags(&html), tags(&plain));
        prop_assert_eq!(quotes(&html), quotes(&plain));
        let hidden = html.contains('\u{202e}');
        prop_assert!(!hidden);
    }
}
