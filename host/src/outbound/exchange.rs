//! One request and its whole answer, within its caps.

use std::error::Error as _;

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::{Client, ClientBuilder, redirect};
use tokio::time::timeout;
use url::Url;

use super::resolve::Refused;
use super::{Error, MAX_REQUEST_BYTES, Request, Response};

/// Fields that belong to the connection or that the host sets itself.
const OF_THE_HOST: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-forwarded-for",
];

/// What every client of this module is.
pub(super) fn client() -> ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .user_agent(concat!("image-generation-mcp/", env!("CARGO_PKG_VERSION")))
}

/// The fields of a request that are passed on.
pub(super) fn fields(request: &Request) -> Result<HeaderMap, Error> {
    let mut fields = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::Invalid("a field name".to_owned()))?;
        if OF_THE_HOST.contains(&name.as_str()) {
            continue;
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| Error::Invalid(format!("the value of the field `{name}`")))?;
        fields.append(name, value);
    }
    Ok(fields)
}

/// Whether a request says who sends it.
pub(super) fn has_credentials(fields: &HeaderMap) -> bool {
    [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE]
        .iter()
        .any(|name| fields.contains_key(name))
}

/// Refuses methods and bodies that no destination takes.
pub(super) fn check_form(request: &Request) -> Result<(), Error> {
    let invalid = |what: &str| Err(Error::Invalid(what.to_owned()));
    if request.method != Method::GET && request.method != Method::POST {
        return invalid("the method is not GET or POST");
    }
    if request.method == Method::GET && !request.body.is_empty() {
        return invalid("GET with a body");
    }
    if request.body.len() > MAX_REQUEST_BYTES {
        return invalid("the body is too large");
    }
    Ok(())
}

/// Sends a request whose URL has been judged.
pub(super) async fn send(
    client: &Client,
    url: Url,
    fields: HeaderMap,
    request: Request,
) -> Result<Response, Error> {
    let limit = request.caps.timeout;
    let exchange = async {
        let mut sent = client.request(request.method, url).headers(fields);
        if !request.body.is_empty() {
            sent = sent.body(request.body);
        }
        let response = sent.send().await.map_err(fault)?;
        read(response, request.caps.max_bytes).await
    };
    match timeout(limit, exchange).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::Timeout),
    }
}

async fn read(mut response: reqwest::Response, max_bytes: usize) -> Result<Response, Error> {
    let most = u64::try_from(max_bytes).unwrap_or(u64::MAX);
    if response
        .content_length()
        .is_some_and(|length| length > most)
    {
        return Err(Error::TooLarge);
    }
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .filter(|(name, _)| **name != SET_COOKIE)
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(fault)? {
        if body.len().saturating_add(chunk.len()) > max_bytes {
            return Err(Error::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status,
        headers,
        body,
    })
}

/// Whether an address was refused.
pub fn is_refused_address(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.downcast_ref::<Refused>().is_some() {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// The innermost cause says most: `connection refused`, an unknown name, a bad certificate.
fn fault(error: reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::Timeout;
    }
    let error = error.without_url();
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return Error::AddressRefused(refused.to_string());
        }
        message = inner.to_string();
        cause = inner.source();
    }
    Error::Connection(message)
}
