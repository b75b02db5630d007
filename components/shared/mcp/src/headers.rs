//! `Mcp-Method` and `Mcp-Name`: headers in which a modern client repeats what the body says, so
//! that proxies can route without parsing it. They must be there, once, and be true.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::fault::{Fault, clip};
use crate::http::HttpRequest;
use crate::method::Method;

/// A header that may come once at most: whoever resolves a repeated one differently from us would
/// have routed another request than the one we run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Absent,
    Value(&'a str),
    Repeated,
}

impl<'a> Field<'a> {
    /// Looks up a field by its lower-case name.
    pub(crate) fn of(http: &'a HttpRequest<'_>, name: &str) -> Self {
        let mut values = http.header_values(name);
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::Value(value),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }

    /// Says what is wrong with a field that should have had the value `expected`.
    pub(crate) fn mismatch(self, name: &str, expected: &str) -> Fault {
        Fault::header_mismatch(match self {
            Self::Absent => format!("`{name}` is missing"),
            Self::Repeated => format!("`{name}` came more than once"),
            Self::Value(_) => {
                format!("`{name}` is not what the body says: `{}`", clip(expected))
            }
        })
    }
}

/// Checks the headers of a modern request.
///
/// # Errors
///
/// -32020 for a header that is missing, repeated, malformed or untrue.
pub(crate) fn check(
    http: &HttpRequest<'_>,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Fault> {
    match Field::of(http, "mcp-method") {
        Field::Value(value) if value == method => {}
        other => return Err(other.mismatch("Mcp-Method", method)),
    }
    let Some(parameter) = Method::parse(method).and_then(Method::name_parameter) else {
        return Ok(());
    };
    let Some(name) = params.get(parameter).and_then(Value::as_str) else {
        // There is nothing to compare with; the method itself refuses such parameters.
        return Ok(());
    };
    let field = Field::of(http, "mcp-name");
    match field {
        Field::Value(value) if decode(value)? == name => Ok(()),
        other => Err(other.mismatch("Mcp-Name", name)),
    }
}

/// The value that a header carries: values that do not fit into a header are wrapped as
/// `=?base64?...?=` (MCP 2026-07-28, transports, value encoding).
///
/// # Errors
///
/// -32020 when the wrapping holds no Base64 with padding, or no UTF-8.
pub(crate) fn decode(value: &str) -> Result<String, Fault> {
    let wrapped = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    let Some(text) = wrapped else {
        return Ok(value.to_owned());
    };
    STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Fault::header_mismatch("a header holds invalid `=?base64?...?=`"))
}
