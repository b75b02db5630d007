//! Black Forest Labs: submit, poll the URL of the answer, fetch the file.

use std::time::Instant;

use axum::Router;
use axum::extract::{Path, Query, State};
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

const BACKEND: &str = "bfl";

const MODELS: &[&str] = &[
    "flux-2-pro",
    "flux-2-max",
    "flux-2-flex",
    "flux-2-klein-4b",
    "flux-2-klein-9b",
];

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/bfl/v1/get_result", get(result))
        .route("/bfl/v1/credits", get(credits))
        .route("/bfl/v1/{model}", post(submit))
}

async fn credits(headers: HeaderMap) -> Response {
    match key(&headers, "x-key") {
        Some(_) => json(200, &json!({"credits": 1000.0})),
        None => refuse(Refusal::Unauthorized),
    }
}

async fn submit(
    State(api): State<Api>,
    Path(model): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(key) = key(&headers, "x-key") else {
        return refuse(Refusal::Unauthorized);
    };
    if !MODELS.contains(&model.as_str()) {
        return json(404, &json!({"detail": "Not Found"}));
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(prompt) = body["prompt"].as_str() else {
        return json(
            422,
            &json!({"detail": [{"loc": ["body", "prompt"], "msg": "Field required", "type": "missing"}]}),
        );
    };
    let side = |name: &str| body[name].as_u64().unwrap_or(1024);
    let (width, height) = (side("width"), side("height"));
    if width % 16 != 0 || height % 16 != 0 || width.min(height) < 64 || width * height > 4 << 20 {
        return json(
            422,
            &json!({"detail": [{"loc": ["body", "width"], "msg": "Input should be a multiple of 16", "type": "multiple_of"}]}),
        );
    }
    let faults = api.ledger.faults(prompt);
    if let Some(refusal) = api.ledger.refusal(prompt, &faults)
        && refusal != Refusal::Moderated
    {
        return refuse(refusal);
    }
    let wish = Wish {
        width: u32::try_from(width).unwrap_or(64),
        height: u32::try_from(height).unwrap_or(64),
        format: body["output_format"].as_str().unwrap_or("jpeg"),
        transparent: false,
        prompt,
        index: body["seed"].as_u64().unwrap_or(0),
    };
    let file = image(&faults, &wish);
    let moderated = faults.argument("moderation") == Some("");
    let id = api.ledger.start_job(Job {
        backend: BACKEND,
        started: Instant::now(),
        cancelled: false,
        request: body.clone(),
        images: vec![file],
        faults: faults.clone(),
    });
    if !moderated {
        api.ledger.charge(BACKEND, &key, 1);
    }
    let polling_url = format!("{}/bfl/v1/get_result?id={id}", api.origin);
    #[expect(clippy::cast_precision_loss, reason = "a few megapixels")]
    let megapixels = (width * height) as f64 / 1e6;
    let whole = json!({"id": id, "polling_url": polling_url, "cost": 3.0, "input_mp": 0.0, "output_mp": megapixels});
    spoiled(&faults, &whole).unwrap_or_else(|| json(200, &whole))
}

#[derive(serde::Deserialize)]
struct Wanted {
    id: String,
}

async fn result(State(api): State<Api>, Query(wanted): Query<Wanted>) -> Response {
    let Some(job) = api.ledger.job(&wanted.id) else {
        return json(
            404,
            &json!({"id": wanted.id, "status": "Task not found", "result": null}),
        );
    };
    let simple = |status: &str| {
        json(
            200,
            &json!({"id": wanted.id, "status": status, "result": null, "progress": job.progress()}),
        )
    };
    match job.faults.argument("moderation") {
        Some("") => {
            return json(
                200,
                &json!({"id": wanted.id, "status": "Request Moderated", "result": null, "details": {"Moderation Reasons": ["Derivative Works Filter"]}}),
            );
        }
        _ if job.progress() < 1.0 => return simple("Pending"),
        Some(_) => {
            return json(
                200,
                &json!({"id": wanted.id, "status": "Content Moderated", "result": null, "details": {"Moderation Reasons": ["Sexual"]}}),
            );
        }
        None => (),
    }
    if job.faults.has("text") {
        return simple("Error");
    }
    if job.faults.has("empty") {
        return simple("Ready");
    }
    let format = job.request["output_format"].as_str().unwrap_or("jpeg");
    let file = job.images.first().cloned().unwrap_or_default();
    let sample = delivery::url(&api, &job.faults, file, format);
    json(
        200,
        &json!({"id": wanted.id, "status": "Ready", "result": {"sample": sample, "prompt": job.request["prompt"], "seed": job.request["seed"].as_u64().unwrap_or(777), "start_time": 1.0, "end_time": 2.0, "duration": 1.0}}),
    )
}

fn refuse(refusal: Refusal) -> Response {
    let (status, detail) = match refusal {
        Refusal::Unauthorized | Refusal::Forbidden => {
            (403, "Not authenticated - Invalid Authentication")
        }
        Refusal::Payment | Refusal::Quota => {
            (402, "Insufficient credits. Add credits to continue.")
        }
        Refusal::Gone => (404, "Not Found"),
        Refusal::Invalid | Refusal::Moderated => (422, "Validation error"),
        Refusal::RateLimited(_) => (429, "Rate limit exceeded"),
        Refusal::Broken => (500, "Internal Server Error"),
        Refusal::Unavailable => (503, "Service Unavailable"),
    };
    let mut answer = json(status, &json!({"detail": detail}));
    if let Refusal::RateLimited(ms) = refusal {
        let seconds = ms.div_ceil(1000).to_string();
        answer
            .headers_mut()
            .insert("retry-after", seconds.parse().expect("a value"));
    }
    answer
}
