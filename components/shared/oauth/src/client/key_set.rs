//! The public keys of a client, in its document or at a URL that the document names.

use policy::keys::{Failure, VerifiedJws};
use serde_json::Value;

use super::cache::{Source, obtain, renew};
use super::{ClientError, ClientKeys, Occasion};
use crate::redirect::document_host;
use crate::services::Services;

/// Largest JWK set behind a URL, in bytes.
const MAX_KEY_SET_BYTES: u32 = 16 * 1024;
const MAX_KEYS: usize = 64;
/// What a client may sign with: nothing that needs a shared secret (RFC 7518, section 3.1).
const ALGORITHMS: [&str; 10] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
];
/// Members of a JWK that only its owner may know (RFC 7518, sections 6.2.2, 6.3.2, 6.4).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The algorithms that an assertion of a client may use.
pub(crate) const fn algorithms() -> &'static [&'static str] {
    &ALGORITHMS
}

impl ClientKeys {
    /// Verifies a signature with these keys. Keys behind a URL are fetched once more when none of
    /// them has the id that the signature names.
    pub(crate) fn verify(
        &self,
        jws: &str,
        services: &Services<'_>,
    ) -> Result<Result<VerifiedJws, Failure>, ClientError> {
        let algorithms = ALGORITHMS.map(str::to_owned);
        let verify = |set: &str| services.verifier.verify_with(set, jws, &algorithms);
        let url = match self {
            Self::Set(set) => return Ok(verify(set)),
            Self::Url(url) => url,
        };
        let source = Source {
            kind: "client-keys",
            url,
            host: document_host(url).ok_or_else(|| ClientError::unknown("keys_at_no_url"))?,
            max_bytes: MAX_KEY_SET_BYTES,
        };
        // Its document was fetched, so its keys may be.
        let set = obtain(&source, Occasion::Authorization, services, &parse_text)?;
        let first = verify(&set);
        if !matches!(first, Err(Failure::KeyUnknown(_))) {
            return Ok(first);
        }
        match renew(&source, services, &parse_text)? {
            Some(set) => Ok(verify(&set)),
            None => Ok(first),
        }
    }
}

fn parse_text(body: &[u8]) -> Result<String, String> {
    let set = strict_json::parse(body).map_err(|_| "not unambiguous JSON".to_owned())?;
    parse(&set)
}

/// The text of a JWK set that holds public keys and nothing else.
pub(super) fn parse(set: &Value) -> Result<String, String> {
    let Some(Value::Array(keys)) = set.get("keys") else {
        return Err("a key set has no array `keys`".to_owned());
    };
    if keys.len() > MAX_KEYS {
        return Err("a key set has too many keys".to_owned());
    }
    let is_private = |key: &Value| {
        let has = |member: &&str| key.get(*member).is_some();
        key.get("kty").and_then(Value::as_str) == Some("oct") || PRIVATE_MEMBERS.iter().any(has)
    };
    if keys.iter().any(is_private) {
        return Err("a key set has a private key".to_owned());
    }
    Ok(set.to_string())
}
