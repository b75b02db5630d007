//! Fetching a small JSON document from a provider that may be broken or hostile.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Response, redirect};
use url::Url;

use super::failure::quoted;

/// The largest document that is read, in bytes.
pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// A document as it came.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) body: Vec<u8>,
    /// `Cache-Control: max-age` (RFC 9111, section 5.2.2.1); zero for `no-cache` and `no-store`.
    pub(super) max_age: Option<Duration>,
}

/// Why a document could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchFault {
    #[error("no answer within the time limit")]
    Timeout,
    #[error("{0}")]
    Connection(String),
    #[error("status {0}, a redirect, which is not followed\nhint: configure its target")]
    Redirect(u16),
    #[error("status {0}, expected 200")]
    Status(u16),
    #[error("content type {0}, expected application/json")]
    ContentType(String),
    #[error("it is compressed, although that was not asked for")]
    Encoded,
    #[error("larger than {0} bytes")]
    TooLarge(usize),
}

/// The HTTP client for providers.
///
/// It follows no redirects: one document has one address, so all that following adds is that
/// whoever can place a redirect at the provider aims requests of this host at its private network.
/// It has no cookie store, sends no referrer, undoes no compression and reads no proxy from the
/// environment. It brings its own TLS provider and installs none for the process.
///
/// # Errors
///
/// When the TLS roots of the system cannot be loaded.
pub fn http_client() -> reqwest::Result<Client> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .user_agent(concat!("image-generation-mcp/", env!("CARGO_PKG_VERSION")))
        .pool_max_idle_per_host(1)
        .build()
}

/// Fetches a JSON document. The time limit covers the last byte too, so a drip ends with it.
pub(super) async fn fetch_json(
    client: &Client,
    url: &Url,
    timeout: Duration,
) -> Result<Document, FetchFault> {
    let request = client
        .get(url.clone())
        .header("accept", "application/json")
        .timeout(timeout);
    let response = request.send().await.map_err(unreachable)?;
    check_head(&response)?;
    let max_age = max_age(response.headers());
    let body = read_body(response, MAX_DOCUMENT_BYTES).await?;
    Ok(Document { body, max_age })
}

/// The body of an answer, when it is not larger than that.
pub(super) async fn read_body(
    mut response: Response,
    max_bytes: usize,
) -> Result<Vec<u8>, FetchFault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len().saturating_add(chunk.len()) > max_bytes {
            return Err(FetchFault::TooLarge(max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn check_head(response: &Response) -> Result<(), FetchFault> {
    let status = response.status();
    if status.is_redirection() {
        return Err(FetchFault::Redirect(status.as_u16()));
    }
    if status.as_u16() != 200 {
        return Err(FetchFault::Status(status.as_u16()));
    }
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(FetchFault::Encoded);
    }
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .map_or("", |value| value.to_str().unwrap_or("?"));
    if !is_json(content_type) {
        return Err(FetchFault::ContentType(quoted(content_type)));
    }
    if response
        .content_length()
        .is_some_and(|length| length > MAX_DOCUMENT_BYTES as u64)
    {
        return Err(FetchFault::TooLarge(MAX_DOCUMENT_BYTES));
    }
    Ok(())
}

/// `application/json` or a type with the suffix `+json` (RFC 6839), such as the
/// `application/jwk-set+json` of RFC 7517.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || essence.starts_with("application/") && essence.ends_with("+json")
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut shortest: Option<Duration> = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or_default().split(',') {
            let directive = directive.trim().to_ascii_lowercase();
            let seconds = match directive.strip_prefix("max-age=") {
                Some(seconds) => seconds.trim_matches('"').parse().ok(),
                None if directive == "no-cache" || directive == "no-store" => Some(0),
                None => None,
            };
            if let Some(age) = seconds.map(Duration::from_secs) {
                shortest = Some(shortest.map_or(age, |shortest| shortest.min(age)));
            }
        }
    }
    shortest
}

/// The innermost cause says most: `connection refused`, an unknown name, a bad certificate.
pub(super) fn unreachable(error: reqwest::Error) -> FetchFault {
    if error.is_timeout() {
        return FetchFault::Timeout;
    }
    let error = error.without_url();
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message = inner.to_string();
        cause = inner.source();
    }
    FetchFault::Connection(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_types() {
        for yes in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/jwk-set+json",
            "application/jwk-set+json;charset=UTF-8",
        ] {
            assert!(is_json(yes), "{yes}");
        }
        for no in [
            "",
            "text/html",
            "text/json+html",
            "application/jsonp",
            "text/html+json",
            "json",
        ] {
            assert!(!is_json(no), "{no}");
        }
    }

    #[test]
    fn max_ages() {
        for (value, seconds) in [
            ("max-age=60", Some(60)),
            ("public, Max-Age=\"60\", must-revalidate", Some(60)),
            ("max-age=60, no-cache", Some(0)),
            ("no-store", Some(0)),
            ("max-age=999999999999999999999", None),
            ("max-age=-1", None),
            ("s-maxage=60", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            if let Ok(value) = value.parse() {
                headers.insert(CACHE_CONTROL, value);
            }
            assert_eq!(
                max_age(&headers),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
        assert_eq!(max_age(&HeaderMap::new()), None);
    }
}
