//! Answers. The only file of the host with status codes.

mod body;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::bindings::auth::{Denial, HttpResponse};
use crate::error::{ClientError, PolicyError, Refusal, ToolsError};

pub use body::Body;

/// Fields that a browser client needs to read (reference: MCP authorization, RFC 9449, RFC 9110).
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "WWW-Authenticate, Mcp-Session-Id, Mcp-Protocol-Version, DPoP-Nonce, Retry-After, X-Request-Id",
);
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Accept, DPoP, Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID",
);
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE, OPTIONS");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// How the type of a page begins.
const HTML: &[u8] = b"text/html";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Seconds after which a client may try again when instances are busy or a guest failed.
const RETRY_SOON: HeaderValue = HeaderValue::from_static("1");

/// JSON-RPC 2.0, section 5.1.
const INVALID_REQUEST: i32 = -32600;
const INTERNAL_ERROR: i32 = -32603;

/// The answer to `GET /healthz`: the process runs.
#[must_use]
pub fn healthy() -> Response<Body> {
    json_body(StatusCode::OK, &json!({"status": "ok"}))
}

/// The answer to `GET /readyz`: what is not ready, in words.
#[must_use]
pub fn readiness(faults: &[String]) -> Response<Body> {
    if faults.is_empty() {
        return json_body(StatusCode::OK, &json!({"status": "ready"}));
    }
    let mut response = json_body(
        StatusCode::SERVICE_UNAVAILABLE,
        &json!({"status": "not ready", "faults": faults}),
    );
    response.headers_mut().insert(RETRY_AFTER, RETRY_SOON);
    response
}

/// The answer to a CORS preflight (Fetch standard, section 3.2.2). It asks for no credentials,
/// and credentials are never allowed from `*`.
#[must_use]
pub fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// The answer of a policy on one of its own routes.
///
/// # Errors
///
/// When the status or a header field cannot be sent.
pub fn from_policy(response: HttpResponse) -> Result<Response<Body>, PolicyError> {
    let invalid = |what: String| PolicyError::InvalidAnswer(what);
    let status = StatusCode::from_u16(response.status)
        .ok()
        .filter(|status| (200..=599).contains(&status.as_u16()))
        .ok_or_else(|| invalid(format!("status {}", response.status)))?;
    let mut answer = Response::new(Body::full(response.body));
    *answer.status_mut() = status;
    for (name, value) in response.headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| invalid("a field name".to_owned()))?;
        let value =
            HeaderValue::from_str(&value).map_err(|_| invalid(format!("the field `{name}`")))?;
        answer.headers_mut().append(name, value);
    }
    Ok(answer)
}

/// The answer to a request that gets none from a component.
#[must_use]
pub fn from_refusal(refusal: &Refusal) -> Response<Body> {
    match refusal {
        Refusal::Denied(denial) => denied(denial),
        Refusal::Policy(_) => unavailable("the authorization policy is not available"),
        Refusal::Tools(error) => tools_failed(error),
        Refusal::Client(error) => client_fault(*error),
    }
}

/// Whether pages of other origins may read an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Any page.
    AnyOrigin,
    /// No page: a browser goes there, with the cookies of its user.
    Navigation,
}

/// Adds what every answer carries. A page, and a redirect of one, is for nobody's scripts, whatever
/// its path.
#[must_use]
pub fn finish(mut response: Response<Body>, request_id: &str, readers: Readers) -> Response<Body> {
    let is_page = response.status().is_redirection() || is_html(&response);
    let headers = response.headers_mut();
    if is_page || readers == Readers::Navigation {
        headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
    } else {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    response
}

fn is_html(response: &Response<Body>) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    content_type
        .map(|value| value.as_bytes().trim_ascii_start())
        .and_then(|value| value.get(..HTML.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(HTML))
}

fn denied(denial: &Denial) -> Response<Body> {
    let status = match denial.status {
        400 => StatusCode::BAD_REQUEST,
        401 => StatusCode::UNAUTHORIZED,
        403 => StatusCode::FORBIDDEN,
        429 => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = oauth_error(status, &denial.code, &denial.description);
    let headers = response.headers_mut();
    if let Some(value) = denial
        .challenge
        .as_deref()
        .and_then(|value| HeaderValue::from_str(value).ok())
    {
        headers.insert(WWW_AUTHENTICATE, value);
    }
    if let Some(seconds) = denial.retry_after_seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers.insert(VARY, HeaderValue::from_static("Authorization"));
    response
}

fn unavailable(sentence: &str) -> Response<Body> {
    let mut response = oauth_error(
        StatusCode::SERVICE_UNAVAILABLE,
        "temporarily_unavailable",
        sentence,
    );
    response.headers_mut().insert(RETRY_AFTER, RETRY_SOON);
    response
}

fn tools_failed(error: &ToolsError) -> Response<Body> {
    let (status, code, sentence) = match error {
        ToolsError::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "the server is busy",
        ),
        ToolsError::Timeout(_) => (
            StatusCode::GATEWAY_TIMEOUT,
            "timeout",
            "the request took too long and was stopped",
        ),
        ToolsError::Trap { .. } | ToolsError::NoAnswer | ToolsError::InvalidAnswer(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "tools_failed",
            "the request could not be completed; the request id names it in the log",
        ),
    };
    let mut response = rpc_error(status, INTERNAL_ERROR, code, sentence);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, RETRY_SOON);
    }
    response
}

fn client_fault(error: ClientError) -> Response<Body> {
    let (status, code) = match error {
        ClientError::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        ClientError::WrongHost => (StatusCode::MISDIRECTED_REQUEST, "wrong_host"),
        ClientError::WrongOrigin => (StatusCode::FORBIDDEN, "wrong_origin"),
        ClientError::MalformedHead => (StatusCode::BAD_REQUEST, "malformed_head"),
        ClientError::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
        ClientError::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "body_timeout"),
        ClientError::BodyIncomplete => (StatusCode::BAD_REQUEST, "body_incomplete"),
    };
    rpc_error(status, INVALID_REQUEST, code, &error.to_string())
}

/// An error of an OAuth resource server (RFC 6750, section 3.1).
fn oauth_error(status: StatusCode, code: &str, description: &str) -> Response<Body> {
    let mut response = json_body(
        status,
        &json!({"error": code, "error_description": description}),
    );
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

/// A JSON-RPC error that belongs to no request that was understood: it has no `id`.
fn rpc_error(status: StatusCode, rpc_code: i32, code: &str, sentence: &str) -> Response<Body> {
    let body = json!({"jsonrpc": "2.0", "error": {"code": rpc_code, "message": sentence, "data": {"code": code}}});
    let mut response = json_body(status, &body);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

fn json_body(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::full(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_redirects_are_for_nobody_elses_scripts() {
        let answer = |status, fields: &[(&str, &str)]| {
            let fields = fields.iter();
            let headers = fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let response = from_policy(HttpResponse {
                status,
                headers: headers.collect(),
                body: Vec::new(),
            });
            response.unwrap()
        };
        let readable = |response, readers| {
            let response = finish(response, "id", readers);
            assert!(
                !response
                    .headers()
                    .contains_key("access-control-allow-credentials")
            );
            response
                .headers()
                .contains_key("access-control-allow-origin")
        };
        let json: &[_] = &[
            ("content-type", "application/json"),
            ("access-control-allow-credentials", "true"),
        ];
        let html: &[_] = &[
            ("content-type", "Text/HTML; charset=utf-8"),
            ("access-control-allow-origin", "*"),
        ];
        assert!(readable(answer(200, json), Readers::AnyOrigin));
        assert!(readable(answer(400, json), Readers::AnyOrigin));
        assert!(!readable(answer(400, json), Readers::Navigation));
        assert!(!readable(answer(200, html), Readers::AnyOrigin));
        assert!(!readable(answer(302, json), Readers::AnyOrigin));
    }
}
