//! The Stable Diffusion web UI (`/sd`, and `/sd-auth` behind Basic authentication), and the part of
//! its API that stable-diffusion.cpp serves (`/sdcpp`).

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::Api;
use crate::answer::{Watch, base64, image, json, spoiled};
use crate::fault::{Faults, Refusal};
use crate::ledger::Job;
use crate::picture::Wish;

const BACKEND: &str = "sd_webui";

const CHECKPOINTS: &[(&str, &str)] = &[
    (
        "v1-5-pruned-emaonly.safetensors [6ce0161689]",
        "v1-5-pruned-emaonly",
    ),
    ("sd_xl_base_1.0.safetensors [31e35c80fc]", "sd_xl_base_1.0"),
    (
        "dreamshaperXL_lightning.safetensors [fdbe56354b]",
        "dreamshaperXL_lightning",
    ),
    (
        "flux1-dev-bnb-nf4.safetensors [0184473b4f]",
        "flux1-dev-bnb-nf4",
    ),
    ("flux1-schnell.safetensors [9403429e08]", "flux1-schnell"),
    ("sd3_medium.safetensors [cc236278d2]", "sd3_medium"),
];

pub(crate) fn routes() -> Router<Api> {
    let whole = || {
        Router::new()
            .route("/sdapi/v1/txt2img", post(txt2img))
            .route("/sdapi/v1/img2img", post(img2img))
            .route("/sdapi/v1/progress", get(progress))
            .route("/sdapi/v1/interrupt", post(interrupt))
            .route("/sdapi/v1/sd-models", get(models))
            .route("/sdapi/v1/options", get(options).post(set_options))
    };
    let cpp = Router::new()
        .route("/sdapi/v1/txt2img", post(cpp_txt2img))
        .route("/sdapi/v1/img2img", post(cpp_img2img))
        .route("/sdapi/v1/sd-models", get(cpp_models))
        .route("/sdapi/v1/options", get(cpp_options))
        .route("/sdapi/v1/loras", get(cpp_loras));
    Router::new()
        .nest("/sd", whole())
        .nest("/sd-auth", whole().layer(from_fn(authenticated)))
        .nest("/sdcpp", cpp)
}

async fn authenticated(request: Request, next: Next) -> Response {
    let expected = format!("Basic {}", BASE64_STANDARD.encode("artist:secret"));
    let sent = request.headers().get("authorization");
    if sent.is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
        return json(401, &json!({"detail": "Incorrect username or password"}));
    }
    next.run(request).await
}

async fn models() -> Response {
    let list: Vec<_> = CHECKPOINTS
        .iter()
        .map(|(title, name)| json!({"title": title, "model_name": name, "hash": null, "sha256": null, "filename": format!("/models/{name}.safetensors"), "config": null}))
        .collect();
    json(200, &json!(list))
}

async fn options() -> Response {
    json(
        200,
        &json!({"sd_model_checkpoint": CHECKPOINTS[1].0, "CLIP_stop_at_last_layers": 1}),
    )
}

async fn set_options() -> Response {
    json(200, &Value::Null)
}

async fn cpp_models() -> Response {
    json(
        200,
        &json!([{"title": "sd-cpp-local", "model_name": "sd-cpp-local", "hash": "", "sha256": "", "filename": "sd-cpp-local", "config": ""}]),
    )
}

async fn cpp_options() -> Response {
    json(200, &json!({"sd_model_checkpoint": "sd-cpp-local"}))
}

async fn cpp_loras() -> Response {
    json(200, &json!([]))
}

async fn progress(State(api): State<Api>) -> Response {
    let running = api.ledger.running(BACKEND);
    let Some((id, job)) = running.first() else {
        return json(
            200,
            &json!({"progress": 0.0, "eta_relative": 0.0, "state": {"skipped": false, "interrupted": false, "job": "", "job_count": 0, "job_timestamp": "0", "job_no": 0, "sampling_step": 0, "sampling_steps": 0}, "current_image": null, "textinfo": null}),
        );
    };
    let steps = job.request["steps"].as_u64().unwrap_or(20);
    let part = job.progress();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "0 to steps"
    )]
    let step = (part * steps as f64) as u64;
    let left = job.faults.duration().as_secs_f64() * (1.0 - part);
    json(
        200,
        &json!({"progress": part, "eta_relative": left, "state": {"skipped": false, "interrupted": false, "job": id, "job_count": 1, "job_timestamp": "20261125120000", "job_no": 0, "sampling_step": step, "sampling_steps": steps}, "current_image": null, "textinfo": null}),
    )
}

/// Global, as it really is: it stops whatever runs.
async fn interrupt(State(api): State<Api>) -> Response {
    for (id, _) in api.ledger.running(BACKEND) {
        api.ledger.cancel_job(&id);
    }
    json(200, &Value::Null)
}

async fn txt2img(State(api): State<Api>, _: HeaderMap, body: Bytes) -> Response {
    run(&api, &body, Shape::Whole).await
}

async fn img2img(State(api): State<Api>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    if request["init_images"][0].as_str().is_none() {
        return json(
            404,
            &json!({"error": "HTTPException", "detail": "Init image not found", "body": "", "errors": ""}),
        );
    }
    run(&api, &body, Shape::Whole).await
}

async fn cpp_txt2img(State(api): State<Api>, body: Bytes) -> Response {
    run(&api, &body, Shape::Cpp).await
}

async fn cpp_img2img(State(api): State<Api>, body: Bytes) -> Response {
    run(&api, &body, Shape::Cpp).await
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Whole,
    Cpp,
}

async fn run(api: &Api, body: &Bytes, shape: Shape) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return invalid("body");
    };
    for name in ["width", "height", "steps", "batch_size"] {
        if !(request[name].is_null() || request[name].is_u64()) {
            return invalid(name);
        }
    }
    let prompt = request["prompt"].as_str().unwrap_or_default().to_owned();
    let faults = api.ledger.faults(&prompt);
    if let Some(refusal) = api.ledger.refusal(&prompt, &faults) {
        return refuse(refusal);
    }
    let wanted = request["override_settings"]["sd_model_checkpoint"].as_str();
    if let Some(wanted) = wanted
        && shape == Shape::Whole
        && !CHECKPOINTS
            .iter()
            .any(|(title, name)| *title == wanted || *name == wanted)
    {
        return json(
            404,
            &json!({"error": "HTTPException", "detail": format!("model {wanted} not found"), "body": "", "errors": ""}),
        );
    }
    let number = |name: &str, otherwise: u64| request[name].as_u64().unwrap_or(otherwise);
    let seed = match request["seed"].as_i64() {
        Some(seed) if seed >= 0 => seed.unsigned_abs(),
        _ => 4_242_424_242,
    };
    let (Ok(width), Ok(height)) = (
        number("width", 512).try_into(),
        number("height", 512).try_into(),
    ) else {
        return invalid("width");
    };
    let count = number("batch_size", 1) * number("n_iter", 1);
    let files: Vec<_> = (0..count)
        .map(|index| {
            let wish = Wish {
                width,
                height,
                format: "png",
                transparent: false,
                prompt: &prompt,
                index: seed + index,
            };
            image(&faults, &wish)
        })
        .collect();
    let job = Job {
        backend: BACKEND,
        faults: faults.clone(),
        started: Instant::now(),
        cancelled: false,
        request: request.clone(),
        images: Vec::new(),
    };
    let id = api.ledger.start_job(job);
    if !finished(api, &id).await && faults.has("never") {
        return json(
            500,
            &json!({"error": "RuntimeError", "detail": "", "body": "", "errors": "interrupted"}),
        );
    }
    api.ledger.charge(BACKEND, "none", count);
    answer(&faults, &request, &files, (seed, shape))
}

/// Waits until the job is done, interrupted, or nobody waits for it any more.
async fn finished(api: &Api, id: &str) -> bool {
    let mut watch = Watch::new(&api.ledger, "sd_webui-left");
    loop {
        match api.ledger.job(id) {
            Some(job) if !job.cancelled && job.progress() < 1.0 => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            job => {
                watch.done();
                return job.is_some_and(|job| !job.cancelled);
            }
        }
    }
}

fn answer(
    faults: &Faults,
    request: &Value,
    files: &[Vec<u8>],
    (seed, shape): (u64, Shape),
) -> Response {
    let images: Vec<_> = if faults.has("empty") {
        Vec::new()
    } else {
        files.iter().map(|bytes| base64(faults, bytes)).collect()
    };
    let seeds: Vec<_> = (0..files.len() as u64).map(|index| seed + index).collect();
    let model = request["override_settings"]["sd_model_checkpoint"]
        .as_str()
        .unwrap_or("sd_xl_base_1.0");
    let info = match shape {
        Shape::Cpp => String::new(),
        Shape::Whole => json!({"prompt": request["prompt"], "seed": seed, "all_seeds": seeds, "width": request["width"], "height": request["height"], "sd_model_name": model, "sd_model_hash": "31e35c80fc", "job_timestamp": "20261125120000", "infotexts": []}).to_string(),
    };
    let whole = json!({"images": images, "parameters": {}, "info": info});
    spoiled(faults, &whole).unwrap_or_else(|| json(200, &whole))
}

fn invalid(field: &str) -> Response {
    json(
        422,
        &json!({"detail": [{"loc": ["body", field], "msg": "value is not a valid integer", "type": "type_error.integer"}]}),
    )
}

fn refuse(refusal: Refusal) -> Response {
    let (status, error, detail) = match refusal {
        Refusal::Unauthorized | Refusal::Forbidden => {
            return json(401, &json!({"detail": "Not authenticated"}));
        }
        Refusal::Invalid => return invalid("steps"),
        Refusal::Gone => (404, "HTTPException", "Sampler not found"),
        Refusal::RateLimited(_) | Refusal::Unavailable | Refusal::Quota | Refusal::Payment => {
            (503, "HTTPException", "busy")
        }
        Refusal::Moderated => (400, "HTTPException", "refused"),
        Refusal::Broken => (500, "OutOfMemoryError", ""),
    };
    json(
        status,
        &json!({"error": error, "detail": detail, "body": "", "errors": "CUDA out of memory. Tried to allocate 2.00 GiB"}),
    )
}
