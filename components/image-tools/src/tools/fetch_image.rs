//! `fetch_image`: brings an image from the web into the gallery. Which addresses can be reached is
//! the host's decision.

use std::time::Duration;

use guest::web::{WebError, WebRequest};
use mcp::Exchange;
use mcp::model::{CallToolResult, JsonObject};
use serde::Deserialize;

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::{Fault, Kind};
use crate::imports::{Imported, import};
use crate::json_file::json_file;
use crate::text::shortened;

pub(super) const TOOL: Tool = Tool {
    name: "fetch_image",
    writes: true,
    definition: json_file!("fetch_image.json"),
    needs_arguments: true,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

/// Unless the deployment says otherwise.
const DEFAULT_TIMEOUT_S: u64 = 30;

/// Characters of a source that is kept.
const SOURCE_CHARS: usize = 1000;

#[derive(Deserialize)]
struct Arguments {
    url: String,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<CallToolResult, Fault> {
    let Arguments { url } = typed(arguments)?;
    let url = url.trim();
    if !url
        .get(..8)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
    {
        return Err(failed(
            "invalid_request",
            "the URL must begin with `https://`",
        ));
    }
    let setting = context.capabilities.settings.setting("FETCH_TIMEOUT_S");
    let seconds = setting.and_then(|text| text.parse().ok());
    let request = WebRequest {
        url: &without_userinfo(url),
        accept: "image/png, image/jpeg, image/webp",
        max_bytes: context.max_input_bytes(),
        timeout: Duration::from_secs(seconds.unwrap_or(DEFAULT_TIMEOUT_S)),
    };
    let response = context.capabilities.web.get(&request);
    let response = response.map_err(|error| of_web(context, &error))?;
    if response.status != 200 {
        let status = response.status;
        let what = match status {
            300..=399 => format!("HTTP {status}: redirects are not followed"),
            _ => format!("HTTP {status}"),
        };
        return Err(failed("upstream_status", &what));
    }
    let source = format!("fetch:{}", redacted(url));
    let sidecar = import(context, response.body, shortened(&source, SOURCE_CHARS));
    let imported = Imported::from(sidecar.map_err(unusable)?);
    let mut result = answer::described(imported.sentence(), &imported)?;
    result.content.push(answer::link_to(&imported));
    Ok(result)
}

/// A URL fit for records and messages: without user, query and fragment, which can be secret.
fn redacted(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    without_userinfo(url.get(..end).unwrap_or_default())
}

/// What stands before an `@` in the authority is a credential, and goes nowhere.
fn without_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{tail}")
}

fn of_web(context: Context<'_>, error: &WebError) -> Fault {
    let log = context.capabilities.log;
    log.info(&format!("fetch_image: {error}"));
    match error {
        WebError::Refused(_) => failed(
            "not_allowed",
            "this server does not fetch from such an address",
        ),
        WebError::AddressRefused(_) => {
            failed("not_allowed", "the name does not lead to a public address")
        }
        WebError::Timeout => failed("timeout", "it took too long"),
        WebError::TooLarge => {
            let max = context.max_input_bytes();
            failed("too_large", &format!("it has more than {max} bytes"))
        }
        WebError::Connection(_) => failed("upstream_unavailable", "the connection failed"),
    }
}

/// What came is no image that is taken.
fn unusable(fault: Fault) -> Fault {
    match fault.kind {
        Kind::Client => failed(fault.code, &fault.message),
        _ => fault,
    }
}

fn failed(code: &'static str, reason: &str) -> Fault {
    Fault {
        code,
        ..Fault::invalid(format!("could not fetch the image: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn records_hold_no_secrets_of_a_url() {
        for (url, kept) in [
            (
                "https://user:pw@example.com/a.png?token=x#y",
                "https://example.com/a.png",
            ),
            (
                "https://[2001:db8::1]:8443/a",
                "https://[2001:db8::1]:8443/a",
            ),
            ("https://example.com?x@y", "https://example.com"),
            ("https://a@b@example.com/c@d", "https://example.com/c@d"),
        ] {
            assert_eq!(redacted(url), kept, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_url_keeps_its_credential(user in "[a-z:@]{1,12}", tail in "\\PC{0,40}") {
            let url = format!("https://{user}SECRET@example.com/{tail}");
            prop_assert!(!redacted(&url).contains("SECRET") || tail.contains("SECRET"));
        }
    }
}
