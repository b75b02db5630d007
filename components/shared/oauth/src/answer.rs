//! Answers that are not pages: JSON documents and the errors of OAuth (RFC 6749, section 5.2).

use policy::types::{Header, HttpResponse};
use serde::Serialize;

/// An error as a client gets it. The sentence is fixed: nothing that a caller sent comes back to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// 400, 401, 429 or 503.
    pub status: u16,
    /// A code of RFC 6749, 7591 or 8707.
    pub code: &'static str,
    /// One safe sentence.
    pub description: String,
    /// Value of `Retry-After`, in seconds.
    pub retry_after_seconds: Option<u32>,
    /// Value of `WWW-Authenticate`, for a client that has used `Authorization` (RFC 6749, section 5.2).
    pub challenge: Option<&'static str>,
    /// Why, for the log of the operator; no secret, no line break.
    pub reason: String,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
}

impl OAuthError {
    /// 400.
    #[must_use]
    pub fn bad_request(code: &'static str, description: impl Into<String>) -> Self {
        let description = description.into();
        Self {
            status: 400,
            code,
            reason: description.clone(),
            description,
            retry_after_seconds: None,
            challenge: None,
        }
    }

    /// 401: the client is not who it says, or is not known (any more). Clients register again.
    #[must_use]
    pub fn invalid_client(reason: impl Into<String>) -> Self {
        Self {
            status: 401,
            reason: reason.into(),
            ..Self::bad_request(
                "invalid_client",
                "the client is not known or is not authenticated",
            )
        }
    }

    /// 503: not the client's fault, and worth another attempt.
    #[must_use]
    pub fn unavailable(retry_after_seconds: u32, reason: impl Into<String>) -> Self {
        Self {
            status: 503,
            retry_after_seconds: Some(retry_after_seconds),
            reason: reason.into(),
            ..Self::bad_request(
                "temporarily_unavailable",
                "this cannot be done at the moment",
            )
        }
    }

    /// 429.
    #[must_use]
    pub fn too_many_requests(retry_after_seconds: u32, reason: impl Into<String>) -> Self {
        Self {
            status: 429,
            retry_after_seconds: Some(retry_after_seconds),
            reason: reason.into(),
            ..Self::bad_request("temporarily_unavailable", "too many requests")
        }
    }

    /// With another reason for the log.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..self
        }
    }

    /// The answer.
    #[must_use]
    pub fn response(&self) -> HttpResponse {
        let body = Body {
            error: self.code,
            error_description: &self.description,
        };
        let mut response = json(self.status, &body);
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers
                .push(header("retry-after", &seconds.to_string()));
        }
        if let Some(challenge) = self.challenge {
            response.headers.push(header("www-authenticate", challenge));
        }
        response
    }
}

/// A JSON document that nobody keeps.
#[must_use]
pub fn json<T: Serialize>(status: u16, value: &T) -> HttpResponse {
    let headers = [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("x-content-type-options", "nosniff"),
    ];
    match serde_json::to_vec(value) {
        Ok(body) => HttpResponse {
            status,
            headers: headers.map(|(name, value)| header(name, value)).to_vec(),
            body,
        },
        Err(_) => HttpResponse {
            status: 500,
            headers: Vec::new(),
            body: Vec::new(),
        },
    }
}

/// Whether a message says that it is JSON: exactly one `content-type`, `application/json` or a kind of
/// it (RFC 6839, section 3.1).
pub(crate) fn is_json(headers: &[Header]) -> bool {
    let mut types = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let (Some((_, value)), None) = (types.next(), types.next()) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    media_type
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

pub(crate) fn header(name: &str, value: &str) -> Header {
    (name.to_owned(), value.to_owned())
}
