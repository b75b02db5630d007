//! The ID token of the provider, judged once, at sign-in (OpenID Connect Core 1.0, section 3.1.3.7),
//! and again when one comes with a refresh (section 12.2). The host has verified the signature.

use policy::json;
use policy::keys::VerifiedJws;
use policy::static_tokens::is_subject;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::Secret;

/// How long after the time of the request the token may have been made, in seconds: the provider makes
/// it while the request waits.
const MADE_LATER_SECONDS: u64 = 10;

/// The last second of the year 9999: a later date is a mistake or an attack on arithmetic.
const LAST_DATE: u64 = 253_402_300_799;

/// Claims of security events, logout tokens and DPoP proofs: signed by the same key, not ID tokens.
const FOREIGN_MARKERS: [&str; 3] = ["events", "htm", "htu"];

/// What an ID token must say to be the answer to our question.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// The client that we are there.
    pub client_id: &'a str,
    /// What may have signed it.
    pub algorithms: &'a [String],
    /// The nonce of the request; `None` on a refresh, where none is due.
    pub nonce: Option<&'a str>,
    /// What came along with it.
    pub access_token: &'a Secret,
    /// The time, seconds since the Unix epoch.
    pub now: u64,
    /// How far the clocks may differ, in seconds.
    pub leeway: u64,
}

/// The claims of an ID token that is all that it must be.
#[derive(Clone, Debug)]
pub struct Judged {
    subject: String,
    auth_time: Option<u64>,
    claims: Map<String, Value>,
}

impl Judged {
    /// `sub`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When the user signed in, if the provider says so.
    #[must_use]
    pub const fn auth_time(&self) -> Option<u64> {
        self.auth_time
    }

    /// All claims.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// Why an ID token is refused; a stable code for the log. Nothing of the token is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// There is none, although `openid` was asked for.
    #[error("id_token_missing")]
    Missing,
    /// Not a JWS that a key of the provider signed.
    #[error("id_token_signature_invalid")]
    Signature,
    /// `alg` is not one that we accept.
    #[error("id_token_alg_refused")]
    Algorithm,
    /// `typ`, `crit` or a claim says that it is something else.
    #[error("id_token_kind_refused name={0}")]
    Kind(&'static str),
    /// A claim is missing, or has a type or value that it cannot have.
    #[error("id_token_claim_invalid name={0}")]
    Claim(&'static str),
    /// A claim is not what it must be for us.
    #[error("id_token_mismatch name={0}")]
    Mismatch(&'static str),
    /// Past its end.
    #[error("id_token_expired")]
    Expired,
    /// Before its beginning: clocks differ.
    #[error("id_token_not_yet_valid name={0}")]
    NotYetValid(&'static str),
}

/// Judges an ID token.
///
/// # Errors
/// See [`IdTokenError`].
pub fn judge(jws: &VerifiedJws, expected: &Expected<'_>) -> Result<Judged, IdTokenError> {
    let header = json::object(&jws.header).map_err(|_| IdTokenError::Claim("header"))?;
    let claims = json::object(&jws.payload).map_err(|_| IdTokenError::Claim("payload"))?;
    let algorithm = algorithm(&header, expected.algorithms)?;
    kind(&header, &claims)?;
    if text(&claims, "iss")? != Some(expected.issuer) {
        return Err(IdTokenError::Mismatch("iss"));
    }
    audience(&claims, expected.client_id)?;
    lifetime(&claims, expected)?;
    if let Some(nonce) = expected.nonce {
        let claimed = text(&claims, "nonce")?.ok_or(IdTokenError::Claim("nonce"))?;
        same(claimed, nonce, "nonce")?;
    }
    if let Some(claimed) = text(&claims, "at_hash")? {
        let hash =
            half_hash(algorithm, expected.access_token).ok_or(IdTokenError::Claim("at_hash"))?;
        same(claimed, &hash, "at_hash")?;
    }
    let subject = text(&claims, "sub")?
        .filter(|subject| is_subject(subject))
        .ok_or(IdTokenError::Claim("sub"))?
        .to_owned();
    Ok(Judged {
        subject,
        auth_time: claims
            .get("auth_time")
            .and_then(Value::as_u64)
            .filter(|time| *time <= expected.now.saturating_add(expected.leeway)),
        claims,
    })
}

/// The host has checked `alg` already; a verifier that did not must not be the only lock.
fn algorithm<'a>(
    header: &'a Map<String, Value>,
    allowed: &[String],
) -> Result<&'a str, IdTokenError> {
    header
        .get("alg")
        .and_then(Value::as_str)
        .filter(|alg| allowed.iter().any(|name| name == alg))
        .ok_or(IdTokenError::Algorithm)
}

fn kind(header: &Map<String, Value>, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
    if header.contains_key("crit") {
        return Err(IdTokenError::Kind("crit"));
    }
    match header.get("typ") {
        None => {}
        Some(Value::String(typ)) if typ.eq_ignore_ascii_case("jwt") => {}
        Some(Value::String(typ)) if typ.eq_ignore_ascii_case("application/jwt") => {}
        Some(_) => return Err(IdTokenError::Kind("typ")),
    }
    FOREIGN_MARKERS
        .into_iter()
        .find(|marker| claims.contains_key(*marker))
        .map_or(Ok(()), |marker| Err(IdTokenError::Kind(marker)))
}

/// We are the audience; where others are too, the token must have been issued to us.
fn audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), IdTokenError> {
    let authorized_party = text(claims, "azp")?;
    if authorized_party.is_some_and(|party| party != client_id) {
        return Err(IdTokenError::Mismatch("azp"));
    }
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(audiences)) => audiences
            .iter()
            .map(Value::as_str)
            .collect::<Option<_>>()
            .ok_or(IdTokenError::Claim("aud"))?,
        _ => return Err(IdTokenError::Claim("aud")),
    };
    if !audiences.contains(&client_id) {
        return Err(IdTokenError::Mismatch("aud"));
    }
    if audiences.iter().any(|audience| *audience != client_id) && authorized_party.is_none() {
        return Err(IdTokenError::Claim("azp"));
    }
    Ok(())
}

fn lifetime(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    let latest = expected
        .now
        .saturating_add(expected.leeway)
        .saturating_add(MADE_LATER_SECONDS);
    let exp = date(claims, "exp")?.ok_or(IdTokenError::Claim("exp"))?;
    if expected.now >= exp.saturating_add(expected.leeway) {
        return Err(IdTokenError::Expired);
    }
    let iat = date(claims, "iat")?.ok_or(IdTokenError::Claim("iat"))?;
    for (name, value) in [("iat", Some(iat)), ("nbf", date(claims, "nbf")?)] {
        if value.is_some_and(|value| value > latest) {
            return Err(IdTokenError::NotYetValid(name));
        }
    }
    Ok(())
}

fn date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<u64>, IdTokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_u64()
            .filter(|date| *date <= LAST_DATE)
            .map(Some)
            .ok_or(IdTokenError::Claim(name)),
    }
}

fn text<'a>(
    claims: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, IdTokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(IdTokenError::Claim(name)),
    }
}

fn same(claimed: &str, expected: &str, name: &'static str) -> Result<(), IdTokenError> {
    if claimed.as_bytes().ct_eq(expected.as_bytes()).into() {
        Ok(())
    } else {
        Err(IdTokenError::Mismatch(name))
    }
}

/// The left half of the hash that goes with the algorithm (section 3.1.3.6). Ed25519 hashes with
/// SHA-512.
fn half_hash(algorithm: &str, access_token: &Secret) -> Option<String> {
    let token = access_token.expose();
    let hash = match algorithm.get(algorithm.len().checked_sub(3)?..)? {
        "256" => Sha256::digest(token).to_vec(),
        "384" => Sha384::digest(token).to_vec(),
        "512" | "DSA" => Sha512::digest(token).to_vec(),
        _ => return None,
    };
    hash.get(..hash.len() / 2)
        .map(|half| URL_SAFE_NO_PAD.encode(half))
}

#[cfg(test)]
mod tests;
