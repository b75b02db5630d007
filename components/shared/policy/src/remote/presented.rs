//! What a request presents: a token to be borne, or a token with a proof of its key.

use super::RETRY_AFTER_SECONDS;
use super::binding;
use super::claims::Claims;
use super::config::Config;
use super::error::TokenError;
use crate::bearer::credential_denial;
use crate::credential::{Credential, UnverifiedToken, credential};
use crate::dpop::{self, Dpop, Proof, ProofError, UnverifiedProof};
use crate::keys::Verifier;
use crate::refusal::{Advice, unavailable};
use crate::types::{Denial, RequestHead};

/// A token of which nothing is known, and how it came.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The token.
    pub unverified_token: UnverifiedToken<'a>,
    /// Whether it came in the scheme `DPoP`.
    is_dpop: bool,
}

impl<'a> Presented<'a> {
    /// The credential of a request; without one, the refusal that says how to get one.
    pub fn of(head: &'a RequestHead, config: &Config) -> Result<Self, Denial> {
        let (unverified_token, is_dpop) = match credential(head) {
            Ok(Credential::Bearer(token)) => (token, false),
            Ok(Credential::Dpop(token)) if config.dpop != Dpop::Off => (token, true),
            other => return Err(credential_denial(other, &config.advice)),
        };
        Ok(Self {
            unverified_token,
            is_dpop,
        })
    }

    /// The token, if it may be one that the deployment itself has given out: nobody binds those.
    pub fn as_static(&self) -> Option<UnverifiedToken<'a>> {
        (!self.is_dpop).then_some(self.unverified_token)
    }

    /// The challenges for this way of presenting a token.
    pub fn advice(&self, config: &Config) -> Advice {
        Advice {
            dpop_used: self.is_dpop,
            ..config.advice.clone()
        }
    }

    /// The proof that goes with a bound token; `None` for one that may be borne. It is not spent.
    pub fn proof(
        &self,
        claims: &Claims,
        head: &RequestHead,
        services: (&Config, &impl Verifier),
    ) -> Result<Option<Proof>, Denial> {
        let (config, verifier) = services;
        let advice = self.advice(config);
        let refuse = |error: TokenError| Err(advice.invalid_token(&error));
        let bound_to = match binding::thumbprint(claims) {
            Ok(bound_to) => bound_to,
            Err(error) => return refuse(error),
        };
        match (bound_to, self.is_dpop, config.dpop) {
            (None, false, Dpop::Require) => refuse(TokenError::NotBound("every token must be")),
            (None, false, _) => Ok(None),
            (None, true, _) => refuse(TokenError::NotBound("it came in the scheme `DPoP`")),
            // A thief has the token and not the key, and would use the scheme that asks for none.
            (Some(_), false, _) => refuse(TokenError::Bound),
            (Some(bound_to), true, _) => {
                let request = dpop::Request {
                    method: &head.method,
                    url: &config.resource,
                    access_token: Some(self.unverified_token.expose()),
                    now: head.now,
                    leeway: config.lifetime.leeway,
                };
                dpop::presented(head)
                    .and_then(|proof: Option<UnverifiedProof>| proof.ok_or(ProofError::Absent))
                    .and_then(|proof| proof.verify(&request, verifier))
                    .and_then(|proof| proof.is_of(bound_to).map(|()| Some(proof)))
                    .map_err(|error| proof_denial(&error, &advice))
            }
        }
    }
}

/// The refusal of a proof, or 503 when it cannot be judged.
pub fn proof_denial(error: &ProofError, advice: &Advice) -> Denial {
    if error.is_unavailable() {
        unavailable(Some(RETRY_AFTER_SECONDS), error)
    } else {
        advice.invalid_proof(error)
    }
}
