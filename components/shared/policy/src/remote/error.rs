//! Why a token is refused. The text of a variant is the reason in the log: a stable code first.

use crate::loggable::Loggable;

/// The fault of a token. Foreign text in it is quoted, escaped and short; none of it is the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a JWS, and the provider cannot be asked about it.
    #[error(
        "token_opaque: not a JWT (hint: `OIDC_CLIENT_ID` and `OIDC_CLIENT_SECRET` next to `AUTH_MODE=remote` let the provider be asked about such tokens; or have the provider issue JWTs)"
    )]
    Opaque,
    /// The provider says that it is expired, revoked, or none of its own.
    #[error("token_inactive")]
    Inactive,
    /// Five segments: a JWE.
    #[error("token_encrypted")]
    Encrypted,
    /// Three segments that are not all base64url without padding, or one is empty.
    #[error("token_malformed detail=\"segments\"")]
    Segments,
    /// Header or payload cannot be used.
    #[error("token_malformed detail={0}")]
    Malformed(Loggable),
    /// `alg` is not allowed, or does not fit the key.
    #[error("alg_refused detail={0}")]
    Algorithm(Loggable),
    /// No key of that id.
    #[error("key_unknown detail={0}")]
    KeyUnknown(Loggable),
    /// The key did not make this signature.
    #[error("signature_invalid")]
    Signature,
    /// The header asks for an extension (RFC 7515, section 4.1.11); none is understood.
    #[error("crit_refused")]
    Critical,
    /// `typ` says that this is not an access token.
    #[error("typ_refused got={0}")]
    Typ(Loggable),
    /// A claim says that this is another kind of token.
    #[error("not_an_access_token marker={0}")]
    OtherKind(&'static str),
    /// Bound to a key, and presented without a proof of it (RFC 9449, section 7.2).
    #[error("bound_token: `cnf.jkt` needs the scheme `DPoP` and a proof")]
    Bound,
    /// Bound in a way that cannot be checked here (RFC 7800).
    #[error("bound_token: `cnf` is not one thumbprint `jkt`")]
    Confirmation,
    /// Bound to nothing although it would have to be.
    #[error("token_not_bound: {0}")]
    NotBound(&'static str),
    /// A claim has a type or value that its specification does not allow, or is missing.
    #[error("claim_invalid name={0}")]
    Claim(&'static str),
    /// Issued by somebody else.
    #[error("iss_mismatch expected={expected} got={got}")]
    Issuer {
        /// The provider.
        expected: Loggable,
        /// `iss`.
        got: Loggable,
    },
    /// Issued for somebody else.
    #[error("aud_mismatch expected={expected} got={got}")]
    Audience {
        /// What is accepted.
        expected: Loggable,
        /// `aud`.
        got: Loggable,
    },
    /// Past its end.
    #[error("token_expired exp={exp} now={now}")]
    Expired {
        /// `exp`.
        exp: u64,
        /// The time.
        now: u64,
    },
    /// Before its beginning.
    #[error("token_not_yet_valid {claim}={value} now={now}")]
    NotYetValid {
        /// `nbf` or `iat`.
        claim: &'static str,
        /// Its value.
        value: u64,
        /// The time.
        now: u64,
    },
    /// Issued longer ago than the deployment accepts.
    #[error("token_too_old iat={iat} now={now}")]
    TooOld {
        /// `iat`.
        iat: u64,
        /// The time.
        now: u64,
    },
}
