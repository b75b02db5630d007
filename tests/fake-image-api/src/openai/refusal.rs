//! Refusals as OpenAI words them.

use axum::response::Response;
use serde_json::{Value, json};

use crate::answer::json;
use crate::fault::Refusal;

pub(super) fn invalid(param: &str, message: &str) -> Response {
    with_headers(json(
        400,
        &json!({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": "invalid_value"}}),
    ))
}

pub(super) fn moderation_error(stage: &str) -> Value {
    json!({
        "message": "Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com and include the request ID req_fake. safety_violations=[sexual].",
        "type": "image_generation_user_error",
        "param": null,
        "code": "moderation_blocked",
        "moderation_details": {"moderation_stage": stage, "categories": ["sexual"]},
    })
}

pub(super) fn moderated(stage: &str) -> Response {
    with_headers(json(400, &json!({"error": moderation_error(stage)})))
}

pub(super) fn refuse(refusal: Refusal) -> Response {
    let (status, kind, code, message) = match refusal {
        Refusal::Unauthorized => (
            401,
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided: bad*****.",
        ),
        Refusal::Payment => (
            400,
            "billing_limit_user_error",
            "billing_hard_limit_reached",
            "Billing hard limit has been reached.",
        ),
        Refusal::Forbidden => (
            403,
            "invalid_request_error",
            "",
            "Your organization must be verified to use the model.",
        ),
        Refusal::Gone => (
            404,
            "invalid_request_error",
            "model_not_found",
            "The model has been shut down.",
        ),
        Refusal::Invalid => (
            400,
            "invalid_request_error",
            "invalid_value",
            "Invalid value for 'size'.",
        ),
        Refusal::RateLimited(_) => (
            429,
            "requests",
            "rate_limit_exceeded",
            "Rate limit reached for images per minute.",
        ),
        Refusal::Quota => (
            429,
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota.",
        ),
        Refusal::Moderated => return moderated("input"),
        Refusal::Broken => (
            500,
            "server_error",
            "server_error",
            "The server had an error while processing your request.",
        ),
        Refusal::Unavailable => (
            503,
            "server_error",
            "server_error",
            "The engine is currently overloaded.",
        ),
    };
    let code = if code.is_empty() {
        Value::Null
    } else {
        json!(code)
    };
    let body = json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
    let mut answer = with_headers(json(status, &body));
    if let Refusal::RateLimited(wait) = refusal {
        let headers = answer.headers_mut();
        headers.insert("retry-after-ms", wait.to_string().parse().expect("a value"));
        let seconds = wait.div_ceil(1000).to_string();
        headers.insert("retry-after", seconds.parse().expect("a value"));
        headers.insert(
            "x-ratelimit-remaining-requests",
            "0".parse().expect("a value"),
        );
    }
    answer
}

pub(super) fn with_headers(mut answer: Response) -> Response {
    for (name, value) in [
        ("x-request-id", "req_fake"),
        ("openai-processing-ms", "12"),
        ("openai-version", "2020-10-01"),
    ] {
        answer
            .headers_mut()
            .insert(name, value.parse().expect("a value"));
    }
    answer
}
