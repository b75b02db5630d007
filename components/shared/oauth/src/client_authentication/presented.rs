//! What a request presents: an id, and at most one proof of it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use policy::types::HttpRequest;
use serde_json::Value;

use crate::answer::OAuthError;
use crate::form::{Parameters, decode};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest assertion, in bytes.
const MAX_ASSERTION_BYTES: usize = 8 * 1024;

/// Nothing of it has been checked. It cannot be printed.
pub(super) struct Presented {
    pub(super) unverified_id: String,
    pub(super) proof: Proof,
}

pub(super) enum Proof {
    None,
    Secret { unverified: String, is_basic: bool },
    Assertion(String),
}

impl Presented {
    /// Reads the one way in which a client authenticates (RFC 6749, section 2.3).
    pub(super) fn read(request: &HttpRequest, parameters: &Parameters) -> Result<Self, OAuthError> {
        let basic = basic(request)?;
        let secret = parameters.value("client_secret");
        let assertion = assertion(parameters)?;
        let proofs = usize::from(basic.is_some())
            + usize::from(secret.is_some())
            + usize::from(assertion.is_some());
        if proofs > 1 {
            return Err(malformed("the client authenticates in more than one way"));
        }
        let named = parameters.value("client_id").map(str::to_owned);
        let (proven, proof) = match (basic, secret, assertion) {
            // Some clients that have no secret say so in this way.
            (Some((id, secret)), ..) if secret.is_empty() => (Some(id), Proof::None),
            (Some((id, unverified)), ..) => {
                let is_basic = true;
                (
                    Some(id),
                    Proof::Secret {
                        unverified,
                        is_basic,
                    },
                )
            }
            (_, Some(unverified), _) => {
                let (unverified, is_basic) = (unverified.to_owned(), false);
                (
                    None,
                    Proof::Secret {
                        unverified,
                        is_basic,
                    },
                )
            }
            (.., Some(assertion)) => {
                // Whom it is about is judged later; here it only says what the request leaves out.
                let subject = named.is_none().then(|| subject(assertion)).flatten();
                (subject, Proof::Assertion(assertion.to_owned()))
            }
            _ => (None, Proof::None),
        };
        match (named, proven) {
            (Some(named), Some(proven)) if named != proven => {
                Err(malformed("the request names two clients"))
            }
            (Some(unverified_id), _) | (None, Some(unverified_id)) => Ok(Self {
                unverified_id,
                proof,
            }),
            (None, None) => Err(malformed("`client_id` is missing")),
        }
    }

    /// What a `401` answers to a client that has used `Authorization`.
    pub(super) const fn challenge(&self) -> Option<&'static str> {
        match self.proof {
            Proof::Secret { is_basic: true, .. } => Some("Basic realm=\"oauth\""),
            _ => None,
        }
    }
}

/// Id and password of `Authorization: Basic`, each encoded as in a form (RFC 6749, section 2.3.1).
fn basic(request: &HttpRequest) -> Result<Option<(String, String)>, OAuthError> {
    let mut fields = request
        .head
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let value = match (fields.next(), fields.next()) {
        (None, _) => return Ok(None),
        (Some((_, value)), None) => value,
        _ => return Err(malformed("more than one authorization field")),
    };
    let credentials = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| STANDARD.decode(encoded).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (id, secret) = text.split_once(':')?;
            Some((decode(id).ok()?, decode(secret).ok()?))
        });
    match credentials {
        Some((id, _)) if id.is_empty() => Err(malformed("an authorization field without a client")),
        Some(credentials) => Ok(Some(credentials)),
        None => Err(malformed(
            "the authorization field is not `Basic` credentials",
        )),
    }
}

fn assertion(parameters: &Parameters) -> Result<Option<&str>, OAuthError> {
    match (
        parameters.value("client_assertion"),
        parameters.value("client_assertion_type"),
    ) {
        (None, None) => Ok(None),
        (Some(assertion), Some(ASSERTION_TYPE)) if assertion.len() <= MAX_ASSERTION_BYTES => {
            Ok(Some(assertion))
        }
        _ => Err(malformed(
            "the client assertion is not one of type `jwt-bearer`",
        )),
    }
}

/// The client that an assertion names, before anything about it is known (RFC 7521, section 4.2).
fn subject(assertion: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    match strict_json::parse(&payload).ok()? {
        Value::Object(claims) => claims.get("sub")?.as_str().map(str::to_owned),
        _ => None,
    }
}

fn malformed(description: &str) -> OAuthError {
    OAuthError::bad_request("invalid_request", description)
}
