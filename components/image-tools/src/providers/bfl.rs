//! Black Forest Labs: a request is submitted, its own URL is polled, and the file is fetched from
//! where the answer says.

use std::time::Duration;

use guest::Capabilities;
use guest::http::{Head, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::cost::{Basis, Cost};
use super::error::{Code, ProviderError};
use super::model::Model;
use super::poll::{Polled, poll};
use super::request::GenerateRequest;
use super::table::Table;
use super::upstream::{Call, Upstream, Watch};
use super::{Generated, Made, Provider, Report, payload, ratio};
use crate::images::format::Format;
use crate::images::shape::Size;

/// What the `provider` parameter takes.
pub const NAME: &str = "bfl";

/// Where Black Forest Labs are.
const OFFICIAL: &str = "https://api.bfl.ai/v1";

/// Dollars for one of their credits.
const USD_PER_CREDIT: f64 = 0.01;

struct Bfl<'a> {
    upstream: Upstream<'a>,
    base: Url,
    key: String,
}

/// There with `BFL_API_KEY`.
pub fn configured(capabilities: Capabilities<'_>) -> Option<Box<dyn Provider + '_>> {
    let key = capabilities.settings.setting("BFL_API_KEY")?;
    let base = capabilities.settings.setting("BFL_BASE_URL");
    let base = base.as_deref().unwrap_or(OFFICIAL).trim_end_matches('/');
    Some(Box::new(Bfl {
        upstream: Upstream {
            capabilities,
            name: NAME,
            failure,
        },
        base: Url::parse(base).ok()?,
        key,
    }))
}

impl Provider for Bfl<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "FLUX models of Black Forest Labs: photographs and products in any size up to 4 megapixels, seeds, up to 8 reference pictures."
    }

    fn models(&self) -> Vec<Model> {
        self.table().models
    }

    fn discover(&self) -> Result<Vec<Model>, ProviderError> {
        let url = self.base.join("/credits");
        let call = Call {
            method: "GET",
            url: &url,
            headers: &self.headers(),
            body: &[],
        };
        self.upstream.look_up(call)?;
        Ok(self.models())
    }

    fn model_for(&self, request: &GenerateRequest) -> Result<Model, ProviderError> {
        let found = self.table().model_for(request);
        found.map_err(|error| error.at(NAME))
    }

    fn estimate(&self, request: &GenerateRequest) -> Option<Cost> {
        let table = self.table();
        let model = table.model_for(request).ok()?;
        // Megapixels are counted of the size that is asked for.
        let sized = GenerateRequest {
            size: Some(size(request)),
            ..request.clone()
        };
        table.guess(&model, &sized)
    }

    fn generate(
        &self,
        request: &GenerateRequest,
        report: &mut Report<'_>,
    ) -> Result<Generated, ProviderError> {
        let model = self.model_for(request)?;
        let watch = &mut Watch::new(report);
        let url = self.base.join(&format!("/{}", model.model_id));
        let body = body(request).to_string();
        let headers = self.headers();
        let call = Call {
            method: "POST",
            url: &url,
            headers: &headers,
            body: &[body.as_bytes()],
        };
        let answer = self.upstream.call(call, watch)?;
        let submitted: Submitted = payload::parsed(&answer.body).map_err(|error| error.at(NAME))?;
        let status = self.polling_url(&submitted.polling_url)?;
        let result = poll(&self.upstream, (&status, &headers), watch, read)?;
        let sample = self.upstream.url(&result.sample)?;
        // Somebody else's host: the key stays here.
        let call = Call {
            method: "GET",
            url: &sample,
            headers: &[],
            body: &[],
        };
        let file = self.upstream.call(call, watch);
        let bytes = file.and_then(|file| payload::checked(file.body));
        let bytes = bytes.map_err(|error| error.paid().at(NAME))?;
        let cost = submitted
            .cost
            .map(|credits| Cost::new(credits * USD_PER_CREDIT, Basis::Charged));
        Ok(Generated {
            images: vec![Made {
                bytes,
                metadata: metadata(request, &model, result.seed),
            }],
            cost: cost.or_else(|| self.estimate(request)),
        })
    }
}

impl Bfl<'_> {
    fn table(&self) -> Table {
        let file = include_str!("catalog/bfl.json");
        Table::load(self.upstream.capabilities, NAME, file)
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("x-key", self.key.clone()),
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json".to_owned()),
        ]
    }

    /// The key goes to where the request was sent, and to the regions of Black Forest Labs.
    fn polling_url(&self, text: &str) -> Result<Url, ProviderError> {
        let url = self.upstream.url(text)?;
        let host = url.host();
        let is_region = url.is_https && host.starts_with("api.") && host.ends_with(".bfl.ai");
        if url.is_same_origin(&self.base) || is_region {
            return Ok(url);
        }
        let mut error = self.upstream.error(Code::UpstreamUnavailable);
        error.may_have_cost = true;
        Err(error.because("the answer leads to another host"))
    }
}

#[derive(Deserialize)]
struct Submitted {
    polling_url: String,
    cost: Option<f64>,
}

struct Ready {
    sample: String,
    seed: Option<u64>,
}

/// An answer to a poll.
fn read(body: &[u8]) -> Result<Polled<Ready>, ProviderError> {
    #[derive(Deserialize)]
    struct Whole {
        status: String,
        result: Option<Outcome>,
        progress: Option<f64>,
        details: Option<Value>,
    }
    #[derive(Deserialize)]
    struct Outcome {
        sample: Option<String>,
        seed: Option<u64>,
    }
    let whole: Whole = payload::parsed(body)?;
    let blocked = |stage: &str| {
        let reasons = whole
            .details
            .as_ref()
            .and_then(|details| details.get("Moderation Reasons")?.as_array())
            .map(|list| {
                list.iter()
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            })
            .unwrap_or_default();
        ProviderError::new(Code::ContentBlocked)
            .because(format!("at the {stage}: {reasons}"))
            .with_code(Some(&whole.status))
    };
    match whole.status.as_str() {
        "Ready" => {
            let outcome = whole.result;
            let seed = outcome.as_ref().and_then(|outcome| outcome.seed);
            let sample = outcome.and_then(|outcome| outcome.sample);
            let missing = || {
                let mut error = ProviderError::new(Code::NoImage);
                error.may_have_cost = true;
                error
            };
            Ok(Polled::Done(Ready {
                sample: sample.ok_or_else(missing)?,
                seed,
            }))
        }
        "Request Moderated" => Err(blocked("input")),
        "Content Moderated" => {
            let mut error = blocked("output");
            error.may_have_cost = true;
            Err(error)
        }
        "Error" | "Failed" => {
            Err(ProviderError::new(Code::UpstreamUnavailable).with_code(Some(&whole.status)))
        }
        "Task not found" => {
            Err(ProviderError::new(Code::UpstreamUnavailable).with_code(Some(&whole.status)))
        }
        status => Ok(Polled::Waiting {
            progress: whole.progress,
            message: status.to_lowercase(),
        }),
    }
}

fn size(request: &GenerateRequest) -> Size {
    request.size.unwrap_or_else(|| {
        ratio::size(
            ratio::parse(&request.aspect_ratio).unwrap_or(1.0),
            1024 * 1024,
            16,
        )
    })
}

fn body(request: &GenerateRequest) -> Value {
    let Size { width, height } = size(request);
    let format = match request.output_format {
        Some(Format::Jpeg) => "jpeg",
        _ => "png",
    };
    let mut body = json!({
        "prompt": payload::with_negative(request),
        "width": width,
        "height": height,
        "output_format": format,
    });
    if let Some(map) = body.as_object_mut() {
        if let Some(seed) = request.seed {
            map.insert("seed".to_owned(), json!(seed & 0x7fff_ffff));
        }
        for (index, image) in request.references.iter().enumerate() {
            let name = match index {
                0 => "input_image".to_owned(),
                index => format!("input_image_{}", index + 1),
            };
            map.insert(name, json!(payload::encoded(image)));
        }
    }
    body
}

fn metadata(request: &GenerateRequest, model: &Model, seed: Option<u64>) -> Map<String, Value> {
    let Size { width, height } = size(request);
    payload::facts([
        ("model", json!(model.model_id)),
        ("size", json!(format!("{width}x{height}"))),
        ("seed", json!(seed.or(request.seed))),
        (
            "edited",
            json!((!request.references.is_empty()).then_some(true)),
        ),
    ])
}

/// An answer without success.
fn failure(head: &Head, body: &[u8]) -> ProviderError {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = match head.status {
        401 | 403 => Code::Auth,
        402 => Code::Quota,
        404 => Code::ModelUnavailable,
        429 => Code::RateLimited,
        408 | 504 => Code::Timeout,
        500.. => Code::UpstreamUnavailable,
        _ => Code::InvalidRequest,
    };
    let mut failure = ProviderError::new(code);
    let seconds = head
        .header("retry-after")
        .and_then(|text| text.parse::<f64>().ok());
    failure.retry_after = seconds
        .filter(|_| code == Code::RateLimited)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match document.get("detail") {
        Some(Value::Array(list)) => failure.because(payload::field_faults(list)),
        Some(Value::String(text)) if code == Code::InvalidRequest => failure.because(text),
        _ => failure,
    }
}
