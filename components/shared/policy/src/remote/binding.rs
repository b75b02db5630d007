//! The key to which a token is bound (`cnf`, RFC 7800; `jkt`, RFC 9449, section 6.1).

use serde_json::Value;

use super::claims::Claims;
use super::error::TokenError;

/// Length of a SHA-256 thumbprint in base64url.
const THUMBPRINT_BYTES: usize = 43;

/// The thumbprint of the key; `None` for a token that anybody may bear.
///
/// A confirmation that cannot be checked here refuses the token: a certificate (`x5t#S256`, since
/// nothing that a proxy says of one is trusted), a member that is not known, or several.
pub fn thumbprint(claims: &Claims) -> Result<Option<&str>, TokenError> {
    let Some(confirmation) = claims.claim("cnf") else {
        return Ok(None);
    };
    let members = confirmation.as_object().ok_or(TokenError::Confirmation)?;
    match members.get("jkt") {
        Some(Value::String(jkt)) if members.len() == 1 && is_thumbprint(jkt) => Ok(Some(jkt)),
        _ => Err(TokenError::Confirmation),
    }
}

fn is_thumbprint(text: &str) -> bool {
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    text.len() == THUMBPRINT_BYTES && text.bytes().all(base64url)
}
