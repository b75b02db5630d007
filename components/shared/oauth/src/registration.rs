//! `/register`: a client introduces itself (RFC 7591). Nothing is stored: the id that it gets is what
//! it said, sealed, so there is nothing to fill up and nothing to clean up.
//!
//! Every client becomes a public one. What it asks for beyond that is ignored, as section 2 allows,
//! and the answer says what holds. No URL that it names is ever fetched.

use std::net::IpAddr;

use policy::rates::Rate;
use policy::settings::Reader;
use policy::types::{HttpRequest, HttpResponse, RequestHead};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::{OAuthError, json};
use crate::client::{Clients, MAX_CLIENT_ID_BYTES, Registered};
use crate::display::{MAX_NAME_CHARACTERS, cleaned};
use crate::redirect::{MAX_URIS, RedirectError, RedirectUri};
use crate::services::Services;

const OIDC_REGISTRATIONS_PER_MINUTE: &str = "OIDC_REGISTRATIONS_PER_MINUTE";
const DEFAULT_PER_MINUTE: u32 = 30;
const MAX_PER_MINUTE: u64 = 100_000;
/// Longest request, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
const MAX_SCOPE_BYTES: usize = 1024;

/// How often a stranger may register. An address has a bucket of its own.
#[must_use]
pub fn rate(reader: &mut Reader<'_>) -> Rate {
    let per_minute = reader
        .integer(OIDC_REGISTRATIONS_PER_MINUTE, 0..=MAX_PER_MINUTE)
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(DEFAULT_PER_MINUTE);
    Rate {
        bucket: "register",
        burst: per_minute,
        per_minute,
    }
}

/// Client information as the answer gives it (RFC 7591, section 3.2.1).
#[derive(Serialize)]
struct Information<'a> {
    client_id: &'a str,
    client_id_issued_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<&'a str>,
    redirect_uris: &'a [String],
    grant_types: [&'a str; 2],
    response_types: [&'a str; 1],
    token_endpoint_auth_method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

impl Clients {
    /// Registers the client of a request to `/register`.
    ///
    /// # Errors
    /// 400 with a code of RFC 7591, section 3.2.2; 403, 405, 413, 429.
    pub fn register(
        &self,
        request: &HttpRequest,
        services: &Services<'_>,
    ) -> Result<HttpResponse, OAuthError> {
        let Some(rate) = self.registration_rate() else {
            return Err(OAuthError {
                status: 403,
                ..OAuthError::bad_request("access_denied", "clients cannot register here")
            });
        };
        admit(rate, &request.head, services)?;
        let metadata = metadata(request)?;
        refuse_what_cannot_be(&metadata)?;
        let client = Registered {
            redirect_uris: self.redirect_uris(&metadata)?,
            name: name(&metadata)?,
            issued_at: services.now,
        };
        let client_id = self.issue(&client, services.random);
        if client_id.len() > MAX_CLIENT_ID_BYTES {
            return Err(invalid_metadata("the redirect URIs are too long together"));
        }
        Ok(json(
            201,
            &Information {
                client_id: &client_id,
                client_id_issued_at: client.issued_at,
                client_name: client.name.as_deref(),
                redirect_uris: &client.redirect_uris,
                grant_types: ["authorization_code", "refresh_token"],
                response_types: ["code"],
                token_endpoint_auth_method: "none",
                application_type: text(&metadata, "application_type")
                    .filter(|kind| matches!(*kind, "native" | "web")),
                scope: text(&metadata, "scope").filter(|scope| is_scope(scope)),
            },
        ))
    }

    fn redirect_uris(&self, metadata: &Map<String, Value>) -> Result<Vec<String>, OAuthError> {
        let refuse = |text: String| OAuthError::bad_request("invalid_redirect_uri", text);
        let Some(Value::Array(values)) = metadata.get("redirect_uris") else {
            return Err(refuse("`redirect_uris` is not an array of URIs".to_owned()));
        };
        if values.is_empty() || values.len() > MAX_URIS {
            return Err(refuse(format!("`redirect_uris` {}", RedirectError::Count)));
        }
        let mut uris: Vec<String> = Vec::new();
        for (position, value) in (1..).zip(values) {
            let problem = |problem: &str| refuse(format!("redirect URI {position} {problem}"));
            let text = value.as_str().ok_or_else(|| problem("is not a string"))?;
            let uri = RedirectUri::parse(text).map_err(|error| problem(&error.to_string()))?;
            if !self.allowed_hosts().permit(&uri) {
                return Err(problem("is on a host that is not allowed here"));
            }
            if !uris.iter().any(|known| known == text) {
                uris.push(text.to_owned());
            }
        }
        Ok(uris)
    }
}

fn admit(rate: Rate, head: &RequestHead, services: &Services<'_>) -> Result<(), OAuthError> {
    if rate.per_minute == 0 {
        return Ok(());
    }
    services
        .limiter
        .take(rate, &stranger(head))
        .map_err(|seconds| OAuthError::too_many_requests(seconds, "registrations_too_frequent"))
}

/// By whom a stranger is told from others: an address, or the network that one subscriber gets.
fn stranger(head: &RequestHead) -> String {
    let address = head.client_address.as_deref().unwrap_or_default();
    match address.parse() {
        Ok(IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        _ => address.to_owned(),
    }
}

fn metadata(request: &HttpRequest) -> Result<Map<String, Value>, OAuthError> {
    if request.head.method != "POST" {
        return Err(OAuthError {
            status: 405,
            ..OAuthError::bad_request("invalid_request", "only POST is allowed here")
        });
    }
    if request.body.len() > MAX_BODY_BYTES {
        return Err(OAuthError {
            status: 413,
            ..invalid_metadata("the metadata is longer than 16 KiB")
        });
    }
    if !crate::answer::is_json(&request.head.headers) {
        return Err(invalid_metadata(
            "the content type is not `application/json`",
        ));
    }
    match strict_json::parse(&request.body) {
        Ok(Value::Object(metadata)) => Ok(metadata),
        _ => Err(invalid_metadata(
            "the metadata is not one unambiguous JSON object",
        )),
    }
}

fn refuse_what_cannot_be(metadata: &Map<String, Value>) -> Result<(), OAuthError> {
    if metadata.contains_key("software_statement") {
        let text = "software statements are not accepted";
        return Err(OAuthError::bad_request("invalid_software_statement", text));
    }
    for (list, needed) in [
        ("grant_types", "authorization_code"),
        ("response_types", "code"),
    ] {
        if !crate::client::offers(metadata, list, needed) {
            return Err(invalid_metadata(&format!(
                "`{list}` does not include `{needed}`"
            )));
        }
    }
    Ok(())
}

fn name(metadata: &Map<String, Value>) -> Result<Option<String>, OAuthError> {
    match metadata.get("client_name") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => Ok(cleaned(name, MAX_NAME_CHARACTERS)),
        Some(_) => Err(invalid_metadata("`client_name` is not a string")),
    }
}

fn text<'a>(metadata: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    metadata.get(member)?.as_str()
}

/// `scope` of RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    let in_token = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    text.len() <= MAX_SCOPE_BYTES
        && text
            .split(' ')
            .all(|token| !token.is_empty() && token.bytes().all(in_token))
}

fn invalid_metadata(description: &str) -> OAuthError {
    OAuthError::bad_request("invalid_client_metadata", description)
}
