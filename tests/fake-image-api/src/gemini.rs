//! Gemini's `generateContent`, as far as images go.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::Api;
use crate::answer::{base64, image, json, key, spoiled, work};
use crate::fault::Refusal;
use crate::picture::Wish;

const BACKEND: &str = "gemini";

const MODELS: &[&str] = &[
    "gemini-nano-banana-2.1",
    "gemini-3-pro-image",
    "gemini-3.1-flash-lite-image",
    "gemini-3.1-flash-image",
];

/// Width and height at `1K`.
const RATIOS: &[(&str, u32, u32)] = &[
    ("1:1", 1024, 1024),
    ("2:3", 848, 1264),
    ("3:2", 1264, 848),
    ("3:4", 896, 1200),
    ("4:3", 1200, 896),
    ("4:5", 928, 1152),
    ("5:4", 1152, 928),
    ("9:16", 768, 1376),
    ("16:9", 1376, 768),
    ("21:9", 1584, 672),
    ("1:4", 512, 2064),
    ("4:1", 2064, 512),
    ("1:8", 352, 2928),
    ("8:1", 2928, 352),
];

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/gemini/v1beta/models", get(models))
        .route("/gemini/v1beta/models/{call}", post(call))
}

async fn models(headers: HeaderMap) -> Response {
    if key(&headers, "x-goog-api-key").is_none() {
        return refuse(Refusal::Unauthorized);
    }
    let list: Vec<_> = MODELS
        .iter()
        .map(|name| json!({"name": format!("models/{name}"), "supportedGenerationMethods": ["generateContent"]}))
        .collect();
    json(200, &json!({"models": list}))
}

async fn call(
    State(api): State<Api>,
    Path(call): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(model) = call.strip_suffix(":generateContent") else {
        return error(404, "NOT_FOUND", "no such method");
    };
    let Some(key) = key(&headers, "x-goog-api-key") else {
        return refuse(Refusal::Unauthorized);
    };
    if !MODELS.contains(&model) {
        let text = format!(
            "models/{model} is not found for API version v1beta, or is not supported for generateContent."
        );
        return error(404, "NOT_FOUND", &text);
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.");
    };
    let parts = body["contents"][0]["parts"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let prompt = parts
        .iter()
        .find_map(|part| part["text"].as_str())
        .unwrap_or_default();
    let pictures = parts
        .iter()
        .filter(|part| part["inlineData"].is_object())
        .count();
    if pictures > 14 {
        return error(400, "INVALID_ARGUMENT", "too many images");
    }
    let faults = api.ledger.faults(prompt);
    if let Some(refusal) = api.ledger.refusal(prompt, &faults) {
        return refuse(refusal);
    }
    let config = &body["generationConfig"]["imageConfig"];
    for name in config.as_object().into_iter().flat_map(|map| map.keys()) {
        if !["aspectRatio", "imageSize"].contains(&name.as_str()) {
            let text = format!(
                "Invalid JSON payload received. Unknown name \"{name}\" at 'generation_config.image_config': Cannot find field."
            );
            return error(400, "INVALID_ARGUMENT", &text);
        }
    }
    let ratio = config["aspectRatio"].as_str().unwrap_or("1:1");
    let Some((_, width, height)) = RATIOS.iter().find(|(name, ..)| *name == ratio) else {
        return error(400, "INVALID_ARGUMENT", "aspect ratio not supported");
    };
    let (scale, tokens) = match config["imageSize"].as_str().unwrap_or("1K") {
        "1K" => (1, 1120),
        "2K" => (2, 1680),
        "4K" => (4, 2520),
        _ => return error(400, "INVALID_ARGUMENT", "image size not supported"),
    };
    work(&api.ledger, BACKEND, &faults).await;
    if faults.argument("blocked") == Some("") {
        return json(
            200,
            &json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 5}, "modelVersion": model, "responseId": "resp_fake"}),
        );
    }
    let thought = json!({"text": "Considering the composition.", "thought": true});
    let draft = json!({"thought": true, "inlineData": {"mimeType": "image/png", "data": "AAAA"}});
    let (parts, reason) = if faults.argument("blocked").is_some()
        || faults.argument("moderation").is_some()
    {
        (vec![], "IMAGE_SAFETY")
    } else if faults.has("empty") {
        (vec![], "NO_IMAGE")
    } else if faults.has("text") {
        (
            vec![json!({"text": "I can describe a fox for you."})],
            "STOP",
        )
    } else {
        let wish = Wish {
            width: width * scale,
            height: height * scale,
            format: "png",
            transparent: false,
            prompt,
            index: 0,
        };
        let data = base64(&faults, &image(&faults, &wish));
        let picture = json!({"inlineData": {"mimeType": "image/png", "data": data}, "thoughtSignature": "c2ln"});
        (
            vec![thought, draft, json!({"text": "Here it is."}), picture],
            "STOP",
        )
    };
    // Google charges for what it refuses to show, too: nothing but a blocked prompt is free.
    api.ledger.charge(BACKEND, &key, 1);
    let mut candidate =
        json!({"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0});
    if reason == "IMAGE_SAFETY" {
        candidate["finishMessage"] = json!("Unable to show the generated image.");
        candidate["content"] = json!({});
    }
    let whole = json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": 10 + 258 * pictures,
            "candidatesTokenCount": tokens,
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": tokens}],
            "thoughtsTokenCount": 20,
            "totalTokenCount": 30 + tokens + 258 * pictures as u64,
        },
        "modelVersion": model,
        "responseId": "resp_fake",
    });
    spoiled(&faults, &whole).unwrap_or_else(|| json(200, &whole))
}

fn error(status: u16, name: &str, message: &str) -> Response {
    json(
        status,
        &json!({"error": {"code": status, "message": message, "status": name}}),
    )
}

fn refuse(refusal: Refusal) -> Response {
    let quota = |id: &str, delay: String| {
        json(
            429,
            &json!({"error": {
                "code": 429,
                "message": "You exceeded your current quota, please check your plan and billing details.",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                    {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
                        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
                        "quotaId": id,
                        "quotaDimensions": {"location": "global", "model": "gemini-nano-banana-2.1"},
                    }]},
                    {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
                    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
                ],
            }}),
        )
    };
    match refusal {
        Refusal::Unauthorized => json(
            400,
            &json!({"error": {
                "code": 400,
                "message": "API key not valid. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
                "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
            }}),
        ),
        Refusal::Forbidden => error(403, "PERMISSION_DENIED", "Permission denied."),
        Refusal::Gone => error(404, "NOT_FOUND", "the model is not found"),
        Refusal::Invalid => error(
            400,
            "INVALID_ARGUMENT",
            "Request contains an invalid argument.",
        ),
        #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
        Refusal::RateLimited(ms) => quota(
            "GenerateRequestsPerMinutePerProjectPerModel",
            format!("{}s", ms as f64 / 1000.0),
        ),
        Refusal::Quota | Refusal::Payment => quota(
            "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            "34s".to_owned(),
        ),
        Refusal::Moderated => json(
            200,
            &json!({"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "x"}),
        ),
        Refusal::Broken => error(500, "INTERNAL", "An internal error has occurred."),
        Refusal::Unavailable => error(
            503,
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
        ),
    }
}
