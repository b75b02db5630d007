//! The identity that a judged token stands for.

use super::claims::Claims;
use super::error::TokenError;
use super::granted::granted;
use crate::profile::profile;
use crate::scopes::Scopes;
use crate::types::{Identity, MAX_REUSABLE_SECONDS};

/// Makes the identity of a token.
pub fn identity(claims: &Claims, scopes: &Scopes) -> Result<Identity, TokenError> {
    Ok(Identity {
        subject: claims.subject()?.to_owned(),
        issuer: claims.text("iss")?.map(str::to_owned),
        client_id: claims.client_id()?.map(str::to_owned),
        scopes: granted(claims, scopes)?,
        expires_at: claims.expires_at(),
        claims: profile(claims.payload()),
        reusable_seconds: MAX_REUSABLE_SECONDS,
    })
}
