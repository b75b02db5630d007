//! A request that cannot be carried out: its HTTP status and its JSON-RPC error. The only file
//! that pairs the two.

use rmcp::model::{ErrorCode, ErrorData};
use serde_json::json;

use crate::http::Responder;
use crate::message::{Id, ShapeError};
use crate::server::Denial;
use crate::version::{Era, Version};
use crate::wire;

/// What goes back instead of a result. Never without a JSON-RPC body: a client that probes for
/// the era takes a bare 4xx for a server that knows legacy only.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) error: ErrorData,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Fault {
    /// An HTTP method other than POST: there is no stream to GET and no session to DELETE.
    pub(crate) fn method_not_allowed() -> Self {
        let mut fault = Self::invalid_request(405, "only POST is served here");
        fault.headers.push(("allow", "POST".to_owned()));
        fault
    }

    /// A body that does not say it is JSON. A browser sends any other type across origins
    /// without asking first.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::invalid_request(415, "`Content-Type` is not `application/json`")
    }

    /// `Accept` leaves no form that an answer could have.
    pub(crate) fn not_acceptable() -> Self {
        Self::invalid_request(
            406,
            "`Accept` takes neither `application/json` nor `text/event-stream`",
        )
    }

    /// The body is no JSON, as `strict_json` defines it. Where it went wrong is said, what
    /// stood there is not.
    pub(crate) fn parse(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = format!("the body is not JSON: line {line}, column {column}");
        Self::new(400, ErrorData::parse_error(text, None))
    }

    /// JSON, but no JSON-RPC message.
    pub(crate) fn shape(error: ShapeError) -> Self {
        Self::invalid_request(400, error.to_string())
    }

    pub(crate) fn bad_request(text: impl Into<String>) -> Self {
        Self::invalid_request(400, text)
    }

    /// A modern request whose `_meta` does not say what it must.
    pub(crate) fn incomplete_meta(text: impl Into<String>) -> Self {
        Self::new(400, ErrorData::invalid_params(text.into(), None))
    }

    /// A header that is missing, malformed or not what the body says.
    pub(crate) fn header_mismatch(text: impl Into<String>) -> Self {
        Self::new(400, ErrorData::header_mismatch(text.into(), None))
    }

    pub(crate) fn unsupported_version(requested: &str) -> Self {
        let data = json!({"supported": Version::ALL, "requested": clip(requested)});
        let code = ErrorCode::UNSUPPORTED_PROTOCOL_VERSION;
        Self::new(
            400,
            ErrorData::new(code, "unsupported protocol version", Some(data)),
        )
    }

    /// A method that does not exist, or not in this era, or not in this server.
    pub(crate) fn unknown_method(era: Era, method: &str) -> Self {
        let status = match era {
            Era::Modern => 404,
            Era::Legacy => 200,
        };
        let text = format!("unknown method: `{}`", clip(method));
        Self::new(
            status,
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, text, None),
        )
    }

    pub(crate) fn invalid_params(text: impl Into<String>) -> Self {
        Self::new(200, ErrorData::invalid_params(text.into(), None))
    }

    /// The policy refused. The error code is the HTTP status, outside the range that JSON-RPC
    /// and MCP reserve.
    pub(crate) fn denied(denial: Denial) -> Self {
        let status = match denial.status {
            status @ (400 | 401 | 403 | 429) => status,
            _ => 503,
        };
        let data = json!({"error": denial.code});
        let code = ErrorCode(i32::from(status));
        let mut fault = Self::new(status, ErrorData::new(code, denial.description, Some(data)));
        // What one credential is refused another may get (RFC 9110, section 12.5.5).
        fault.headers.push(("cache-control", "no-store".to_owned()));
        fault.headers.push(("vary", "Authorization".to_owned()));
        if let Some(challenge) = denial.challenge {
            fault.headers.push(("www-authenticate", challenge));
        }
        if let Some(seconds) = denial.retry_after_seconds {
            fault.headers.push(("retry-after", seconds.to_string()));
        }
        fault
    }

    /// What a handler of the component returned. Codes that an era does not have are translated.
    pub(crate) fn of_handler(era: Era, mut error: ErrorData) -> Self {
        if era == Era::Legacy {
            return Self::new(200, error);
        }
        let mut status = 200;
        match error.code {
            ErrorCode::RESOURCE_NOT_FOUND => error.code = ErrorCode::INVALID_PARAMS,
            URL_ELICITATION_REQUIRED => error.code = ErrorCode::INTERNAL_ERROR,
            ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY => status = 400,
            _ => {}
        }
        Self::new(status, error)
    }

    fn invalid_request(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, ErrorData::invalid_request(text.into(), None))
    }

    fn new(status: u16, error: ErrorData) -> Self {
        Self {
            status,
            error,
            headers: Vec::new(),
        }
    }

    /// The JSON-RPC error. Without an `id` when the request had none that could be read.
    pub(crate) fn body(&self, id: Option<&Id>) -> Vec<u8> {
        wire::error(id, &self.error)
    }

    /// Sends it as a whole answer.
    pub(crate) fn send(&self, responder: &mut dyn Responder, body: Vec<u8>) {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, &**value)));
        responder.respond(self.status, &headers, body);
    }
}

/// -32042, which only 2025-11-25 knows.
const URL_ELICITATION_REQUIRED: ErrorCode = ErrorCode(-32042);

/// A name of the client's, short enough to be given back in a message.
pub(crate) fn clip(name: &str) -> &str {
    const MAX_BYTES: usize = 200;
    let end = (0..=MAX_BYTES.min(name.len()))
        .rev()
        .find(|end| name.is_char_boundary(*end));
    end.and_then(|end| name.get(..end)).unwrap_or_default()
}
