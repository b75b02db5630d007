//! Redeems an authorization code (RFC 6749, section 4.1.3; RFC 7636, section 4.6), once.
//!
//! Client, redirect URI, resource and verifier are checked before the code is used up, so that who
//! has only the code cannot spoil it; and a code that comes a second time with all of them right has
//! been copied together with its verifier, so what it issued is revoked (section 4.1.2). That holds
//! for copies that arrive at the same moment as well: of two equal requests nobody can tell which is
//! the client's. A client that sends its own code twice has to sign in again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::state::{Expect, Outcome};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Asked, invalid_grant};
use crate::answer::OAuthError;
use crate::call::{Call, store_unavailable};
use crate::grant::Code;
use crate::issue::Issuance;
use crate::log::Level;
use crate::parcel::{self, ParcelError};
use crate::proof;
use crate::resource;
use crate::revocation;
use crate::seal::Purpose;

/// For how long a used code is remembered, in seconds: a copy that comes when the code is over
/// anyway still revokes.
const REMEMBERED_SECONDS: u32 = 24 * 3600;

/// The tokens for a code.
pub fn redeem(asked: Asked<'_>, call: &Call<'_>) -> Result<Vec<u8>, OAuthError> {
    let unverified_code = asked.required("code")?;
    let unverified_verifier = asked.required("code_verifier")?;
    let code = open(unverified_code, asked.client_id, call)?;
    if asked.parameters.value("redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(invalid_grant("code_redirect_uri_mismatch"));
    }
    if resource::judge(asked.parameters.value("resource"), call.config).is_err() {
        return Err(invalid_grant("code_resource_mismatch"));
    }
    if !is_verifier_of(unverified_verifier, &code.challenge) {
        return Err(invalid_grant("code_verifier_mismatch"));
    }
    let proof = proof::of_key(asked.proof, code.bound_to.as_deref())?;
    let bound_to = proof::spent(proof, call)?;
    use_up(&code, call)?;
    if call.now() >= code.expires_at {
        return Err(invalid_grant("code_expired"));
    }
    // A copy may have revoked the session by now: then these tokens are of no use to anybody.
    let issuance = Issuance {
        client_id: asked.client_id,
        scopes: code.grant.scopes.clone(),
        grant: code.grant,
        generation: 0,
        bound_to,
    };
    Ok(issuance.body(call))
}

fn open(unverified: &str, client_id: &str, call: &Call<'_>) -> Result<Code, OAuthError> {
    let seal = call.seal(Purpose::Code, client_id);
    parcel::open(unverified, &seal, call.services.state).map_err(|error| match error {
        ParcelError::Refused => invalid_grant("code_unknown"),
        ParcelError::Store(error) => store_unavailable(&error),
    })
}

/// Marks the code as used. A second use revokes the session, whoever of the two came first.
fn use_up(code: &Code, call: &Call<'_>) -> Result<(), OAuthError> {
    let key = format!("code/{}", URL_SAFE_NO_PAD.encode(Sha256::digest(&code.id)));
    let state = call.services.state;
    let outcome = state
        .put(&key, b"1", Expect::Absent, REMEMBERED_SECONDS)
        .map_err(|error| store_unavailable(&error))?;
    if matches!(outcome, Outcome::Done(_)) {
        return Ok(());
    }
    revocation::revoke_session(
        &code.grant.session.sid,
        call.config.lifetimes.longest_s(),
        state,
    )
    .map_err(|error| store_unavailable(&error))?;
    call.note(
        Level::Warn,
        "code_replayed: everything that it issued is revoked",
    );
    Err(invalid_grant("code_replayed"))
}

/// RFC 7636, sections 4.1 and 4.6.
fn is_verifier_of(unverified: &str, challenge: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if !(43..=128).contains(&unverified.len()) || !unverified.bytes().all(unreserved) {
        return false;
    }
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(unverified));
    hash.as_bytes().ct_eq(challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::is_verifier_of;

    #[test]
    fn a_verifier_has_the_shape_and_the_hash() {
        // RFC 7636, appendix B.
        let (verifier, challenge) = (
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        );
        assert!(is_verifier_of(verifier, challenge));
        let longer = format!("{verifier}{}", "a".repeat(86));
        for wrong in ["", "short", challenge, &longer, &verifier.replace('k', "+")] {
            assert!(!is_verifier_of(wrong, challenge), "{wrong}");
        }
        assert!(!is_verifier_of(verifier, verifier), "that would be `plain`");
    }
}
