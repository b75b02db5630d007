//! What a refusal of the web UI means. Its words can hold paths of the machine it runs on, so only
//! those are passed on that name what is wrong with the request.

use guest::http::Head;
use serde_json::Value;

use crate::providers::error::{Code, ProviderError};
use crate::providers::payload::field_faults;

/// An answer without success.
pub fn failure(head: &Head, body: &[u8]) -> ProviderError {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = document.get("error").and_then(Value::as_str);
    let detail = document.get("detail");
    let code = match head.status {
        401 | 403 => Code::Auth,
        // The checkpoint, a sampler, or the first image; the words say which.
        400 | 404 | 422 => Code::InvalidRequest,
        429 => Code::RateLimited,
        408 | 504 => Code::Timeout,
        _ => Code::UpstreamUnavailable,
    };
    let failure = ProviderError::new(code).with_code(error);
    match (code, detail) {
        (Code::InvalidRequest, Some(Value::String(text))) if text.ends_with("not found") => {
            if text.starts_with("model ") {
                return ProviderError::new(Code::ModelUnavailable).with_code(error);
            }
            failure.because(text)
        }
        (Code::InvalidRequest, Some(Value::Array(list))) => failure.because(field_faults(list)),
        (Code::UpstreamUnavailable, _) if error == Some("OutOfMemoryError") => {
            failure.because("out of memory; ask for a smaller image")
        }
        _ => failure,
    }
}
