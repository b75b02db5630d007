//! Why a proof of possession is refused. The text of a variant is the reason in the log.

use super::MAX_PROOF_BYTES;
use crate::loggable::Loggable;

/// The fault of a proof, but for `Unavailable`. Foreign text in it is quoted, escaped and short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// More than one `DPoP` field.
    #[error("dpop_repeated count={0}")]
    Repeated(usize),
    /// Longer than [`MAX_PROOF_BYTES`].
    #[error("dpop_too_long bytes={0} max={MAX_PROOF_BYTES}")]
    TooLong(usize),
    /// A token that needs a proof came without one.
    #[error("dpop_absent")]
    Absent,
    /// Not a JWT that can be used.
    #[error("dpop_malformed detail={0}")]
    Malformed(Loggable),
    /// `typ` is not `dpop+jwt`.
    #[error("dpop_typ_refused")]
    Typ,
    /// `alg` is not an asymmetric algorithm that is accepted, or does not fit the key.
    #[error("dpop_alg_refused detail={0}")]
    Algorithm(Loggable),
    /// `jwk` is not one public key.
    #[error("dpop_key_refused detail=\"{0}\"")]
    Key(&'static str),
    /// The key did not make this signature.
    #[error("dpop_signature_invalid")]
    Signature,
    /// A claim is missing, or of a type or value that it cannot have.
    #[error("dpop_claim_invalid name={0}")]
    Claim(&'static str),
    /// `htm` is another method.
    #[error("dpop_htm_mismatch")]
    Method,
    /// `htu` is another URL.
    #[error("dpop_htu_mismatch")]
    Url,
    /// `iat` is too far from now.
    #[error("dpop_stale iat={iat} now={now}")]
    Stale {
        /// `iat`.
        iat: u64,
        /// The time.
        now: u64,
    },
    /// `ath` belongs to another token.
    #[error("dpop_ath_mismatch")]
    AccessToken,
    /// The proof is of another key than the one that the token is bound to.
    #[error("dpop_key_mismatch")]
    OtherKey,
    /// The proof was used before.
    #[error("dpop_replayed")]
    Replayed,
    /// Whether the proof is good cannot be said at the moment: answer 503.
    #[error("dpop_unavailable detail={0}")]
    Unavailable(Loggable),
}

impl ProofError {
    /// The error code of all of them but `Unavailable` (RFC 9449, section 12.2).
    pub const CODE: &'static str = "invalid_dpop_proof";

    /// Whether it is not the fault of the proof.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
