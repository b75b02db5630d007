//! OpenAI's Images API, and what servers that imitate it have in common.

mod refusal;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value, json};

use crate::answer::{Watch, base64, drop_if_due, image, json, key, spoiled, work};
use crate::fault::{Faults, Refusal};
use crate::picture::Wish;
use crate::{Api, delivery, record};

use self::refusal::{invalid, moderated, moderation_error, refuse, with_headers};

const BACKEND: &str = "openai";

const MODELS: &[&str] = &[
    "gpt-image-2.6-flare",
    "gpt-image-2.6-sunburst",
    "gpt-image-2.5-flare",
    "gpt-image-2.5-sunburst",
    "gpt-image-2",
    "gpt-image-1.5",
    "gpt-image-1-mini",
    "chatgpt-image-latest",
];

const PARAMETERS: &[&str] = &[
    "prompt",
    "model",
    "n",
    "size",
    "quality",
    "complexity",
    "background",
    "output_format",
    "output_compression",
    "moderation",
    "stream",
    "partial_images",
    "safety_identifier",
    "user",
    "input_fidelity",
    "image",
    "image[]",
    "mask",
];

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/openai/v1/models", get(models))
        .route("/openai/v1/images/generations", post(generations))
        .route("/openai/v1/images/edits", post(edits))
        .route("/compatible/v1/models", get(compatible_models))
        .route("/compatible/v1/images/generations", post(generations))
        .route("/compatible/v1/images/edits", post(edits))
}

async fn models(headers: HeaderMap) -> Response {
    if key(&headers, "authorization").is_none() {
        return refuse(Refusal::Unauthorized);
    }
    let data: Vec<_> = MODELS
        .iter()
        .chain(&["gpt-5.2", "whisper-1"])
        .map(|id| json!({"id": id, "object": "model", "created": 1_763_000_000, "owned_by": "system"}))
        .collect();
    json(200, &json!({"object": "list", "data": data}))
}

async fn compatible_models() -> Response {
    json(
        200,
        &json!({"object": "list", "data": [{"id": "sd-cpp-local", "object": "model", "owned_by": "local"}]}),
    )
}

async fn generations(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
        return invalid("", "could not parse the JSON body of your request");
    };
    answer(
        &api,
        &uri,
        &headers,
        Asked {
            fields,
            is_edit: false,
        },
    )
    .await
}

async fn edits(State(api): State<Api>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let Some(parts) = record::parts(&headers, body).await else {
        return invalid("", "expected multipart/form-data");
    };
    let mut fields = Map::new();
    let (mut images, mut first, mut mask) = (0, None, None);
    for part in parts {
        match part.name.as_str() {
            "image" | "image[]" => {
                images += 1;
                if !matches!(
                    part.content_type.as_deref(),
                    Some("image/png" | "image/jpeg" | "image/webp")
                ) {
                    return invalid("image", "unsupported mimetype");
                }
                first.get_or_insert(part.bytes);
            }
            "mask" => mask = Some(part.bytes),
            _ => {
                let text = String::from_utf8_lossy(&part.bytes).into_owned();
                let value = match part.name.as_str() {
                    "n" | "partial_images" | "output_compression" => {
                        text.parse::<u64>().map_or(Value::Null, Value::from)
                    }
                    "stream" => Value::from(text == "true"),
                    _ => Value::from(text),
                };
                fields.insert(part.name, value);
            }
        }
    }
    if images == 0 || images > 16 {
        return invalid("image", "expected 1 to 16 images");
    }
    if let (Some(first), Some(mask)) = (&first, &mask)
        && (!mask.starts_with(b"\x89PNG") || first.get(16..24) != mask.get(16..24))
    {
        return invalid(
            "mask",
            "the mask must be a PNG of the size of the first image",
        );
    }
    answer(
        &api,
        &uri,
        &headers,
        Asked {
            fields,
            is_edit: true,
        },
    )
    .await
}

struct Asked {
    fields: Map<String, Value>,
    is_edit: bool,
}

impl Asked {
    fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.fields.get(name)?.as_u64()
    }
}

async fn answer(api: &Api, uri: &Uri, headers: &HeaderMap, asked: Asked) -> Response {
    let compatible = uri.path().starts_with("/compatible");
    let key = key(headers, "authorization");
    if key.is_none() && !compatible {
        return refuse(Refusal::Unauthorized);
    }
    let key = key.unwrap_or_else(|| "none".to_owned());
    let prompt = asked.text("prompt").unwrap_or_default().to_owned();
    let faults = api.ledger.faults(&prompt);
    if let Some(refusal) = api.ledger.refusal(&prompt, &faults) {
        return refuse(refusal);
    }
    let (width, height) = match if compatible {
        plain_size(&asked)
    } else {
        checked(&asked)
    } {
        Ok(size) => size,
        Err(refusal) => return *refusal,
    };
    let wish = Wish {
        width,
        height,
        format: asked.text("output_format").unwrap_or("png"),
        transparent: asked.text("background") == Some("transparent"),
        prompt: &prompt,
        index: 0,
    };
    let backend = if compatible { "compatible" } else { BACKEND };
    if asked.fields.get("stream") == Some(&Value::Bool(true)) && !compatible {
        return stream_events((api, &key), &asked, &faults, &wish);
    }
    work(&api.ledger, backend, &faults).await;
    if faults.argument("moderation") == Some("output") {
        api.ledger.charge(backend, &key, 1);
        return moderated("output");
    }
    let n = asked.number("n").unwrap_or(1);
    api.ledger.charge(backend, &key, n);
    let data: Vec<_> = (0..n)
        .map(|index| {
            let bytes = image(&faults, &Wish { index, ..wish });
            if faults.has("url") {
                json!({"url": delivery::url(api, &faults, bytes, wish.format)})
            } else {
                json!({"b64_json": base64(&faults, &bytes)})
            }
        })
        .collect();
    let data = if faults.has("empty") {
        Vec::new()
    } else {
        data
    };
    let whole = if compatible {
        json!({"created": 1_763_850_000, "output_format": wish.format, "data": data})
    } else {
        let mut whole = facts(&asked, &wish, n);
        whole["data"] = json!(data);
        whole["created"] = json!(1_763_850_000);
        whole
    };
    if let Some(spoiled) = spoiled(&faults, &whole) {
        return spoiled;
    }
    with_headers(json(200, &whole))
}

fn facts(asked: &Asked, wish: &Wish<'_>, n: u64) -> Value {
    let text_tokens = (wish.prompt.len() as u64).div_ceil(4);
    let image_tokens = if asked.is_edit { 388 } else { 0 };
    let output = 1568 * n;
    json!({
        "background": asked.text("background").unwrap_or("opaque"),
        "output_format": wish.format,
        "quality": asked.text("quality").unwrap_or("high"),
        "size": format!("{}x{}", wish.width, wish.height),
        "usage": {
            "input_tokens": text_tokens + image_tokens,
            "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": image_tokens},
            "output_tokens": output,
            "output_tokens_details": {"text_tokens": 0, "image_tokens": output},
            "total_tokens": text_tokens + image_tokens + output,
        },
    })
}

fn stream_events(
    (api, key): (&Api, &str),
    asked: &Asked,
    faults: &Faults,
    wish: &Wish<'_>,
) -> Response {
    let partials = asked.number("partial_images").unwrap_or(0);
    let kind = if asked.is_edit {
        "image_edit"
    } else {
        "image_generation"
    };
    let pause = faults.duration() / u32::try_from(partials + 1).unwrap_or(1);
    let event = |name: &str, mut data: Value, bytes: &[u8]| {
        data["type"] = json!(format!("{kind}.{name}"));
        data["b64_json"] = json!(base64(faults, bytes));
        data["created_at"] = json!(1_763_850_000);
        format!("event: {kind}.{name}\ndata: {data}\n\n")
    };
    let mut frames: Vec<Result<String, std::io::Error>> = (0..partials)
        .map(|index| {
            let small = Wish {
                index: index + 100,
                ..*wish
            };
            let mut data = json!({"partial_image_index": index, "size": format!("{}x{}", wish.width, wish.height)});
            data["output_format"] = json!(wish.format);
            Ok(event("partial_image", data, &image(faults, &small)))
        })
        .collect();
    if faults.argument("moderation") == Some("output") {
        let error = json!({"type": "error", "error": moderation_error("output")});
        frames.push(Ok(format!("event: error\ndata: {error}\n\n")));
    } else if faults.has("cut") {
        frames.push(Err(std::io::Error::other("cut on purpose")));
    } else if !faults.has("empty") {
        let whole = event("completed", facts(asked, wish, 1), &image(faults, wish));
        if faults.has("truncated") {
            frames.push(Ok(whole[..whole.len() / 2].to_owned()));
        } else {
            frames.push(Ok(whole));
        }
    }
    api.ledger.charge(BACKEND, key, 1);
    drop_if_due(faults);
    let mut watch = Watch::new(&api.ledger, BACKEND);
    let count = frames.len();
    let body = stream::iter(frames.into_iter().enumerate()).then(move |(index, frame)| {
        if index + 1 == count {
            watch.done();
        }
        // Held so that it notices when the stream is dropped.
        let _ = &watch;
        async move {
            tokio::time::sleep(if pause.is_zero() {
                Duration::ZERO
            } else {
                pause
            })
            .await;
            frame.map(Bytes::from)
        }
    });
    let mut answer = Response::new(Body::from_stream(body));
    answer.headers_mut().insert(
        "content-type",
        "text/event-stream".parse().expect("a value"),
    );
    with_headers(answer)
}

fn plain_size(asked: &Asked) -> Result<(u32, u32), Box<Response>> {
    size_of(asked.text("size").unwrap_or("512x512"))
        .ok_or_else(|| Box::new(invalid("size", "invalid size")))
}

fn size_of(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// The rules of the real service.
fn checked(asked: &Asked) -> Result<(u32, u32), Box<Response>> {
    let refused = |param: &str, message: &str| Err(Box::new(invalid(param, message)));
    if let Some(name) = asked
        .fields
        .keys()
        .find(|name| !PARAMETERS.contains(&name.as_str()))
    {
        let error = json!({"error": {"message": format!("Unknown parameter: '{name}'."), "type": "invalid_request_error", "param": name, "code": "unknown_parameter"}});
        return Err(Box::new(json(400, &error)));
    }
    match asked.text("prompt") {
        None | Some("") => return refused("prompt", "a prompt is required"),
        Some(prompt) if prompt.chars().count() > 32_000 => {
            return refused("prompt", "the prompt is too long");
        }
        Some(_) => (),
    }
    let model = asked.text("model").unwrap_or_default();
    if !MODELS.contains(&model) {
        let message =
            format!("The model '{model}' does not exist or you do not have access to it.");
        return Err(Box::new(json(
            404,
            &json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": "model_not_found"}}),
        )));
    }
    if !(1..=10).contains(&asked.number("n").unwrap_or(1)) {
        return refused("n", "n must be from 1 to 10");
    }
    let arbitrary = model.starts_with("gpt-image-2");
    let quality = asked.text("quality").unwrap_or("auto");
    if !["auto", "low", "medium", "high", "xhigh", "max"].contains(&quality) {
        return refused("quality", "invalid quality");
    }
    let format = asked.text("output_format").unwrap_or("png");
    if !["png", "jpeg", "webp"].contains(&format) {
        return refused("output_format", "invalid format");
    }
    if asked.text("background") == Some("transparent") && format == "jpeg" {
        return refused("background", "transparent needs png or webp");
    }
    if asked.fields.contains_key("input_fidelity") && arbitrary {
        return refused("input_fidelity", "not supported by this model");
    }
    match asked.text("size") {
        None | Some("auto") => Ok((1024, 1024)),
        Some(text @ ("1024x1024" | "1536x1024" | "1024x1536")) => {
            Ok(size_of(text).unwrap_or_default())
        }
        Some(text) => match size_of(text) {
            Some((w, h))
                if arbitrary
                    && w % 16 == 0
                    && h % 16 == 0
                    && w.max(h) <= 3840
                    && w.max(h) <= 3 * w.min(h)
                    && (655_360..=8_294_400).contains(&(w * h)) =>
            {
                Ok((w, h))
            }
            _ => refused("size", "Invalid value for 'size'."),
        },
    }
}
