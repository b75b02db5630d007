//! Refusals as the client gets them: a status, a stable code, a safe sentence and a challenge.
//!
//! The sentences are fixed: nothing that a caller sent comes back to it. Why exactly a request was
//! refused is in `reason`, for the log.

use std::fmt::Display;

use crate::challenge::Challenge;
use crate::dpop::ProofError;
use crate::types::Denial;

const MALFORMED: Error = Error {
    status: 400,
    code: "invalid_request",
    description: "the request does not carry exactly one well-formed bearer token in the authorization header",
};
const INVALID: Error = Error {
    status: 401,
    code: "invalid_token",
    description: "the access token is expired, revoked, or not meant for this server",
};
const PROOF: Error = Error {
    status: 401,
    code: ProofError::CODE,
    description: "the request needs one fresh proof of possession, made for it and this token by the key of the token",
};
const INSUFFICIENT: Error = Error {
    status: 403,
    code: "insufficient_scope",
    description: "the access token lacks a scope that this operation needs",
};

/// What a policy adds to each of its challenges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// Protection space (RFC 9110, section 11.5); left out when empty.
    pub realm: String,
    /// Scopes to ask for, separated by single spaces; left out when empty.
    pub scope: String,
    /// Where the protected-resource metadata is (RFC 9728, section 5.1); left out when empty.
    pub resource_metadata: String,
    /// Algorithms of proofs of possession, separated by single spaces; empty when none is accepted.
    pub dpop_algorithms: String,
    /// Whether the token that is being refused came in the scheme `DPoP`.
    pub dpop_used: bool,
}

impl Advice {
    /// 400: the request says who it is in a way that has no single meaning.
    #[must_use]
    pub fn bad_request(&self, reason: &impl Display) -> Denial {
        self.refuse(&MALFORMED, &self.scope, reason)
    }

    /// 401 without an error in the challenge, since nothing was presented (RFC 6750, section 3.1).
    #[must_use]
    pub fn absent(&self, reason: &impl Display) -> Denial {
        Denial {
            status: 401,
            code: "invalid_token".to_owned(),
            description: "an access token is required".to_owned(),
            challenge: Some(self.both(Challenge::bearer(), Challenge::dpop())),
            retry_after_seconds: None,
            reason: reason.to_string(),
        }
    }

    /// 401: a token was presented and is not accepted.
    #[must_use]
    pub fn invalid_token(&self, reason: &impl Display) -> Denial {
        let dpop = match self.dpop_used {
            true => Challenge::dpop().with("error", INVALID.code),
            false => Challenge::dpop(),
        };
        Denial {
            challenge: Some(self.both(INVALID.challenge(), dpop)),
            ..self.refuse(&INVALID, &self.scope, reason)
        }
    }

    /// 401: the proof of possession that came with a token is not accepted (RFC 9449, section 7.1).
    pub fn invalid_proof(&self, reason: &impl Display) -> Denial {
        let dpop = Challenge::dpop()
            .with("error", PROOF.code)
            .with("error_description", PROOF.description);
        Denial {
            challenge: Some(self.both(Challenge::bearer(), dpop)),
            ..self.refuse(&PROOF, &self.scope, reason)
        }
    }

    /// 403: the token is good, and `scope` is all that the operation needs.
    #[must_use]
    pub fn insufficient_scope(&self, scope: &str, reason: &impl Display) -> Denial {
        self.refuse(&INSUFFICIENT, scope, reason)
    }

    fn refuse(&self, error: &Error, scope: &str, reason: &impl Display) -> Denial {
        Denial {
            status: error.status,
            code: error.code.to_owned(),
            description: error.description.to_owned(),
            challenge: Some(self.finish(error.challenge(), scope)),
            retry_after_seconds: None,
            reason: reason.to_string(),
        }
    }

    /// The challenges of 401. `Bearer` comes first: many clients read no further.
    fn both(&self, bearer: Challenge, dpop: Challenge) -> String {
        let bearer = self.finish(bearer, &self.scope);
        if self.dpop_algorithms.is_empty() {
            return bearer;
        }
        let dpop = dpop.with("algs", &self.dpop_algorithms);
        format!("{bearer}, {}", dpop.into_value())
    }

    fn finish(&self, challenge: Challenge, scope: &str) -> String {
        challenge
            .with_some("realm", &self.realm)
            .with_some("scope", scope)
            .with_some("resource_metadata", &self.resource_metadata)
            .into_value()
    }
}

/// 503: not the fault of the token, so the client keeps it.
#[must_use]
pub fn unavailable(retry_after_seconds: Option<u32>, reason: &impl Display) -> Denial {
    Denial {
        status: 503,
        code: "temporarily_unavailable".to_owned(),
        description: "access cannot be decided at the moment".to_owned(),
        challenge: None,
        retry_after_seconds,
        reason: reason.to_string(),
    }
}

/// 403 without a challenge: the token is good, and its user may not use this server.
pub fn access_denied(reason: &impl Display) -> Denial {
    Denial {
        status: 403,
        code: "access_denied".to_owned(),
        description: "this account is not allowed to use this server".to_owned(),
        challenge: None,
        retry_after_seconds: None,
        reason: reason.to_string(),
    }
}

struct Error {
    status: u16,
    code: &'static str,
    description: &'static str,
}

impl Error {
    fn challenge(&self) -> Challenge {
        Challenge::bearer()
            .with("error", self.code)
            .with("error_description", self.description)
    }
}
