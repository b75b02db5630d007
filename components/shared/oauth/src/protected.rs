//! Requests to the MCP endpoint: who presents a token of ours, or one that is configured.
//!
//! The provider is not asked: a token of ours is good for as long as it says, unless it, or its
//! session, is revoked.

use std::fmt::Display;

use policy::bearer::{credential_denial, static_identity};
use policy::credential::{Credential, UnverifiedToken, credential};
use policy::dpop::{self, Dpop, ProofError};
use policy::loggable::Loggable;
use policy::refusal::{Advice, unavailable};
use policy::types::{Denial, Identity, RequestHead};
use sha2::{Digest, Sha256};

use crate::access_token::AccessToken;
use crate::call::{Call, STORE_RETRY_AFTER_SECONDS};
use crate::revocation;

/// The identity behind the token of a request.
///
/// # Errors
/// 400 for a request that can be read in two ways, 401 for a missing or refused token, 403 for one
/// that lacks a scope that everything needs, 503 when the store cannot say what is revoked.
pub fn authenticate(head: &RequestHead, call: &Call<'_>) -> Result<Identity, Denial> {
    let config = call.config;
    let (unverified, is_dpop) = match credential(head) {
        Ok(Credential::Bearer(token)) => (token, false),
        Ok(Credential::Dpop(token)) if config.dpop != Dpop::Off => (token, true),
        other => return Err(credential_denial(other, &config.advice)),
    };
    if !is_dpop && let Some(subject) = config.static_tokens.subject_of(unverified) {
        return Ok(static_identity(subject, config.scopes.all()));
    }
    let advice = Advice {
        dpop_used: is_dpop,
        ..config.advice.clone()
    };
    let token = AccessToken::verify(
        unverified.expose(),
        call.parties(),
        &config.keys,
        call.now(),
    )
    .map_err(|error| advice.invalid_token(&with_id(&error, unverified)))?;
    let is_revoked = revocation::is_revoked(&token, call.services.state).map_err(|error| {
        let reason = format!("store_unavailable {}", Loggable::new(&error.0));
        unavailable(Some(STORE_RETRY_AFTER_SECONDS), &reason)
    })?;
    if is_revoked {
        return Err(advice.invalid_token(&with_id(&"token_revoked", unverified)));
    }
    let identity = token.identity(&config.issuer);
    let proven = match (&token.bound_to, is_dpop) {
        (None, false) if config.dpop == Dpop::Require => {
            return Err(advice.invalid_token(&"token_not_bound: every token must be"));
        }
        (None, false) => None,
        (None, true) => {
            return Err(advice.invalid_token(&"token_not_bound: it came in the scheme `DPoP`"));
        }
        // A thief has the token and not the key, and would use the scheme that asks for none.
        (Some(_), false) => {
            return Err(advice.invalid_token(&"bound_token: it came without a proof"));
        }
        (Some(bound_to), true) => Some(
            proof(head, (unverified, bound_to), call)
                .map_err(|error| proof_denial(&error, &advice))?,
        ),
    };
    config.scopes.permit_request(&identity, &advice)?;
    let Some(proof) = proven else {
        return Ok(identity);
    };
    // Last, since what is spent takes up room.
    proof
        .spend(&call.services.state)
        .map_err(|error| proof_denial(&error, &advice))?;
    Ok(Identity {
        reusable_seconds: 0,
        ..identity
    })
}

/// A reason with a few bits of the digest of the token, so that an operator can tell one from another.
fn with_id(reason: &dyn Display, token: UnverifiedToken<'_>) -> String {
    let digest = Sha256::digest(token.expose());
    let id: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
    format!("{reason} token={id}")
}

fn proof(
    head: &RequestHead,
    (unverified, bound_to): (UnverifiedToken<'_>, &str),
    call: &Call<'_>,
) -> Result<dpop::Proof, ProofError> {
    let request = dpop::Request {
        method: &head.method,
        url: &call.config.resource,
        access_token: Some(unverified.expose()),
        now: call.now(),
        leeway: call.config.leeway_s,
    };
    let unverified = dpop::presented(head)?.ok_or(ProofError::Absent)?;
    let proof = unverified.verify(&request, &call.services.verifier)?;
    proof.is_of(bound_to).map(|()| proof)
}

fn proof_denial(error: &ProofError, advice: &Advice) -> Denial {
    if error.is_unavailable() {
        unavailable(Some(STORE_RETRY_AFTER_SECONDS), error)
    } else {
        advice.invalid_proof(error)
    }
}
