//! ComfyUI: a queue of graphs, a history of what they made, and files to fetch.

use std::time::Instant;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::answer::{image, json, spoiled};
use crate::fault::Refusal;
use crate::ledger::Job;
use crate::picture::Wish;
use crate::{Api, record};

const BACKEND: &str = "comfyui";

const CHECKPOINTS: &[&str] = &["sd_xl_base_1.0.safetensors", "flux1-dev-fp8.safetensors"];

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/comfyui/prompt", post(prompt))
        .route("/comfyui/queue", get(queue).post(change_queue))
        .route("/comfyui/history/{id}", get(history))
        .route("/comfyui/view", get(view))
        .route("/comfyui/interrupt", post(interrupt))
        .route("/comfyui/upload/image", post(upload))
        .route("/comfyui/models/{folder}", get(models))
        .route("/comfyui/system_stats", get(stats))
}

async fn stats() -> Response {
    json(
        200,
        &json!({"system": {"os": "posix", "comfyui_version": "0.36.0"}, "devices": []}),
    )
}

async fn models(Path(folder): Path<String>) -> Response {
    match folder.as_str() {
        "checkpoints" => json(200, &json!(CHECKPOINTS)),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn prompt(State(api): State<Api>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(graph) = body["prompt"].as_object() else {
        return json(
            400,
            &json!({"error": {"type": "no_prompt", "message": "No prompt provided", "details": "No prompt provided", "extra_info": {}}, "node_errors": {}}),
        );
    };
    let text = longest_text(graph);
    let faults = api.ledger.faults(&text);
    if let Some(refusal) = api.ledger.refusal(&text, &faults) {
        return refuse(refusal);
    }
    if let Some(error) = misfit(graph) {
        return error;
    }
    let of = |class: &str| {
        let node = graph.values().find(|node| {
            node["class_type"]
                .as_str()
                .is_some_and(|name| name.contains(class))
        });
        node.map(|node| node["inputs"].clone()).unwrap_or_default()
    };
    let latent = of("Latent");
    let side = |name: &str| u32::try_from(latent[name].as_u64().unwrap_or(512)).unwrap_or(512);
    let seed = of("KSampler")["seed"].as_u64().unwrap_or(0);
    let count = latent["batch_size"].as_u64().unwrap_or(1);
    let wish = Wish {
        width: side("width"),
        height: side("height"),
        format: "png",
        transparent: false,
        prompt: &text,
        index: seed,
    };
    let images = (0..count).map(|index| {
        image(
            &faults,
            &Wish {
                index: seed + index,
                ..wish
            },
        )
    });
    let job = Job {
        backend: BACKEND,
        started: Instant::now(),
        cancelled: false,
        request: body.clone(),
        images: images.collect(),
        faults: faults.clone(),
    };
    let id = api.ledger.start_job(job);
    api.ledger.charge(BACKEND, "none", count);
    let whole = json!({"prompt_id": id, "number": 1, "node_errors": {}});
    spoiled(&faults, &whole).unwrap_or_else(|| json(200, &whole))
}

fn longest_text(graph: &Map<String, Value>) -> String {
    let texts = graph
        .values()
        .filter_map(|node| node["inputs"]["text"].as_str());
    let positive = texts.max_by_key(|text| (text.contains("[[fault"), text.len()));
    positive.unwrap_or_default().to_owned()
}

/// What ComfyUI finds before it queues a graph.
fn misfit(graph: &Map<String, Value>) -> Option<Response> {
    let outputs = graph.values().any(|node| node["class_type"] == "SaveImage");
    if !outputs {
        return Some(json(
            400,
            &json!({"error": {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": "", "extra_info": {}}, "node_errors": {}}),
        ));
    }
    for (id, node) in graph {
        for value in node["inputs"].as_object().into_iter().flat_map(Map::values) {
            if let Some(link) = value.as_array()
                && !link
                    .first()
                    .and_then(Value::as_str)
                    .is_some_and(|to| graph.contains_key(to))
            {
                return Some(node_error(
                    id,
                    node,
                    "invalid_prompt",
                    "a link leads nowhere",
                ));
            }
        }
        let wanted = node["inputs"]["ckpt_name"].as_str();
        if wanted.is_some_and(|wanted| !CHECKPOINTS.contains(&wanted)) {
            return Some(node_error(
                id,
                node,
                "value_not_in_list",
                "Value not in list",
            ));
        }
    }
    None
}

fn node_error(id: &str, node: &Value, kind: &str, message: &str) -> Response {
    let mut errors = Map::new();
    errors.insert(id.to_owned(), json!({"errors": [{"type": kind, "message": message, "details": "", "extra_info": {}}], "dependent_outputs": ["9"], "class_type": node["class_type"]}));
    json(
        400,
        &json!({"error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "", "extra_info": {}}, "node_errors": errors}),
    )
}

async fn queue(State(api): State<Api>) -> Response {
    let running: Vec<_> = api
        .ledger
        .running(BACKEND)
        .into_iter()
        .map(|(id, job)| json!([1, id, job.request["prompt"], {}, ["9"]]))
        .collect();
    json(200, &json!({"queue_running": running, "queue_pending": []}))
}

async fn change_queue(State(api): State<Api>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    for id in body["delete"].as_array().into_iter().flatten() {
        api.ledger.cancel_job(id.as_str().unwrap_or_default());
    }
    StatusCode::OK.into_response()
}

async fn interrupt(State(api): State<Api>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let wanted = body["prompt_id"].as_str();
    for (id, _) in api.ledger.running(BACKEND) {
        if wanted.is_none_or(|wanted| wanted == id) {
            api.ledger.cancel_job(&id);
        }
    }
    StatusCode::OK.into_response()
}

async fn history(State(api): State<Api>, Path(id): Path<String>) -> Response {
    let Some(job) = api.ledger.job(&id) else {
        return json(200, &json!({}));
    };
    if !job.cancelled && job.progress() < 1.0 {
        return json(200, &json!({}));
    }
    let failed = |kind: &str, message: &str| {
        json!({"prompt": [], "outputs": {}, "status": {"status_str": "error", "completed": false, "messages": [
            ["execution_start", {"prompt_id": id}],
            [kind, {"prompt_id": id, "node_id": "3", "node_type": "KSampler", "exception_message": message, "exception_type": "torch.OutOfMemoryError", "traceback": ["ComfyUI/execution.py"]}],
        ]}})
    };
    let entry = if job.cancelled {
        failed("execution_interrupted", "")
    } else if job.faults.has("moderation") || job.faults.has("text") {
        failed("execution_error", "Allocation on device")
    } else {
        let count = if job.faults.has("empty") {
            0
        } else {
            job.images.len()
        };
        let images: Vec<_> = (0..count)
            .map(|index| json!({"filename": format!("{id}_{index}.png"), "subfolder": "", "type": "output"}))
            .collect();
        json!({"prompt": [], "outputs": {"9": {"images": images}}, "status": {"status_str": "success", "completed": true, "messages": [["execution_start", {"prompt_id": id}], ["execution_success", {"prompt_id": id}]]}})
    };
    let mut whole = Map::new();
    whole.insert(id, entry);
    json(200, &Value::Object(whole))
}

#[derive(serde::Deserialize)]
struct File {
    filename: String,
}

async fn view(State(api): State<Api>, Query(file): Query<File>) -> Response {
    let stem = file.filename.strip_suffix(".png").unwrap_or_default();
    let found = stem.rsplit_once('_').and_then(|(id, index)| {
        let job = api.ledger.job(id)?;
        job.images.get(index.parse::<usize>().ok()?).cloned()
    });
    match found {
        Some(bytes) => ([("content-type", "image/png")], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn upload(headers: HeaderMap, body: Bytes) -> Response {
    let parts = record::parts(&headers, body).await.unwrap_or_default();
    let file = parts.iter().find(|part| part.name == "image");
    match file.and_then(|part| part.file_name.clone()) {
        Some(name) => json(
            200,
            &json!({"name": name, "subfolder": "", "type": "input"}),
        ),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn refuse(refusal: Refusal) -> Response {
    let status = match refusal {
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden => StatusCode::FORBIDDEN,
        Refusal::Gone => StatusCode::NOT_FOUND,
        Refusal::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        Refusal::Invalid | Refusal::Moderated => {
            return json(
                400,
                &json!({"error": {"type": "invalid_prompt", "message": "Cannot execute", "details": "", "extra_info": {}}, "node_errors": {}}),
            );
        }
        Refusal::RateLimited(_) | Refusal::Quota | Refusal::Payment | Refusal::Unavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    status.into_response()
}
