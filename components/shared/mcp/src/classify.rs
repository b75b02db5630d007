//! Which era and version a message belongs to. The body decides; the header must agree.

use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::headers::Field;
use crate::http::HttpRequest;
use crate::meta::{self, CLIENT_CAPABILITIES, PROTOCOL_VERSION};
use crate::version::{Era, Version};

const VERSION_HEADER: &str = "mcp-protocol-version";

/// Finds the version that a request speaks.
///
/// # Errors
///
/// In this order: an incomplete `_meta`, a header that contradicts the body, a version that this
/// server does not speak.
pub(crate) fn request(
    http: &HttpRequest<'_>,
    method: &str,
    params: &Map<String, Value>,
) -> Result<Version, Fault> {
    if method == "initialize" && !meta::is_complete(params) {
        return initialize(http);
    }
    if let Some(version) = body_version(params) {
        return modern(http, version, params);
    }
    no_modern_header(http)?;
    legacy(http)
}

/// Judges a notification. Core MCP defines none that matters to a server without sessions, so one
/// that contradicts nothing is accepted and forgotten.
///
/// # Errors
///
/// When it claims to be modern and is not.
pub(crate) fn notification(
    http: &HttpRequest<'_>,
    params: &Map<String, Value>,
) -> Result<(), Fault> {
    match body_version(params) {
        Some(version) => modern(http, version, params).map(drop),
        None => no_modern_header(http),
    }
}

/// Judges an answer to a request that this server never made.
///
/// # Errors
///
/// A modern client must not send one; a legacy one may, and nothing comes of it.
pub(crate) fn response(http: &HttpRequest<'_>) -> Result<(), Fault> {
    if has_modern_header(http) {
        return Err(Fault::bad_request(
            "this server sends no requests to answer",
        ));
    }
    Ok(())
}

/// Judges whether a body may be a batch, which only 2025-03-26 has.
///
/// # Errors
///
/// When the header or a member names another version.
pub(crate) fn batch(http: &HttpRequest<'_>, messages: &[Value]) -> Result<(), Fault> {
    let is_modern = |message: &Value| {
        message
            .get("params")
            .and_then(Value::as_object)
            .is_some_and(|params| body_version(params).is_some())
    };
    let named_otherwise = match Field::of(http, VERSION_HEADER) {
        Field::Absent => false,
        Field::Value(value) => value != Version::V2025_03_26.as_str(),
        Field::Repeated => true,
    };
    if named_otherwise || messages.iter().any(is_modern) {
        return Err(Fault::bad_request(
            "batches exist in protocol version 2025-03-26 only",
        ));
    }
    Ok(())
}

/// The version of a request that came in a batch.
///
/// # Errors
///
/// `initialize` must come alone, since what follows depends on its outcome.
pub(crate) fn request_of_batch(method: &str) -> Result<Version, Fault> {
    if method == "initialize" {
        return Err(Fault::bad_request("`initialize` cannot be part of a batch"));
    }
    Ok(Version::V2025_03_26)
}

/// `initialize` settles the version in its parameters, so its header matters only when it
/// contradicts the method.
fn initialize(http: &HttpRequest<'_>) -> Result<Version, Fault> {
    if has_modern_header(http) {
        return Err(Fault::header_mismatch(
            "`MCP-Protocol-Version` names a version without `initialize`",
        ));
    }
    Ok(Version::LATEST_LEGACY)
}

fn modern(
    http: &HttpRequest<'_>,
    version: &Value,
    params: &Map<String, Value>,
) -> Result<Version, Fault> {
    let Some(version) = version.as_str() else {
        return Err(Fault::incomplete_meta(format!(
            "`_meta[\"{PROTOCOL_VERSION}\"]` is not a string"
        )));
    };
    let capabilities = params
        .get("_meta")
        .and_then(|meta| meta.get(CLIENT_CAPABILITIES));
    meta::capabilities(capabilities)?;
    match Field::of(http, VERSION_HEADER) {
        Field::Value(header) if header == version => {}
        other => return Err(other.mismatch("MCP-Protocol-Version", version)),
    }
    Version::parse(version)
        .filter(|version| version.era() == Era::Modern)
        .ok_or_else(|| Fault::unsupported_version(version))
}

fn legacy(http: &HttpRequest<'_>) -> Result<Version, Fault> {
    match Field::of(http, VERSION_HEADER) {
        Field::Absent => Ok(Version::V2025_03_26),
        Field::Value(value) => {
            Version::parse(value).ok_or_else(|| Fault::unsupported_version(value))
        }
        Field::Repeated => Err(Fault::bad_request("`MCP-Protocol-Version` came twice")),
    }
}

fn body_version(params: &Map<String, Value>) -> Option<&Value> {
    params.get("_meta")?.get(PROTOCOL_VERSION)
}

fn no_modern_header(http: &HttpRequest<'_>) -> Result<(), Fault> {
    if has_modern_header(http) {
        return Err(Fault::incomplete_meta(format!(
            "`_meta[\"{PROTOCOL_VERSION}\"]` is missing"
        )));
    }
    Ok(())
}

fn has_modern_header(http: &HttpRequest<'_>) -> bool {
    http.header_values(VERSION_HEADER).any(names_modern)
}

/// Whether a text is a date of 2026-07-28 or later: versions to come have no sessions either.
fn names_modern(text: &str) -> bool {
    let is_date = text.len() == 10
        && text.bytes().enumerate().all(|(position, byte)| {
            matches!(position, 4 | 7) == (byte == b'-') && (byte == b'-' || byte.is_ascii_digit())
        });
    is_date && text >= Version::V2026_07_28.as_str()
}
