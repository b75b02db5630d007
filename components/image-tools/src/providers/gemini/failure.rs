//! What a refusal of Google means.

use std::time::Duration;

use guest::http::Head;
use serde_json::Value;

use crate::providers::error::{Code, ProviderError};

/// An answer without success. Streams wrap it in an array of one.
pub fn failure(head: &Head, body: &[u8]) -> ProviderError {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let document = document.get(0).unwrap_or(&document);
    let error = document.get("error").unwrap_or(document);
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let details = error.get("details").and_then(Value::as_array);
    let details: &[Value] = details.map_or(&[], Vec::as_slice);
    let of_kind = |kind: &str| {
        let is_kind = |one: &&Value| {
            let name = one.get("@type").and_then(Value::as_str);
            name.is_some_and(|name| name.ends_with(kind))
        };
        details.iter().find(is_kind)
    };
    let reason = of_kind("ErrorInfo")
        .and_then(|info| info.get("reason"))
        .and_then(Value::as_str);
    let status = text("status");
    let own_code = reason.unwrap_or(status);
    let code = meaning(head.status, status, reason);
    let failure = ProviderError::new(code).with_code(Some(own_code));
    match code {
        Code::RateLimited => limited(failure, &of_kind),
        Code::InvalidRequest if !text("message").is_empty() => failure.because(text("message")),
        Code::ModelUnavailable => failure.because(text("message")),
        _ => failure,
    }
}

fn meaning(status: u16, name: &str, reason: Option<&str>) -> Code {
    if reason.is_some_and(|reason| reason.starts_with("API_KEY")) {
        return Code::Auth;
    }
    match (name, status) {
        ("UNAUTHENTICATED" | "PERMISSION_DENIED", _) | (_, 401 | 403) => Code::Auth,
        ("RESOURCE_EXHAUSTED", _) | (_, 429) => Code::RateLimited,
        ("NOT_FOUND", _) | (_, 404) => Code::ModelUnavailable,
        ("DEADLINE_EXCEEDED", _) | (_, 408 | 504) => Code::Timeout,
        (_, 402) => Code::Quota,
        (_, 500..) => Code::UpstreamUnavailable,
        _ => Code::InvalidRequest,
    }
}

/// Per minute or per day: only the first is worth waiting for.
fn limited<'a>(
    mut failure: ProviderError,
    of_kind: &impl Fn(&str) -> Option<&'a Value>,
) -> ProviderError {
    let violations = of_kind("QuotaFailure")
        .and_then(|one| one.get("violations"))
        .and_then(Value::as_array);
    let is_daily = violations.is_some_and(|list| {
        let ids = list.iter().filter_map(|one| one.get("quotaId")?.as_str());
        ids.into_iter().any(|id| id.contains("PerDay"))
    });
    if is_daily {
        failure.code = Code::Quota;
        return failure;
    }
    let delay = of_kind("RetryInfo")
        .and_then(|one| one.get("retryDelay"))
        .and_then(Value::as_str);
    let seconds = delay.and_then(|text| text.strip_suffix('s')?.parse::<f64>().ok());
    failure.retry_after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    failure
}
