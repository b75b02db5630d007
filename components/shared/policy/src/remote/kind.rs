//! Whether a token is an access token, and not one of its many relatives.

use serde_json::Value;

use super::audience;
use super::claims::Claims;
use super::config::Config;
use super::error::TokenError;
use crate::loggable::Loggable;

/// Claims of ID tokens (OpenID Connect Core 1.0, sections 2 and 3.3.2.11).
const ID_TOKEN_MARKERS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// Claims of security events and logout tokens (RFC 8417) and of DPoP proofs (RFC 9449).
const FOREIGN_MARKERS: [&str; 3] = ["events", "htm", "htu"];

/// What providers call an access token.
const ACCESS_TOKEN_KINDS: [&str; 5] = ["bearer", "access", "access_token", "at+jwt", "jwt"];

/// Judges `crit`, `alg`, `typ` and the marks of other kinds of token.
pub fn judge(claims: &Claims, config: &Config) -> Result<(), TokenError> {
    if claims.parameter("crit").is_some() {
        return Err(TokenError::Critical);
    }
    algorithm(claims, &config.algorithms)?;
    judge_markers(claims)?;
    match typ(claims)?.as_deref() {
        Some("at+jwt") => Ok(()),
        None | Some("jwt") if !config.require_at_jwt => unmarked(claims),
        other => Err(TokenError::Typ(Loggable::new(other.unwrap_or("none")))),
    }
}

/// Judges the marks of other kinds of token that do not depend on a header.
pub fn judge_markers(claims: &Claims) -> Result<(), TokenError> {
    for marker in FOREIGN_MARKERS {
        if claims.claim(marker).is_some() {
            return Err(TokenError::OtherKind(marker));
        }
    }
    vendor_markers(claims)
}

/// The host has checked `alg` already; a verifier that did not must not be the only lock.
fn algorithm(claims: &Claims, allowed: &[String]) -> Result<(), TokenError> {
    match claims.parameter("alg") {
        Some(Value::String(alg)) if allowed.iter().any(|name| name == alg) => Ok(()),
        Some(Value::String(alg)) => Err(TokenError::Algorithm(Loggable::new(alg))),
        _ => Err(TokenError::Algorithm(Loggable::new("not a string"))),
    }
}

/// `typ`, a media type: its case does not matter, nor does `application/` (RFC 7515, section 4.1.9).
fn typ(claims: &Claims) -> Result<Option<String>, TokenError> {
    match claims.parameter("typ") {
        None => Ok(None),
        Some(Value::String(typ)) => {
            let typ = typ.to_ascii_lowercase();
            Ok(Some(
                typ.strip_prefix("application/").unwrap_or(&typ).to_owned(),
            ))
        }
        Some(_) => Err(TokenError::Typ(Loggable::new("not a string"))),
    }
}

/// Providers that sign all kinds of token alike tell them apart in the payload: `typ` (Keycloak)
/// and `token_use` (Cognito).
fn vendor_markers(claims: &Claims) -> Result<(), TokenError> {
    let is_access_token = |kind: &Value| {
        kind.as_str().is_some_and(|kind| {
            ACCESS_TOKEN_KINDS
                .iter()
                .any(|known| kind.eq_ignore_ascii_case(known))
        })
    };
    for marker in ["typ", "token_use"] {
        if claims
            .claim(marker)
            .is_some_and(|kind| !is_access_token(kind))
        {
            return Err(TokenError::OtherKind(marker));
        }
    }
    Ok(())
}

/// A token that does not say that it is an access token must not look like an ID token.
fn unmarked(claims: &Claims) -> Result<(), TokenError> {
    for marker in ID_TOKEN_MARKERS {
        if claims.claim(marker).is_some() {
            return Err(TokenError::OtherKind(marker));
        }
    }
    let audiences = audience::claimed(claims)?;
    let clients = [claims.text("azp")?, claims.text("client_id")?];
    let for_the_client = |audience: &&str| clients.contains(&Some(*audience));
    if !audiences.is_empty() && audiences.iter().all(for_the_client) {
        return Err(TokenError::OtherKind("aud"));
    }
    Ok(())
}
