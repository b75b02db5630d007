//! `private_key_jwt`: an assertion that only the client can have signed, for this server, now, and
//! only once (RFC 7523, section 3; OpenID Connect Core 1.0, section 9).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::json;
use policy::keys::Failure;
use policy::loggable::Loggable;
use policy::state::{Expect, Outcome};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::client::{ClientError, ClientKeys};
use crate::services::Services;

/// Longest life of an assertion, in seconds.
const MAX_LIFETIME: u64 = 5 * 60;
const LEEWAY: u64 = 30;
const MAX_JTI_BYTES: usize = 255;

/// For whom an assertion has to speak, and to whom.
pub(super) struct Judge<'a> {
    pub(super) client_id: &'a str,
    pub(super) audiences: &'a [&'a str],
    pub(super) keys: &'a ClientKeys,
}

/// Why an assertion proves nothing. The texts are for the log.
pub(super) enum AssertionError {
    Refused(String),
    Unavailable(String),
}

impl Judge<'_> {
    /// Judges an assertion, and uses it up.
    pub(super) fn judge(
        &self,
        unverified: &str,
        services: &Services<'_>,
    ) -> Result<(), AssertionError> {
        let jws = self
            .keys
            .verify(unverified, services)
            .map_err(|error| match error {
                ClientError::Unknown(reason) => refused(&format!("keys {reason}")),
                ClientError::Unavailable(reason) => AssertionError::Unavailable(reason),
            })?
            .map_err(|failure| match failure {
                Failure::Unavailable(down) => {
                    AssertionError::Unavailable(Loggable::new(&down.reason).to_string())
                }
                other => refused(code(&other)),
            })?;
        let object = |text: &str| json::object(text).map_err(|error| refused(&error.to_string()));
        let (header, claims) = (object(&jws.header)?, object(&jws.payload)?);
        is_assertion(&header)?;
        let expires_at = self.judge_claims(&claims, services.now)?;
        self.use_up(&claims, expires_at, services)
    }

    /// Judges who speaks to whom and when; says until when.
    fn judge_claims(&self, claims: &Map<String, Value>, now: u64) -> Result<u64, AssertionError> {
        for name in ["iss", "sub"] {
            if claims.get(name).and_then(Value::as_str) != Some(self.client_id) {
                return Err(refused(name));
            }
        }
        let is_ours = |value: &Value| {
            value
                .as_str()
                .is_some_and(|audience| self.audiences.contains(&audience))
        };
        let for_us = match claims.get("aud") {
            Some(Value::Array(audiences)) => !audiences.is_empty() && audiences.iter().all(is_ours),
            Some(audience) => is_ours(audience),
            None => false,
        };
        if !for_us {
            return Err(refused("aud"));
        }
        let time = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| refused(name)),
        };
        let expires_at = time("exp")?.ok_or_else(|| refused("exp"))?;
        let latest = now.saturating_add(LEEWAY);
        if expires_at.saturating_add(LEEWAY) <= now
            || expires_at > latest.saturating_add(MAX_LIFETIME)
        {
            return Err(refused("exp"));
        }
        let in_future = |time: Option<u64>| time.is_some_and(|time| time > latest);
        if in_future(time("iat")?) || in_future(time("nbf")?) {
            return Err(refused("not_yet"));
        }
        Ok(expires_at)
    }

    /// The first to present a `jti` is the only one.
    fn use_up(
        &self,
        claims: &Map<String, Value>,
        expires_at: u64,
        services: &Services<'_>,
    ) -> Result<(), AssertionError> {
        let jti = claims
            .get("jti")
            .and_then(Value::as_str)
            .filter(|jti| (1..=MAX_JTI_BYTES).contains(&jti.len()))
            .ok_or_else(|| refused("jti"))?;
        let digest = Sha256::new()
            .chain_update(self.client_id)
            .chain_update([0])
            .chain_update(jti)
            .finalize();
        let key = format!("assertion/{}", URL_SAFE_NO_PAD.encode(digest));
        // Once more the leeway, for replicas whose clocks differ.
        let ttl = expires_at
            .saturating_add(2 * LEEWAY)
            .saturating_sub(services.now);
        let ttl = u32::try_from(ttl).unwrap_or(u32::MAX).max(1);
        match services.state.put(&key, &[], Expect::Absent, ttl) {
            Ok(Outcome::Done(_)) => Ok(()),
            Ok(Outcome::Conflict) => Err(refused("jti_used")),
            Err(error) => Err(AssertionError::Unavailable(format!(
                "state {}",
                Loggable::new(&error.0)
            ))),
        }
    }
}

/// Refuses tokens of another kind, and extensions that nobody here understands (RFC 7515, 4.1.11).
fn is_assertion(header: &Map<String, Value>) -> Result<(), AssertionError> {
    if header.contains_key("crit") {
        return Err(refused("crit"));
    }
    let kind = header.get("typ").map(|kind| {
        let kind = kind.as_str().unwrap_or_default().to_ascii_lowercase();
        kind.trim_start_matches("application/").to_owned()
    });
    match kind.as_deref() {
        None | Some("jwt" | "client-authentication+jwt") => Ok(()),
        Some(_) => Err(refused("typ")),
    }
}

const fn code(failure: &Failure) -> &'static str {
    match failure {
        Failure::Malformed(_) => "malformed",
        Failure::AlgorithmRefused(_) => "algorithm",
        Failure::KeyUnknown(_) => "key_unknown",
        Failure::SignatureInvalid => "signature",
        Failure::NotGranted(_) | Failure::Unavailable(_) => "keys",
    }
}

fn refused(reason: &str) -> AssertionError {
    AssertionError::Refused(reason.to_owned())
}
