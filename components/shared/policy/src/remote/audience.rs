//! Whether a token was issued for this server (RFC 8707; RFC 9068, section 4).

use serde_json::Value;

use super::claims::Claims;
use super::error::TokenError;
use crate::loggable::Loggable;

/// Which audiences are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Any or none: the operator has said `i-understand`.
    Unbound,
    /// One of these must be among those of the token.
    OneOf(Vec<String>),
}

/// Judges `aud`.
pub fn judge(claims: &Claims, accepted: &Audience) -> Result<(), TokenError> {
    let claimed = claimed(claims)?;
    let Audience::OneOf(accepted) = accepted else {
        return Ok(());
    };
    let is_accepted = |audience: &&str| {
        accepted
            .iter()
            .any(|known| without_root_slash(known) == without_root_slash(audience))
    };
    if claimed.iter().any(is_accepted) {
        return Ok(());
    }
    Err(TokenError::Audience {
        expected: Loggable::new(&accepted.join(" ")),
        got: Loggable::new(&claimed.join(" ")),
    })
}

/// Judges the answer of an introspection: one that names no audience is good for a client that the
/// operator has put among the accepted ones.
pub fn judge_introspected(claims: &Claims, accepted: &Audience) -> Result<(), TokenError> {
    let client_is_accepted = match accepted {
        Audience::Unbound => true,
        Audience::OneOf(accepted) => claims
            .text("client_id")?
            .is_some_and(|client| accepted.iter().any(|known| known == client)),
    };
    if claimed(claims)?.is_empty() && client_is_accepted {
        return Ok(());
    }
    judge(claims, accepted)
}

/// The audiences of a token: none, one, or an array of them. Anything else in it spoils it.
pub fn claimed(claims: &Claims) -> Result<Vec<&str>, TokenError> {
    match claims.claim("aud") {
        None => Ok(Vec::new()),
        Some(Value::String(audience)) => Ok(vec![audience]),
        Some(Value::Array(audiences)) => audiences
            .iter()
            .map(|audience| audience.as_str().ok_or(TokenError::Claim("aud")))
            .collect(),
        Some(_) => Err(TokenError::Claim("aud")),
    }
}

/// `https://host/` and `https://host` are one resource (RFC 3986, section 6.2.3), and providers
/// spell it both ways. No other path is touched.
fn without_root_slash(audience: &str) -> &str {
    let Some((_, after_scheme)) = audience.split_once("://") else {
        return audience;
    };
    match after_scheme.split_once('/') {
        Some((authority, "")) if !authority.is_empty() => {
            audience.strip_suffix('/').unwrap_or(audience)
        }
        _ => audience,
    }
}

#[cfg(test)]
mod tests {
    use super::without_root_slash;

    #[test]
    fn only_the_slash_of_an_origin_is_dropped() {
        for (audience, compared) in [
            ("https://h/", "https://h"),
            ("https://h:8443/", "https://h:8443"),
            ("https://h", "https://h"),
            ("https://h//", "https://h//"),
            ("https://h/mcp/", "https://h/mcp/"),
            ("https://h/?x/", "https://h/?x/"),
            ("https:///", "https:///"),
            ("api/", "api/"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(without_root_slash(audience), compared);
        }
    }
}
