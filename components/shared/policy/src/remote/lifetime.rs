//! From when until when a token is good (RFC 7519, sections 4.1.4 to 4.1.6).

use serde_json::Value;

use super::claims::Claims;
use super::error::TokenError;

/// The last second of the year 9999: a later date is a mistake or an attack on arithmetic.
const LAST_DATE: u64 = 253_402_300_799;

/// What the deployment says about time, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// How far the clocks of provider and host may differ.
    pub leeway: u64,
    /// How long after `iat` a token is accepted.
    pub max_age: Option<u64>,
}

/// Judges `exp`, `nbf` and `iat`, and returns when the token ends: the earlier of `exp` and its
/// greatest age, without leeway.
pub fn judge(claims: &Claims, lifetime: &Lifetime, now: u64) -> Result<u64, TokenError> {
    let latest = now.saturating_add(lifetime.leeway);
    let exp = claims
        .claim("exp")
        .and_then(Value::as_u64)
        .filter(|exp| *exp <= LAST_DATE)
        .ok_or(TokenError::Claim("exp"))?;
    if now >= exp.saturating_add(lifetime.leeway) {
        return Err(TokenError::Expired { exp, now });
    }
    let iat = date(claims, "iat")?;
    for (claim, value) in [("nbf", date(claims, "nbf")?), ("iat", iat)] {
        if let Some(value) = value.filter(|value| *value > latest) {
            return Err(TokenError::NotYetValid { claim, value, now });
        }
    }
    let Some(max_age) = lifetime.max_age else {
        return Ok(exp);
    };
    let iat = iat.ok_or(TokenError::Claim("iat"))?;
    let oldest_end = iat.saturating_add(max_age);
    if now >= oldest_end.saturating_add(lifetime.leeway) {
        return Err(TokenError::TooOld { iat, now });
    }
    Ok(exp.min(oldest_end))
}

/// A `NumericDate`, which may have a fraction; rounded up.
fn date(claims: &Claims, name: &'static str) -> Result<Option<u64>, TokenError> {
    let Some(value) = claims.claim(name) else {
        return Ok(None);
    };
    let whole = value
        .as_u64()
        .or_else(|| value.as_f64().and_then(whole_seconds));
    whole
        .filter(|date| *date <= LAST_DATE)
        .map(Some)
        .ok_or(TokenError::Claim(name))
}

fn whole_seconds(date: f64) -> Option<u64> {
    let up = date.ceil();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked"
    )]
    (up >= 0.0 && up <= LAST_DATE as f64).then_some(up as u64)
}
