//! What a caller of `imagegen:keys/verifier` gets: the records and the failures of
//! `wit/keys/types.wit` as plain Rust values.

use std::time::Duration;

/// An OpenID provider as its discovery document describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// `issuer`, byte for byte as the document spells it.
    pub issuer: String,
    /// The whole document, JSON, one object without duplicate names.
    pub metadata: String,
}

/// A JWS whose signature was made by a key of the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedJws {
    /// The protected header, JSON: one object without duplicate names.
    pub header: String,
    /// The payload, JSON: one object without duplicate names. No claim has been judged.
    pub payload: String,
}

/// The keys or the provider cannot be had at the moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; ask again in {retry_after_seconds} s")]
pub struct Unavailable {
    /// What happened, for the log; holds no secret.
    pub reason: String,
    /// When it makes sense to ask again, in seconds; at least 1.
    pub retry_after_seconds: u32,
}

/// Why a token could not be verified. Only `Unavailable` is not the fault of the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Not a compact JWS with a usable header and a JSON object as its payload.
    #[error("malformed token: {0}")]
    Malformed(String),
    /// `alg` is not among the algorithms allowed by the caller, or does not fit the key.
    #[error("algorithm refused: {0}")]
    AlgorithmRefused(String),
    /// The issuer has no key of that id, also after a refetch within the budget.
    #[error("unknown key: {0}")]
    KeyUnknown(String),
    /// The key exists and did not make this signature.
    #[error("invalid signature")]
    SignatureInvalid,
    /// The issuer or the configuration URL is not one that the configuration grants.
    #[error("not granted: {0}")]
    NotGranted(String),
    /// The provider is down or its documents are unusable.
    #[error("provider unavailable: {0}")]
    Unavailable(#[from] Unavailable),
}

impl Unavailable {
    pub(super) fn after(reason: String, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            reason,
            retry_after_seconds: u32::try_from(seconds.max(1)).unwrap_or(u32::MAX),
        }
    }
}

/// Foreign text for a log line: without control characters and not without end.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(200).collect::<String>())
}
