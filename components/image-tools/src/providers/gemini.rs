//! Gemini's `generateContent`: prompt and pictures in, parts out, one image each time. What it does
//! not want to show it answers with 200 and a reason.

mod failure;
mod reply;

use guest::Capabilities;
use guest::http::Url;
use serde_json::{Map, Value, json};

use super::cost::Cost;
use super::error::{Code, ProviderError};
use super::model::Model;
use super::request::GenerateRequest;
use super::table::Table;
use super::upstream::{Call, Upstream, Watch};
use super::{Generated, Made, Provider, Report, payload};
use reply::Reply;

/// What the `provider` parameter takes.
pub const NAME: &str = "gemini";

/// Where Google is.
const OFFICIAL: &str = "https://generativelanguage.googleapis.com/v1beta";

struct Gemini<'a> {
    upstream: Upstream<'a>,
    base: Url,
    key: String,
}

/// There with `GOOGLE_API_KEY`.
pub fn configured(capabilities: Capabilities<'_>) -> Option<Box<dyn Provider + '_>> {
    let key = capabilities.settings.setting("GOOGLE_API_KEY")?;
    let base = capabilities.settings.setting("GEMINI_BASE_URL");
    let base = base.as_deref().unwrap_or(OFFICIAL).trim_end_matches('/');
    Some(Box::new(Gemini {
        upstream: Upstream {
            capabilities,
            name: NAME,
            failure: failure::failure,
        },
        base: Url::parse(base).ok()?,
        key,
    }))
}

impl Provider for Gemini<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "Google Gemini image models: photographs, quick drafts, many aspect ratios, up to 14 reference pictures. Images carry an invisible SynthID mark."
    }

    fn models(&self) -> Vec<Model> {
        self.table().models
    }

    fn discover(&self) -> Result<Vec<Model>, ProviderError> {
        let url = self.base.join("/models?pageSize=1000");
        let call = Call {
            method: "GET",
            url: &url,
            headers: &self.headers(),
            body: &[],
        };
        let answer = self.upstream.look_up(call)?;
        let names = reply::model_names(&answer.body).map_err(|error| error.at(NAME))?;
        let mut models = self.models();
        models.retain(|model| names.iter().any(|name| *name == model.model_id));
        Ok(models)
    }

    fn model_for(&self, request: &GenerateRequest) -> Result<Model, ProviderError> {
        self.table()
            .model_for(request)
            .map_err(|error| error.at(NAME))
    }

    fn estimate(&self, request: &GenerateRequest) -> Option<Cost> {
        let table = self.table();
        let model = table.model_for(request).ok()?;
        table.guess(&model, request)
    }

    fn generate(
        &self,
        request: &GenerateRequest,
        report: &mut Report<'_>,
    ) -> Result<Generated, ProviderError> {
        let model = self.model_for(request)?;
        let url = self
            .base
            .join(&format!("/models/{}:generateContent", model.model_id));
        let body = body(request, &model).to_string();
        let call = Call {
            method: "POST",
            url: &url,
            headers: &self.headers(),
            body: &[body.as_bytes()],
        };
        let answer = self.upstream.call(call, &mut Watch::new(report))?;
        let reply = reply::read(&answer.body).map_err(|error| error.at(NAME))?;
        let table = self.table();
        let cost = table.charge(&model.model_id, reply.usage);
        let metadata = metadata(request, &model, &reply);
        Ok(Generated {
            images: vec![Made {
                bytes: reply.image,
                metadata,
            }],
            cost,
        })
    }
}

impl Gemini<'_> {
    fn table(&self) -> Table {
        let file = include_str!("catalog/gemini.json");
        Table::load(self.upstream.capabilities, NAME, file)
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("x-goog-api-key", self.key.clone()),
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json".to_owned()),
        ]
    }
}

/// The body of a request. Fields that only Vertex knows (`outputMimeType`) are refused here.
fn body(request: &GenerateRequest, model: &Model) -> Value {
    let mut parts = vec![json!({"text": payload::with_negative(request)})];
    for image in &request.references {
        let data = payload::encoded(image);
        parts.push(json!({"inlineData": {"mimeType": image.format.mime(), "data": data}}));
    }
    let takes_hd = model
        .supported_qualities
        .iter()
        .any(|quality| quality == "hd");
    let size = if request.is_hd() && takes_hd {
        "2K"
    } else {
        "1K"
    };
    let mut config = json!({
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": request.aspect_ratio, "imageSize": size},
    });
    if let (Some(seed), Some(map)) = (request.seed, config.as_object_mut()) {
        // A signed number of 32 bits there.
        map.insert("seed".to_owned(), json!(seed & 0x7fff_ffff));
    }
    json!({"contents": [{"role": "user", "parts": parts}], "generationConfig": config})
}

fn metadata(request: &GenerateRequest, model: &Model, reply: &Reply) -> Map<String, Value> {
    let pairs = [
        ("model", json!(model.model_id)),
        ("model_version", json!(reply.model_version)),
        ("quality", json!(request.quality)),
        ("aspect_ratio", json!(request.aspect_ratio)),
        ("seed", json!(request.seed)),
        ("watermark", json!("synthid")),
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

/// What is left of a refusal: nothing was made.
fn blocked(reason: &str, detail: Option<&str>) -> ProviderError {
    let text = match detail {
        Some(detail) => format!("{reason}: {detail}"),
        None => reason.to_owned(),
    };
    ProviderError::new(Code::ContentBlocked)
        .because(text)
        .with_code(Some(reason))
}
