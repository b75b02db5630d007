//! The one token of a request (RFC 6750, section 2.1; RFC 9449, section 7.1), or why there is none.
//!
//! A request that could be read in two ways is refused; no reading ever wins over another.

use std::fmt::{self, Debug, Formatter};

use crate::types::RequestHead;

/// Largest accepted token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What a request presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    /// No `Authorization` field.
    Absent,
    /// A credential of a scheme that this server does not use, for example `Basic`.
    OtherScheme,
    /// A token of the right shape that came in the scheme `DPoP` (RFC 9449, section 7.1).
    Dpop(UnverifiedToken<'a>),
    /// A bearer token of the right shape. Nothing else is known about it.
    Bearer(UnverifiedToken<'a>),
}

/// A token that nobody has checked. Its text is never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UnverifiedToken<'a>(&'a str);

impl<'a> UnverifiedToken<'a> {
    /// The text, to hash or to verify, never to log.
    #[must_use]
    pub fn expose(self) -> &'a str {
        self.0
    }
}

impl Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedToken([{} bytes])", self.0.len())
    }
}

/// Why a credential cannot be read. The fault is the client's; no text of the request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// A token in the URL ends up in logs and histories (RFC 9700, section 4.3.2).
    #[error("token_in_query")]
    InQuery,
    /// More than one `Authorization` field.
    #[error("authorization_repeated count={0}")]
    Repeated(usize),
    /// Not `scheme SP credentials`, or not a `b64token`: white space, commas, controls, non-ASCII.
    #[error("authorization_malformed: {0}")]
    Malformed(&'static str),
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("token_too_long bytes={0} max={MAX_TOKEN_BYTES}")]
    TooLong(usize),
}

/// Reads the credential of a request.
///
/// # Errors
/// See [`CredentialError`]: all but `TooLong` mean a malformed request (400).
pub fn credential(head: &RequestHead) -> Result<Credential<'_>, CredentialError> {
    if has_token_in_query(&head.path_with_query) {
        return Err(CredentialError::InQuery);
    }
    let mut values = head
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let Some((_, value)) = values.next() else {
        return Ok(Credential::Absent);
    };
    match values.count() {
        0 => parse(value),
        more => Err(CredentialError::Repeated(more + 1)),
    }
}

fn parse(value: &str) -> Result<Credential<'_>, CredentialError> {
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.is_empty() || !scheme.bytes().all(is_tchar) {
        return Err(CredentialError::Malformed(
            "no scheme before a single space",
        ));
    }
    let credential = if scheme.eq_ignore_ascii_case("bearer") {
        Credential::Bearer
    } else if scheme.eq_ignore_ascii_case("dpop") {
        Credential::Dpop
    } else {
        return Ok(Credential::OtherScheme);
    };
    if rest.len() > MAX_TOKEN_BYTES {
        return Err(CredentialError::TooLong(rest.len()));
    }
    if !is_b64token(rest) {
        return Err(CredentialError::Malformed(
            "not one b64token after the scheme",
        ));
    }
    Ok(credential(UnverifiedToken(rest)))
}

/// `b64token` of RFC 6750, section 2.1.
pub(crate) fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

/// `tchar` of RFC 9110, section 5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether the query has a parameter `access_token`, however it is spelled.
fn has_token_in_query(path_with_query: &str) -> bool {
    let Some((_, query)) = path_with_query.split_once('?') else {
        return false;
    };
    query.split(['&', ';', '?', '#']).any(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        percent_decoded(name).eq_ignore_ascii_case(b"access_token")
    })
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let pair = (byte == b'%')
            .then(|| Some(hex(ahead.next()?)? * 16 + hex(ahead.next()?)?))
            .flatten();
        if pair.is_some() {
            bytes = ahead;
        }
        decoded.push(pair.unwrap_or(byte));
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
