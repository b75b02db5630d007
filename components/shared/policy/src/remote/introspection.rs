//! Tokens that only the provider can read (RFC 7662).
//!
//! The host asks, with the client id and the secret of its configuration, and grants the setting
//! `OIDC_INTROSPECTION` as `true` to this policy when both are there. Nobody sets it by hand, and
//! neither the id nor the secret reaches the policy.
//!
//! The answer is judged like the claims of a token, since it is nothing else. Two things differ.
//! It need not name an issuer: it comes from the provider itself. And a provider that has not been
//! asked for an audience names none (Authelia leaves `aud` out then); such a token is accepted only
//! when the client that got it (`client_id`) is one of `OIDC_AUDIENCE`, so by a decision of the
//! operator about that client.

use serde_json::Value;

use super::claims::Claims;
use super::config::Config;
use super::error::TokenError;
use super::{RETRY_AFTER_SECONDS, audience, denial_of, kind, lifetime};
use crate::json;
use crate::keys::{Introspector, ProviderMetadata};
use crate::loggable::Loggable;
use crate::refusal::{Advice, unavailable};
use crate::types::Denial;

/// Longest time for which the host repeats our answer by itself. It keeps the provider's answer for 25
/// seconds as well, so a revoked token works for half a minute at most.
pub const MAX_REUSABLE_SECONDS: u32 = 5;

/// How refresh tokens and codes of providers begin that say of them only that they are active.
const NO_ACCESS_TOKENS: [&str; 4] = ["authelia_rt_", "authelia_ac_", "ory_rt_", "ory_ac_"];

/// Whether a token may be shown to the provider: it is nothing that another issuer could have
/// signed, and not a refresh token.
pub fn judge_token(unverified_token: &str) -> Result<(), TokenError> {
    // A part of a JWT, or one with something behind it, is still somebody's JWT.
    if unverified_token.starts_with("eyJ") && unverified_token.contains('.') {
        return Err(TokenError::Segments);
    }
    if NO_ACCESS_TOKENS
        .iter()
        .any(|start| unverified_token.starts_with(start))
    {
        return Err(TokenError::OtherKind("prefix"));
    }
    Ok(())
}

/// Asks the provider about a token and judges everything of the answer but its scopes.
pub fn claims(
    unverified_token: &str,
    provider: &ProviderMetadata,
    (config, advice, now): (&Config, &Advice, u64),
    introspector: &impl Introspector,
) -> Result<Claims, Denial> {
    let refuse = |error: TokenError| advice.invalid_token(&error);
    judge_token(unverified_token).map_err(refuse)?;
    let answer = introspector
        .introspect(&config.config_url, unverified_token)
        .map_err(|failure| denial_of(failure, advice))?;
    let answer = json::object(&answer).map_err(|error| {
        let reason = format!(
            "introspection_malformed {}",
            Loggable::new(&error.to_string())
        );
        unavailable(Some(RETRY_AFTER_SECONDS), &reason)
    })?;
    judge(Claims::of_introspection(answer), provider, config, now).map_err(refuse)
}

/// Judges an answer.
pub fn judge(
    claims: Claims,
    provider: &ProviderMetadata,
    config: &Config,
    now: u64,
) -> Result<Claims, TokenError> {
    match claims.claim("active") {
        Some(Value::Bool(true)) => {}
        Some(Value::Bool(false)) => return Err(TokenError::Inactive),
        _ => return Err(TokenError::Claim("active")),
    }
    token_type(&claims)?;
    kind::judge_markers(&claims)?;
    let claims = claims.with_issuer(&provider.issuer);
    claims.issued_by(&provider.issuer)?;
    audience::judge_introspected(&claims, &config.audience)?;
    let expires_at = lifetime::judge(&claims, &config.lifetime, now)?;
    Ok(claims.expiring_at(expires_at))
}

/// `token_type`, when it is there, must be that of an access token, and fit `cnf`.
fn token_type(claims: &Claims) -> Result<(), TokenError> {
    let token_type = claims.text("token_type")?;
    let is = |name: &str| token_type.is_some_and(|known| known.eq_ignore_ascii_case(name));
    let bound = claims.claim("cnf").is_some();
    match token_type {
        None => Ok(()),
        Some(_) if is("dpop") && bound => Ok(()),
        // What is said of a key counts, whatever the type says: `cnf` is judged later.
        Some(_) if is("bearer") => Ok(()),
        Some(_) => Err(TokenError::OtherKind("token_type")),
    }
}
