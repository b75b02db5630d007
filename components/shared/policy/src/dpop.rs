//! Proof that a caller has the key to which a token is bound (RFC 9449).
//!
//! A proof is read ([`presented`]), verified ([`UnverifiedProof::verify`]), and then spent
//! ([`Proof::spend`]), after which it is of no use to anybody else. What is spent is remembered, so
//! spend a proof only when everything else about the request is in order: a stranger can make any
//! number of good proofs.
//!
//! There are no server nonces (`use_dpop_nonce`, RFC 9449, sections 8 and 9): without a key there is
//! nothing to make them from, and a proof is good once, for minutes. A `nonce` in a proof is ignored.

mod demand;
mod error;
mod key;
mod target;

use std::fmt::{self, Debug, Formatter};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::json;
use crate::keys::{ALGORITHMS, Failure, Verifier};
use crate::loggable::Loggable;
use crate::state::{Expect, Outcome, State};
use crate::types::RequestHead;

pub use demand::Dpop;
pub use error::ProofError;
use key::PublicKey;
pub use target::normalised as normalised_target;

/// Largest accepted proof, in bytes.
pub const MAX_PROOF_BYTES: usize = 4 * 1024;
/// How far `iat` may be from now, either way, before the leeway of the clocks, in seconds.
pub const WINDOW_SECONDS: u64 = 300;
/// How much longer than it is good a proof is remembered: replicas have clocks of their own.
const REMEMBERED_LONGER_SECONDS: u64 = 60;
/// Longest `jti`, in bytes.
const MAX_JTI_BYTES: usize = 256;

/// What a proof has to be about. The caller takes nothing of it from the proof.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The public URL of the endpoint, from the configuration: never from `Host`.
    pub url: &'a str,
    /// The token that comes with the proof; none at a token endpoint (RFC 9449, section 5).
    pub access_token: Option<&'a str>,
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// How far the clocks may differ, in seconds.
    pub leeway: u64,
}

/// A proof that nobody has checked. Its text is never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UnverifiedProof<'a>(&'a str);

/// A proof whose signature and claims are in order, and that may still be a replay.
#[derive(Debug, PartialEq, Eq)]
pub struct Proof {
    thumbprint: String,
    jti: String,
    remember_seconds: u32,
}

/// The thumbprint of a key (RFC 7638, with SHA-256) that the sender of the request has: `cnf.jkt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// The text, base64url.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Debug for UnverifiedProof<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedProof([{} bytes])", self.0.len())
    }
}

/// The one `DPoP` field of a request.
///
/// # Errors
/// There are several, or it is too long.
pub fn presented(head: &RequestHead) -> Result<Option<UnverifiedProof<'_>>, ProofError> {
    let mut values = head
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("dpop"))
        .map(|(_, value)| value.as_str());
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match values.count() {
        0 => UnverifiedProof::new(value).map(Some),
        more => Err(ProofError::Repeated(more + 1)),
    }
}

impl<'a> UnverifiedProof<'a> {
    /// A proof from anywhere, of a bearable size.
    ///
    /// # Errors
    /// It is too long.
    pub fn new(text: &'a str) -> Result<Self, ProofError> {
        if text.len() > MAX_PROOF_BYTES {
            return Err(ProofError::TooLong(text.len()));
        }
        Ok(Self(text))
    }

    /// Checks everything but whether the proof was used before (RFC 9449, section 4.3).
    ///
    /// # Errors
    /// Any [`ProofError`] but `Replayed`.
    pub fn verify(
        self,
        about: &Request<'_>,
        verifier: &impl Verifier,
    ) -> Result<Proof, ProofError> {
        let header = header(self.0)?;
        let key = judge_header(&header)?;
        let algorithms = ALGORITHMS.map(str::to_owned);
        let jws = verifier
            .verify_with(&key.as_set(header.get("kid")), self.0, &algorithms)
            .map_err(failure)?;
        let claims = json::object(&jws.payload)
            .map_err(|error| ProofError::Malformed(Loggable::new(&error.to_string())))?;
        let (jti, last_second) = judge_claims(&claims, about)?;
        let remember = last_second.saturating_sub(about.now) + REMEMBERED_LONGER_SECONDS;
        Ok(Proof {
            thumbprint: key.thumbprint(),
            jti: jti.to_owned(),
            remember_seconds: u32::try_from(remember).unwrap_or(u32::MAX),
        })
    }
}

impl Proof {
    /// Whether the key of the proof is the one that a token is bound to.
    ///
    /// # Errors
    /// It is another one.
    pub fn is_of(&self, bound_to: &str) -> Result<(), ProofError> {
        if self.thumbprint == bound_to {
            Ok(())
        } else {
            Err(ProofError::OtherKey)
        }
    }

    /// Uses the proof, which works once for each key and `jti` wherever the state is shared.
    ///
    /// # Errors
    /// `Replayed`, and `Unavailable` when the state cannot say.
    pub fn spend(self, state: &impl State) -> Result<Thumbprint, ProofError> {
        // A thumbprint has a fixed length, so the two never run into each other.
        let digest = Sha256::digest(format!("{}{}", self.thumbprint, self.jti));
        let key = format!("dpop/{}", URL_SAFE_NO_PAD.encode(digest));
        match state.put(&key, b"", Expect::Absent, self.remember_seconds) {
            Ok(Outcome::Done(_)) => Ok(Thumbprint(self.thumbprint)),
            Ok(Outcome::Conflict) => Err(ProofError::Replayed),
            Err(error) => Err(ProofError::Unavailable(Loggable::new(&error.0))),
        }
    }
}

/// The header, which the signature will cover as it is.
fn header(proof: &str) -> Result<Map<String, Value>, ProofError> {
    let mut segments = proof.split('.');
    let (Some(header), Some(_), Some(_), None) = (
        segments.next(),
        segments.next(),
        segments.next(),
        segments.next(),
    ) else {
        return Err(ProofError::Malformed(Loggable::new("not three segments")));
    };
    let bytes = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| ProofError::Malformed(Loggable::new("header is not base64url")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| ProofError::Malformed(Loggable::new("header is not UTF-8")))?;
    json::object(&text).map_err(|error| ProofError::Malformed(Loggable::new(&error.to_string())))
}

/// The key of a header whose `typ` and `alg` are those of a proof.
fn judge_header(header: &Map<String, Value>) -> Result<PublicKey, ProofError> {
    // Compared as it is, without the liberties of media types: there is one spelling of it.
    if header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
        return Err(ProofError::Typ);
    }
    if header.contains_key("crit") {
        return Err(ProofError::Malformed(Loggable::new("crit")));
    }
    match header.get("alg") {
        Some(Value::String(alg)) if ALGORITHMS.contains(&alg.as_str()) => {}
        Some(Value::String(alg)) => return Err(ProofError::Algorithm(Loggable::new(alg))),
        _ => return Err(ProofError::Algorithm(Loggable::new("not a string"))),
    }
    let jwk = header.get("jwk").ok_or(ProofError::Key("absent"))?;
    PublicKey::parse(jwk).map_err(ProofError::Key)
}

/// The `jti` of a proof for this request, and the last second in which it is good.
fn judge_claims<'a>(
    claims: &'a Map<String, Value>,
    about: &Request<'_>,
) -> Result<(&'a str, u64), ProofError> {
    let text = |name| claims.get(name).and_then(Value::as_str);
    let jti = text("jti")
        .filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI_BYTES)
        .ok_or(ProofError::Claim("jti"))?;
    if text("htm").ok_or(ProofError::Claim("htm"))? != about.method {
        return Err(ProofError::Method);
    }
    let claimed = normalised_target(text("htu").ok_or(ProofError::Claim("htu"))?);
    if claimed.is_none() || claimed != normalised_target(about.url) {
        return Err(ProofError::Url);
    }
    let issued_at = claims
        .get("iat")
        .and_then(Value::as_u64)
        .ok_or(ProofError::Claim("iat"))?;
    let window = WINDOW_SECONDS.saturating_add(about.leeway);
    if issued_at.abs_diff(about.now) > window {
        return Err(ProofError::Stale {
            iat: issued_at,
            now: about.now,
        });
    }
    if let Some(token) = about.access_token {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        if text("ath").ok_or(ProofError::Claim("ath"))? != hash {
            return Err(ProofError::AccessToken);
        }
    }
    Ok((jti, issued_at.saturating_add(window)))
}

fn failure(failure: Failure) -> ProofError {
    match failure {
        Failure::Malformed(detail) => ProofError::Malformed(Loggable::new(&detail)),
        Failure::AlgorithmRefused(detail) => ProofError::Algorithm(Loggable::new(&detail)),
        Failure::KeyUnknown(_) => ProofError::Key("not usable with this algorithm"),
        Failure::SignatureInvalid => ProofError::Signature,
        Failure::NotGranted(reason) => ProofError::Unavailable(Loggable::new(&reason)),
        Failure::Unavailable(down) => ProofError::Unavailable(Loggable::new(&down.reason)),
    }
}
