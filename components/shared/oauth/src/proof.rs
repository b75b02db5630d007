//! Proofs of possession (RFC 9449) at our own endpoints. A client that sends one gets tokens that are
//! bound to its key: whoever copies them has nothing.

use policy::dpop::{self, Dpop, Proof, ProofError};
use policy::types::RequestHead;

use crate::answer::OAuthError;
use crate::call::Call;
use crate::location::Endpoint;

/// The proof of a request to `/token`, verified and not spent; `None` when there is none.
///
/// # Errors
/// `invalid_dpop_proof`, or 503 when it cannot be judged.
pub fn presented(head: &RequestHead, call: &Call<'_>) -> Result<Option<Proof>, OAuthError> {
    if call.config.dpop == Dpop::Off {
        return Ok(None);
    }
    let url = call.config.location.url(Endpoint::Token);
    let request = dpop::Request {
        method: &head.method,
        url: &url,
        access_token: None,
        now: call.now(),
        leeway: call.config.leeway_s,
    };
    let Some(unverified) = dpop::presented(head).map_err(|error| refusal(&error))? else {
        return match call.config.dpop {
            Dpop::Require => Err(refusal(&ProofError::Absent)),
            Dpop::Off | Dpop::Accept => Ok(None),
        };
    };
    unverified
        .verify(&request, &call.services.verifier)
        .map(Some)
        .map_err(|error| refusal(&error))
}

/// The proof that a grant needs which is bound to a key. Without a binding any proof will do.
///
/// # Errors
/// It is missing, or of another key.
pub fn of_key(proof: Option<Proof>, bound_to: Option<&str>) -> Result<Option<Proof>, OAuthError> {
    match (&proof, bound_to) {
        (_, None) => Ok(proof),
        (None, Some(_)) => Err(refusal(&ProofError::Absent)),
        (Some(presented), Some(bound_to)) => {
            presented.is_of(bound_to).map_err(|error| refusal(&error))?;
            Ok(proof)
        }
    }
}

/// Uses the proof up, and says which key it is of.
///
/// # Errors
/// It was used before, or nobody can say.
pub fn spent(proof: Option<Proof>, call: &Call<'_>) -> Result<Option<String>, OAuthError> {
    let Some(proof) = proof else {
        return Ok(None);
    };
    let thumbprint = proof
        .spend(&call.services.state)
        .map_err(|error| refusal(&error))?;
    Ok(Some(thumbprint.as_str().to_owned()))
}

fn refusal(error: &ProofError) -> OAuthError {
    let reason = error.to_string();
    if error.is_unavailable() {
        return OAuthError::unavailable(crate::call::STORE_RETRY_AFTER_SECONDS, reason);
    }
    OAuthError::bad_request(
        ProofError::CODE,
        "the request needs one fresh proof of possession, made for it by the key of the grant",
    )
    .because(reason)
}
