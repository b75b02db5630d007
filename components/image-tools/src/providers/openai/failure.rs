//! What a refusal of OpenAI means.

use std::time::Duration;

use guest::http::{Head, HttpError};
use serde_json::Value;

use crate::providers::error::{Code, ProviderError};

/// An answer without success.
pub fn failure(head: &Head, body: &[u8]) -> ProviderError {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = document.get("error").unwrap_or(&document);
    let mut failure = of_error(head.status, error);
    failure.request_id = head.header("x-request-id").map(str::to_owned);
    if failure.code == Code::RateLimited {
        failure.retry_after = retry_after(head);
    }
    failure
}

/// The object in `error`, with the status it came with.
pub fn of_error(status: u16, error: &Value) -> ProviderError {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let (code, kind, message) = (text("code"), text("type"), text("message"));
    let own_code = if code.is_empty() { kind } else { code };
    let failure = ProviderError::new(meaning(status, code, kind)).with_code(Some(own_code));
    match failure.code {
        Code::ContentBlocked => blocked(failure, error),
        // The words of OpenAI name the parameter; they can also repeat a part of the key.
        Code::InvalidRequest if !message.is_empty() => failure.because(message),
        Code::Auth if status == 403 => failure.because(message),
        _ => failure,
    }
}

/// The transfer of an answer that failed: the work may have been done.
pub fn broken(error: &HttpError) -> ProviderError {
    let code = match error {
        HttpError::Cancelled => Code::Cancelled,
        HttpError::Timeout => Code::Timeout,
        HttpError::TooLarge => Code::NoImage,
        _ => Code::UpstreamUnavailable,
    };
    let mut failure = ProviderError::new(code);
    failure.may_have_cost = true;
    match error {
        HttpError::TooLarge => failure.because("the answer is too large"),
        HttpError::Lost(_) => failure.because("the answer ended before the image was complete"),
        _ => failure,
    }
}

fn meaning(status: u16, code: &str, kind: &str) -> Code {
    match code {
        "moderation_blocked" | "content_policy_violation" => return Code::ContentBlocked,
        "insufficient_quota" | "billing_hard_limit_reached" => return Code::Quota,
        "model_not_found" | "model_retired" => return Code::ModelUnavailable,
        "invalid_api_key" => return Code::Auth,
        _ => (),
    }
    if kind == "image_generation_user_error" {
        return Code::ContentBlocked;
    }
    if kind == "insufficient_quota" {
        return Code::Quota;
    }
    match status {
        401 | 403 => Code::Auth,
        402 => Code::Quota,
        404 => Code::ModelUnavailable,
        408 | 504 => Code::Timeout,
        429 => Code::RateLimited,
        500.. => Code::UpstreamUnavailable,
        _ if kind == "server_error" => Code::UpstreamUnavailable,
        _ => Code::InvalidRequest,
    }
}

/// `moderation_details`: at which stage, and for what.
fn blocked(mut failure: ProviderError, error: &Value) -> ProviderError {
    let details = error.get("moderation_details");
    let stage = details
        .and_then(|details| details.get("moderation_stage"))
        .and_then(Value::as_str);
    let categories: Vec<&str> = details
        .and_then(|details| details.get("categories"))
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    failure.may_have_cost = stage == Some("output");
    let at = stage.map(|stage| format!("at the {stage}"));
    let categories = (!categories.is_empty()).then(|| categories.join(", "));
    let detail: Vec<_> = at.into_iter().chain(categories).collect();
    failure.because(detail.join(": "))
}

/// `retry-after-ms` before `retry-after`, as OpenAI's own client reads them.
fn retry_after(head: &Head) -> Option<Duration> {
    let number = |name: &str| head.header(name)?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms")
        .map(|ms| ms / 1000.0)
        .or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}
