//! Clients that describe themselves: the id is the URL of a JSON document (OAuth Client ID Metadata
//! Document, draft-ietf-oauth-client-id-metadata-document).
//!
//! A stranger names the URL, so the host fetches it under its rules for such URLs. What the document
//! says beyond what is read here is ignored, and no other URL in it is fetched but that of its keys.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::cache::{Source, obtain};
use super::key_set;
use super::{Authentication, Client, ClientError, ClientKeys, Clients, Consent, Occasion, Origin};
use crate::display::{MAX_NAME_CHARACTERS, cleaned};
use crate::redirect::{MAX_URIS, RedirectUri, document_host};
use crate::services::Services;

/// Largest document, in bytes.
pub const MAX_DOCUMENT_BYTES: u32 = 5 * 1024;

const NONE: &str = "none";
const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// What is kept of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    name: Option<String>,
    redirect_uris: Vec<String>,
    /// Its keys, and whether it may come without an assertion.
    keys: Option<(ClientKeys, bool)>,
}

/// Whether a client id is the URL of a document: `https`, a host name and nothing but it, a path,
/// and no user information, port, query, fragment or dot segment.
#[must_use]
pub fn is_document_url(text: &str) -> bool {
    document_host(text).is_some()
}

impl Clients {
    pub(super) fn described(
        &self,
        unverified_id: &str,
        occasion: Occasion,
        services: &Services<'_>,
    ) -> Result<Client, ClientError> {
        if !self.reads_documents() {
            return Err(ClientError::unknown("documents_are_off"));
        }
        let Some(host) = document_host(unverified_id) else {
            return Err(ClientError::unknown("not_a_document_url"));
        };
        let source = Source {
            kind: "client-document",
            url: unverified_id,
            host,
            max_bytes: MAX_DOCUMENT_BYTES,
        };
        let parse = |body: &[u8]| parse(unverified_id, body);
        let described: Described = obtain(&source, occasion, services, &parse)?;
        let uris = described.redirect_uris.iter().map(String::as_str);
        Ok(Client {
            id: unverified_id.to_owned(),
            name: described.name,
            redirect_uris: RedirectUri::parse_all(uris)
                .map_err(|_| ClientError::unknown("redirect_uri_no_longer_possible"))?,
            origin: Origin::Document,
            consent: Consent::Ask,
            authentication: match described.keys {
                None => Authentication::None,
                Some((keys, is_optional)) => Authentication::PrivateKey { keys, is_optional },
            },
        })
    }
}

/// Reads a document that was fetched from `url`. The error is for the log and repeats nothing of it.
pub(super) fn parse(url: &str, body: &[u8]) -> Result<Described, String> {
    let Ok(Value::Object(document)) = strict_json::parse(body) else {
        return Err("not one unambiguous JSON object".to_owned());
    };
    if document.get("client_id").and_then(Value::as_str) != Some(url) {
        return Err("`client_id` is not the URL of the document".to_owned());
    }
    if ["client_secret", "client_secret_expires_at"]
        .iter()
        .any(|secret| document.contains_key(*secret))
    {
        return Err("has a secret, which everybody can read".to_owned());
    }
    for (list, needed) in [
        ("grant_types", "authorization_code"),
        ("response_types", "code"),
    ] {
        if !super::offers(&document, list, needed) {
            return Err(format!("`{list}` does not include `{needed}`"));
        }
    }
    Ok(Described {
        name: match document.get("client_name") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => cleaned(name, MAX_NAME_CHARACTERS),
            Some(_) => return Err("`client_name` is not a string".to_owned()),
        },
        redirect_uris: redirect_uris(&document)?,
        keys: keys(&document)?,
    })
}

fn redirect_uris(document: &Map<String, Value>) -> Result<Vec<String>, String> {
    let Some(Value::Array(values)) = document.get("redirect_uris") else {
        return Err("`redirect_uris` is not an array".to_owned());
    };
    let mut uris = Vec::new();
    for value in values.iter().take(MAX_URIS + 1) {
        uris.push(value.as_str().ok_or("a redirect URI is not a string")?);
    }
    let parsed = RedirectUri::parse_all(uris)
        .map_err(|problem| format!("one of its redirect URIs {problem}"))?;
    Ok(parsed.iter().map(|uri| uri.as_str().to_owned()).collect())
}

/// How the client authenticates. It may name a method that it prefers, and in
/// `token_endpoint_auth_methods_supported` others that it can do as well: the two that this server
/// knows count, and without any the client is public.
fn keys(document: &Map<String, Value>) -> Result<Option<(ClientKeys, bool)>, String> {
    let preferred = match document.get("token_endpoint_auth_method") {
        None | Some(Value::Null) => NONE,
        Some(Value::String(method)) => method,
        Some(_) => return Err("`token_endpoint_auth_method` is not a string".to_owned()),
    };
    let supports = |method: &str| {
        let supported = document.get("token_endpoint_auth_methods_supported");
        let mut others = supported.and_then(Value::as_array).into_iter().flatten();
        preferred == method || others.any(|other| other.as_str() == Some(method))
    };
    if !supports(PRIVATE_KEY_JWT) {
        return supports(NONE)
            .then_some(None)
            .ok_or_else(|| "authenticates in no way that is possible here".to_owned());
    }
    let keys = match (document.get("jwks"), document.get("jwks_uri")) {
        (Some(set), None) => ClientKeys::Set(key_set::parse(set)?),
        (None, Some(Value::String(url))) if is_document_url(url) => ClientKeys::Url(url.clone()),
        (None, Some(_)) => return Err("`jwks_uri` is not a plain `https` URL".to_owned()),
        (Some(_), Some(_)) => return Err("has both `jwks` and `jwks_uri`".to_owned()),
        (None, None) => return Err("`private_key_jwt` without keys".to_owned()),
    };
    Ok(Some((keys, supports(NONE))))
}
