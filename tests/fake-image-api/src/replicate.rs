//! Replicate: predictions that are created, polled and cancelled.

use std::time::Instant;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::answer::{image, json, key, spoiled};
use crate::fault::Refusal;
use crate::ledger::Job;
use crate::picture::Wish;
use crate::{Api, delivery};

const BACKEND: &str = "replicate";

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/replicate/v1/account", get(account))
        .route(
            "/replicate/v1/models/{owner}/{name}/predictions",
            post(create),
        )
        .route("/replicate/v1/predictions/{id}", get(find))
        .route("/replicate/v1/predictions/{id}/cancel", post(cancel))
}

async fn account(headers: HeaderMap) -> Response {
    match key(&headers, "authorization") {
        Some(_) => json(200, &json!({"type": "organization", "username": "acme"})),
        None => refuse(Refusal::Unauthorized),
    }
}

async fn create(
    State(api): State<Api>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(key) = key(&headers, "authorization") else {
        return refuse(Refusal::Unauthorized);
    };
    if owner == "nobody" {
        return refuse(Refusal::Gone);
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let input = &body["input"];
    let Some(prompt) = input["prompt"].as_str() else {
        return json(
            422,
            &json!({"title": "Input validation failed", "detail": "- input: prompt is required\n", "status": 422, "invalid_fields": [{"type": "required", "field": "input", "description": "prompt is required"}]}),
        );
    };
    let faults = api.ledger.faults(prompt);
    if let Some(refusal) = api.ledger.refusal(prompt, &faults)
        && refusal != Refusal::Moderated
    {
        return refuse(refusal);
    }
    let (width, height) = match input["aspect_ratio"].as_str() {
        Some("16:9") => (1344, 768),
        Some("9:16") => (768, 1344),
        Some("3:2") => (1216, 832),
        Some("2:3") => (832, 1216),
        _ => (1024, 1024),
    };
    let wish = Wish {
        width,
        height,
        format: match input["output_format"].as_str() {
            Some("jpg") => "jpeg",
            Some(format) => format,
            None => "webp",
        },
        transparent: false,
        prompt,
        index: input["seed"].as_u64().unwrap_or(0),
    };
    let count = input["num_outputs"].as_u64().unwrap_or(1);
    let images = (0..count).map(|index| {
        image(
            &faults,
            &Wish {
                index: wish.index + index,
                ..wish
            },
        )
    });
    let id = api.ledger.start_job(Job {
        backend: BACKEND,
        started: Instant::now(),
        cancelled: false,
        request: json!({"model": format!("{owner}/{name}"), "input": input, "format": wish.format}),
        images: images.collect(),
        faults: faults.clone(),
    });
    if faults.argument("moderation").is_none() {
        api.ledger.charge(BACKEND, &key, count);
    }
    let whole = prediction(&api, &id, true);
    spoiled(&faults, &whole).unwrap_or_else(|| json(201, &whole))
}

async fn find(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if key(&headers, "authorization").is_none() {
        return refuse(Refusal::Unauthorized);
    }
    if api.ledger.job(&id).is_none() {
        return refuse(Refusal::Gone);
    }
    json(200, &prediction(&api, &id, false))
}

async fn cancel(State(api): State<Api>, Path(id): Path<String>) -> Response {
    api.ledger.cancel_job(&id);
    json(200, &prediction(&api, &id, false))
}

/// A new one is only `starting`, unless somebody waited for it.
fn prediction(api: &Api, id: &str, is_new: bool) -> Value {
    let Some(job) = api.ledger.job(id) else {
        return Value::Null;
    };
    let url = format!("{}/replicate/v1/predictions/{id}", api.origin);
    let mut whole = json!({
        "id": id,
        "model": job.request["model"],
        "input": job.request["input"],
        "status": "processing",
        "output": null,
        "error": null,
        "logs": "",
        "metrics": {},
        "urls": {"get": url, "cancel": format!("{url}/cancel")},
    });
    if job.cancelled {
        whole["status"] = json!("canceled");
    } else if is_new {
        whole["status"] = json!("starting");
    } else if job.progress() < 1.0 {
        whole["logs"] = json!(format!("{}%|####\n", (job.progress() * 100.0).round()));
    } else if job.faults.has("moderation") {
        whole["status"] = json!("failed");
        whole["error"] =
            json!("NSFW content detected. Try running it again, or try a different prompt.");
    } else if job.faults.has("text") {
        whole["status"] = json!("failed");
        whole["error"] = json!("CUDA out of memory");
    } else {
        whole["status"] = json!("succeeded");
        whole["metrics"] = json!({"predict_time": 1.5, "image_count": job.images.len()});
        let format = job.request["format"].as_str().unwrap_or("webp");
        let urls: Vec<_> = job
            .images
            .iter()
            .map(|bytes| delivery::url(api, &job.faults, bytes.clone(), format))
            .collect();
        whole["output"] = if job.faults.has("empty") {
            json!([])
        } else {
            json!(urls)
        };
    }
    whole
}

fn refuse(refusal: Refusal) -> Response {
    let (status, detail) = match refusal {
        Refusal::Unauthorized => (401, "You did not pass a valid authentication token"),
        Refusal::Forbidden => (403, "You do not have permission to perform this action."),
        Refusal::Payment | Refusal::Quota => {
            (402, "You have insufficient credit to run this model.")
        }
        Refusal::Gone => (404, "The requested resource could not be found."),
        Refusal::Invalid | Refusal::Moderated => (422, "- input.steps: Must be less than 50\n"),
        Refusal::RateLimited(_) => (429, "Request was throttled. Your rate limit resets in ~1s."),
        Refusal::Broken => (500, "Internal server error"),
        Refusal::Unavailable => (503, "Service unavailable"),
    };
    json(
        status,
        &json!({"title": "Error", "detail": detail, "status": status}),
    )
}
