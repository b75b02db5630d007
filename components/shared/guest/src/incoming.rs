//! A request as `wasi:http` delivers it: the head is shown to the policy, and only then is the
//! body read and the server asked. Written for few calls to the host.

use mcp::{HttpRequest, Responder, Server};
use serde_json::json;
use wasip2::clocks::wall_clock;
use wasip2::http::types::{Fields, IncomingRequest, Method, ResponseOutparam, Scheme};
use wasip2::io::streams::StreamError;

use crate::answer::Answer;
use crate::caller::{Caller, RequestHead};

/// One request to the component, and the place for its answer.
pub struct Incoming {
    request: IncomingRequest,
    answer: Answer,
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// More bytes than allowed.
    TooLarge,
    /// It ended early.
    Broken,
}

/// A plain HTTP answer.
#[derive(Clone, Debug, Default)]
pub struct PlainAnswer {
    /// The status.
    pub status: u16,
    /// Header fields but `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The length to tell, when it is not that of the body: the answer to HEAD.
    pub length: Option<usize>,
}

/// A plain HTTP request, for what is not MCP. Nobody has said who sent it.
pub struct Plain {
    request: Option<IncomingRequest>,
    head: RequestHead,
    answer: Answer,
}

impl Plain {
    /// The method, upper case.
    pub fn method(&self) -> &str {
        &self.head.method
    }

    /// The header fields, with lower-case names.
    pub fn headers(&self) -> &[(String, String)] {
        &self.head.headers
    }

    /// Reads the body, once.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub fn body(&mut self, max_bytes: usize) -> Result<Vec<u8>, BodyError> {
        let request = self.request.take().ok_or(BodyError::Broken)?;
        read_body(request, &self.head, max_bytes)
    }

    /// Sends the answer, once; whether all of it went out.
    pub fn answer(&mut self, answer: PlainAnswer) -> bool {
        self.answer.plain(answer)
    }
}

impl Incoming {
    /// For [`export!`](crate::export) only.
    #[doc(hidden)]
    pub fn new(request: IncomingRequest, response: ResponseOutparam) -> Self {
        Self {
            request,
            answer: Answer::new(response),
        }
    }

    /// The path, without a query.
    pub fn path(&self) -> String {
        let path = self.request.path_with_query().unwrap_or_default();
        path.split('?').next().unwrap_or_default().to_owned()
    }

    /// As plain HTTP, without asking the policy.
    pub fn into_plain(self) -> Plain {
        Plain {
            head: read_head(&self.request),
            request: Some(self.request),
            answer: self.answer,
        }
    }

    /// Serves one MCP request: asks the policy who calls, reads the body, and lets the server
    /// that `server` makes for that caller answer. Returns when the server is done, which can be
    /// long after the answer is complete.
    pub fn serve<S: Server>(self, max_body_bytes: usize, server: impl FnOnce(Caller) -> S) {
        let Self {
            request,
            mut answer,
        } = self;
        let head = read_head(&request);
        let caller = match Caller::authenticate(&head) {
            Ok(caller) => caller,
            Err(denial) => return refuse(&mut answer, &denial),
        };
        let body = match read_body(request, &head, max_body_bytes) {
            Ok(body) => body,
            Err(BodyError::TooLarge) => {
                let text = format!("the body is larger than {max_body_bytes} bytes");
                return fail(&mut answer, 413, &text);
            }
            Err(BodyError::Broken) => return fail(&mut answer, 400, "the body ended early"),
        };
        let request = HttpRequest {
            method: &head.method,
            headers: &head.headers,
            body: &body,
            now: head.now,
        };
        mcp::serve(&server(caller), &request, &mut answer);
    }
}

fn read_head(request: &IncomingRequest) -> RequestHead {
    let scheme = match request.scheme() {
        Some(Scheme::Https) => "https".to_owned(),
        Some(Scheme::Http) | None => "http".to_owned(),
        Some(Scheme::Other(other)) => other,
    };
    RequestHead {
        method: method_name(request.method()),
        scheme,
        authority: request.authority().unwrap_or_default(),
        path_with_query: request.path_with_query().unwrap_or_default(),
        headers: header_list(&request.headers()),
        client_address: None,
        now: wall_clock::now().seconds,
    }
}

fn method_name(method: Method) -> String {
    let name = match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(other) => return other,
    };
    name.to_owned()
}

/// Lower-case names. Bytes that are not UTF-8 become U+FFFD, which no rule about a header accepts.
fn header_list(fields: &Fields) -> Vec<(String, String)> {
    let text = |bytes| {
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    };
    let mut list = Vec::new();
    for (mut name, value) in fields.entries() {
        name.make_ascii_lowercase();
        list.push((name, text(value)));
    }
    list
}

fn read_body(
    request: IncomingRequest,
    head: &RequestHead,
    max_bytes: usize,
) -> Result<Vec<u8>, BodyError> {
    let declared = head
        .headers
        .iter()
        .find(|(name, _)| name == "content-length");
    let declared = declared.and_then(|(_, value)| value.trim().parse::<usize>().ok());
    if declared.is_some_and(|length| length > max_bytes) {
        return Err(BodyError::TooLarge);
    }
    let incoming = request.consume().map_err(|()| BodyError::Broken)?;
    let stream = incoming.stream().map_err(|()| BodyError::Broken)?;
    // A body that is announced is read into its place, without growing.
    let mut body = Vec::with_capacity(declared.unwrap_or_default());
    // The last read of a body only says that it is over; a declared length makes it needless.
    while declared.is_none_or(|length| body.len() < length) {
        match stream.blocking_read(READ_BYTES) {
            Ok(chunk) if body.is_empty() && declared == Some(chunk.len()) => body = chunk,
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(StreamError::Closed) if declared.is_none() => break,
            Err(_) => return Err(BodyError::Broken),
        }
        if body.len() > max_bytes {
            return Err(BodyError::TooLarge);
        }
    }
    Ok(body)
}

/// Bytes that one read asks for.
const READ_BYTES: u64 = 256 * 1024;

/// The answer to a caller whom the policy does not admit (RFC 6750, section 3).
fn refuse(answer: &mut dyn Responder, denial: &mcp::Denial) {
    let status = match denial.status {
        status @ (400 | 401 | 403 | 429) => status,
        _ => 503,
    };
    let retry_after = denial
        .retry_after_seconds
        .map(|seconds| seconds.to_string());
    let mut headers = vec![
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
    ];
    headers.extend(
        denial
            .challenge
            .as_deref()
            .map(|challenge| ("www-authenticate", challenge)),
    );
    headers.extend(
        retry_after
            .as_deref()
            .map(|seconds| ("retry-after", seconds)),
    );
    let body = json!({"error": denial.code, "error_description": denial.description});
    answer.respond(status, &headers, body.to_string().into_bytes());
}

/// A JSON-RPC error without an `id`, for a body that could not be read.
fn fail(answer: &mut dyn Responder, status: u16, text: &str) {
    let body = json!({"jsonrpc": "2.0", "error": {"code": -32600, "message": text}});
    answer.respond(
        status,
        &[("content-type", "application/json")],
        body.to_string().into_bytes(),
    );
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use mcp::{Denial, Recorder};

    use super::*;

    fn refused(denial: &Denial) -> Recorder {
        let mut recorder = Recorder::new();
        refuse(&mut recorder, denial);
        recorder
    }

    #[test]
    fn a_denial_becomes_the_answer_of_rfc_6750() {
        let denial = Denial {
            status: 401,
            code: "invalid_token".to_owned(),
            description: "the token has \"expired\"".to_owned(),
            challenge: Some("Bearer error=\"invalid_token\"".to_owned()),
            retry_after_seconds: None,
        };
        let answer = refused(&denial);
        assert_eq!(answer.status, Some(401));
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer error=\"invalid_token\"")
        );
        assert_eq!(answer.header("retry-after"), None);
        assert_eq!(
            String::from_utf8(answer.body).unwrap(),
            r#"{"error":"invalid_token","error_description":"the token has \"expired\""}"#
        );
    }

    #[test]
    fn a_policy_cannot_send_any_status_it_likes() {
        let denial = |status| Denial {
            status,
            code: "temporarily_unavailable".to_owned(),
            description: "later".to_owned(),
            challenge: None,
            retry_after_seconds: Some(7),
        };
        for (status, sent) in [
            (400, 400),
            (403, 403),
            (429, 429),
            (200, 503),
            (302, 503),
            (0, 503),
        ] {
            let answer = refused(&denial(status));
            assert_eq!(answer.status, Some(sent), "{status}");
            assert_eq!(answer.header("retry-after"), Some("7"));
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_is_a_json_rpc_error() {
        let mut recorder = Recorder::new();
        fail(&mut recorder, 413, "the body is larger than 5 bytes");
        assert_eq!(recorder.status, Some(413));
        assert_eq!(
            String::from_utf8(recorder.body).unwrap(),
            r#"{"error":{"code":-32600,"message":"the body is larger than 5 bytes"},"jsonrpc":"2.0"}"#
        );
    }
}
