//! `application/x-www-form-urlencoded`, as OAuth uses it in queries and bodies: read strictly,
//! written plainly.
//!
//! A parameter may be there once (RFC 6749, section 3.1), and one without a value counts as absent.
//! What is not well-formed is refused rather than repaired, since the next reader may repair it
//! differently.

use std::fmt::{self, Debug, Formatter};

use policy::types::{Header, HttpRequest};

/// Longest query or body, in bytes.
pub const MAX_BYTES: usize = 32 * 1024;
/// Most parameters, known or not.
pub const MAX_PARAMETERS: usize = 64;

/// The one parameter that may be there several times (RFC 8707, section 2). This server has one
/// resource, so it can still not serve such a request.
const RESOURCE: &str = "resource";

/// Parameters, each with its only value. Values may be secrets and are not printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// Why parameters cannot be read. No part of them is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The body is not a form.
    #[error("the content type is not application/x-www-form-urlencoded")]
    ContentType,
    /// Longer than [`MAX_BYTES`], or more than [`MAX_PARAMETERS`].
    #[error("too many or too long parameters")]
    TooLarge,
    /// A percent sign without two hexadecimal digits, not UTF-8, or a byte that must be encoded.
    #[error("a parameter is not encoded correctly")]
    Encoding,
    /// A parameter occurs twice.
    #[error("a parameter occurs more than once")]
    Repeated,
    /// `resource` occurs twice.
    #[error("only one resource is possible")]
    SeveralResources,
}

impl FormError {
    /// The error code of RFC 6749, section 5.2, or of RFC 8707, section 2.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SeveralResources => "invalid_target",
            _ => "invalid_request",
        }
    }
}

impl Parameters {
    /// The parameters of the query of a request target. No query is no parameters.
    ///
    /// # Errors
    /// See [`FormError`].
    pub fn of_query(path_with_query: &str) -> Result<Self, FormError> {
        let query = path_with_query
            .split_once('?')
            .map_or("", |(_, query)| query);
        Self::parse(query.as_bytes())
    }

    /// The parameters of a body that says that it is a form.
    ///
    /// # Errors
    /// See [`FormError`].
    pub fn of_body(request: &HttpRequest) -> Result<Self, FormError> {
        if !is_form(&request.head.headers) {
            return Err(FormError::ContentType);
        }
        Self::parse(&request.body)
    }

    /// Reads `name=value` pairs separated by `&`.
    ///
    /// # Errors
    /// See [`FormError`].
    pub fn parse(text: &[u8]) -> Result<Self, FormError> {
        if text.len() > MAX_BYTES {
            return Err(FormError::TooLarge);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        let pairs = text.split(|&b| b == b'&').filter(|pair| !pair.is_empty());
        for (index, pair) in pairs.enumerate() {
            if index == MAX_PARAMETERS {
                return Err(FormError::TooLarge);
            }
            let mut parts = pair.splitn(2, |&b| b == b'=');
            let name = decoded(parts.next().unwrap_or_default())?;
            let value = decoded(parts.next().unwrap_or_default())?;
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(match name.as_str() {
                    RESOURCE => FormError::SeveralResources,
                    _ => FormError::Repeated,
                });
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter; `None` when it is absent or empty.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

impl Debug for Parameters {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters([{} parameters])", self.0.len())
    }
}

/// `name=value` pairs as a query or a body.
#[must_use]
pub fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// One decoded name or value.
///
/// # Errors
/// [`FormError::Encoding`].
pub(crate) fn decode(text: &str) -> Result<String, FormError> {
    decoded(text.as_bytes())
}

/// Exactly one `Content-Type`, of the media type of forms; parameters of it are of no consequence.
fn is_form(headers: &[Header]) -> bool {
    let mut types = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let (Some((_, value)), None) = (types.next(), types.next()) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn decoded(encoded: &[u8]) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().and_then(|&digit| hex(digit));
                let low = rest.next().and_then(|&digit| hex(digit));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(FormError::Encoding);
                };
                high * 16 + low
            }
            // Browsers leave some characters alone that RFC 3986 would have encoded; none of them
            // is a control or outside ASCII.
            b'!'..=b'~' => byte,
            _ => return Err(FormError::Encoding),
        });
    }
    String::from_utf8(bytes).map_err(|_| FormError::Encoding)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
