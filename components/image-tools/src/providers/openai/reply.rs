//! What OpenAI answers: in one piece, or as events with first versions of the image.

use guest::http::{Events, Response};
use mcp::Flow;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::failure;
use crate::providers::error::{Code, ProviderError};
use crate::providers::model::Model;
use crate::providers::payload::{decoded, parsed};
use crate::providers::request::GenerateRequest;
use crate::providers::table::Usage;
use crate::providers::upstream::Watch;

/// Largest event: an image of 4K as base64.
const MAX_EVENT_BYTES: usize = 64 * 1024 * 1024;

/// The answer, whichever way it came. Every field but the images can be missing.
#[derive(Debug, Default)]
pub struct Reply {
    pub images: Vec<Image>,
    pub usage: Option<Usage>,
    size: Option<String>,
    quality: Option<String>,
}

/// One image of an answer.
#[derive(Debug, Default, Deserialize)]
pub struct Image {
    pub b64_json: Option<String>,
    pub url: Option<String>,
    pub revised_prompt: Option<String>,
}

#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    data: Option<Vec<Image>>,
    size: Option<String>,
    quality: Option<String>,
    usage: Option<Counted>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Streamed {
    #[serde(rename = "type", default)]
    kind: String,
    b64_json: Option<String>,
    partial_image_index: Option<u32>,
    size: Option<String>,
    quality: Option<String>,
    usage: Option<Counted>,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    input_tokens: f64,
    #[serde(default)]
    output_tokens: f64,
    input_tokens_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    text_tokens: f64,
    #[serde(default)]
    image_tokens: f64,
}

impl Counted {
    fn usage(&self) -> Usage {
        let (text_in, image_in) = match &self.input_tokens_details {
            Some(details) => (details.text_tokens, details.image_tokens),
            None => (self.input_tokens, 0.0),
        };
        Usage {
            text_in,
            image_in,
            image_out: self.output_tokens,
        }
    }
}

impl Reply {
    /// For the sidecar.
    pub fn metadata(&self, request: &GenerateRequest, model: &Model) -> Map<String, Value> {
        let pairs = [
            ("model", json!(model.model_id)),
            ("size", json!(self.size)),
            ("quality", json!(request.quality)),
            ("api_quality", json!(self.quality)),
            (
                "edited",
                json!((!request.references.is_empty()).then_some(true)),
            ),
        ];
        pairs
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// An answer in one piece.
pub fn whole(
    response: &mut Response<'_>,
    watch: &mut Watch<'_, '_>,
) -> Result<Reply, ProviderError> {
    let body = response
        .body(&mut || watch.tick())
        .map_err(|error| failure::broken(&error))?;
    let whole: Whole = parsed(&body)?;
    // Some relays say 200 and mean an error.
    if let Some(error) = whole.error.filter(Value::is_object) {
        return Err(failure::of_error(200, &error));
    }
    Ok(Reply {
        images: whole.data.unwrap_or_default(),
        usage: whole.usage.map(|usage| usage.usage()),
        size: whole.size,
        quality: whole.quality,
    })
}

/// An answer as events. The last one can come before all first versions are there.
pub fn stream(
    response: &mut Response<'_>,
    partials: u64,
    watch: &mut Watch<'_, '_>,
) -> Result<Reply, ProviderError> {
    let mut events = Events::new(MAX_EVENT_BYTES);
    while let Some(chunk) = response
        .chunk(&mut || watch.tick())
        .map_err(|error| failure::broken(&error))?
    {
        events
            .feed(&chunk)
            .map_err(|error| failure::broken(&error))?;
        while let Some(event) = events.next_event() {
            if event.data == "[DONE]" {
                continue;
            }
            if event.name == "error" {
                let data: Value = parsed(event.data.as_bytes())?;
                return Err(failure::of_error(200, data.get("error").unwrap_or(&data)));
            }
            let data: Streamed = parsed(event.data.as_bytes())?;
            if data.kind.ends_with(".completed") {
                return Ok(Reply {
                    images: vec![Image {
                        b64_json: data.b64_json,
                        ..Image::default()
                    }],
                    usage: data.usage.map(|usage| usage.usage()),
                    size: data.size,
                    quality: data.quality,
                });
            }
            if data.kind.ends_with(".partial_image")
                && first_version(&data, partials, watch) == Flow::Cancelled
            {
                let mut error = ProviderError::new(Code::Cancelled);
                error.may_have_cost = true;
                return Err(error);
            }
        }
    }
    let mut error = ProviderError::new(Code::UpstreamUnavailable)
        .because("the answer ended before the image was complete");
    error.may_have_cost = true;
    Err(error)
}

fn first_version(data: &Streamed, partials: u64, watch: &mut Watch<'_, '_>) -> Flow {
    let Some(bytes) = data.b64_json.as_deref().and_then(|text| decoded(text).ok()) else {
        return watch.tick();
    };
    let index = f64::from(data.partial_image_index.unwrap_or(0));
    #[expect(clippy::cast_precision_loss, reason = "0 to 3")]
    let count = partials.max(1) as f64;
    watch.picture((index + 1.0) / (count + 1.0), &bytes)
}

/// The names in a list of models.
pub fn model_ids(body: &[u8]) -> Result<Vec<String>, ProviderError> {
    #[derive(Deserialize)]
    struct List {
        data: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        id: String,
    }
    let list: List = parsed(body)?;
    Ok(list.data.into_iter().map(|entry| entry.id).collect())
}
