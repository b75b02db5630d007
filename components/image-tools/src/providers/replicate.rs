//! Replicate: a prediction of a model is created, polled, and cancelled by whoever leaves.

use std::time::Duration;

use guest::Capabilities;
use guest::http::{Head, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::cost::Cost;
use super::error::{Code, ProviderError};
use super::model::Model;
use super::poll::{Polled, poll};
use super::request::GenerateRequest;
use super::table::Table;
use super::upstream::{Call, Upstream, Watch};
use super::{Generated, Made, Provider, Report, payload};
use crate::images::format::Format;

/// What the `provider` parameter takes.
pub const NAME: &str = "replicate";

/// Where Replicate is.
const OFFICIAL: &str = "https://api.replicate.com/v1";

/// Words in the failure of a model that mean its content policy.
const POLICY_WORDS: [&str; 4] = ["nsfw", "sensitive", "safety", "content policy"];

struct Replicate<'a> {
    upstream: Upstream<'a>,
    base: Url,
    token: String,
}

/// There with `REPLICATE_API_TOKEN`.
pub fn configured(capabilities: Capabilities<'_>) -> Option<Box<dyn Provider + '_>> {
    let token = capabilities.settings.setting("REPLICATE_API_TOKEN")?;
    let base = capabilities.settings.setting("REPLICATE_BASE_URL");
    let base = base.as_deref().unwrap_or(OFFICIAL).trim_end_matches('/');
    Some(Box::new(Replicate {
        upstream: Upstream {
            capabilities,
            name: NAME,
            failure,
        },
        base: Url::parse(base).ok()?,
        token,
    }))
}

impl Provider for Replicate<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "Models hosted by Replicate; a model is named as owner/name."
    }

    fn models(&self) -> Vec<Model> {
        self.table().models
    }

    fn discover(&self) -> Result<Vec<Model>, ProviderError> {
        let url = self.base.join("/account");
        let call = Call {
            method: "GET",
            url: &url,
            headers: &self.headers(),
            body: &[],
        };
        self.upstream.look_up(call)?;
        Ok(self.models())
    }

    /// Also a model that the table does not know: then with the least that all have in common.
    fn model_for(&self, request: &GenerateRequest) -> Result<Model, ProviderError> {
        let table = self.table();
        match (table.model_for(request), request.model.as_deref()) {
            (Err(_), Some(name)) if is_name(name) && table.replacement(name).is_none() => {
                let like = chosen_common(&table);
                Ok(Model {
                    model_id: name.to_owned().into(),
                    display_name: name.to_owned().into(),
                    is_default: false,
                    max_images: 1,
                    usd_per_image: None,
                    ..like
                })
            }
            (found, _) => found.map_err(|error| error.at(NAME)),
        }
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
        let watch = &mut Watch::new(report);
        let url = self
            .base
            .join(&format!("/models/{}/predictions", model.model_id));
        let body = json!({"input": input(request, &model)}).to_string();
        let headers = self.headers();
        let call = Call {
            method: "POST",
            url: &url,
            headers: &headers,
            body: &[body.as_bytes()],
        };
        let answer = self.upstream.call(call, watch)?;
        let created: Created = payload::parsed(&answer.body).map_err(|error| error.at(NAME))?;
        if !created
            .id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(self.upstream.error(Code::UpstreamUnavailable));
        }
        // Not the URLs of the answer: the token goes to where we were told to send it.
        let prediction = self.base.join(&format!("/predictions/{}", created.id));
        let outcome = poll(&self.upstream, (&prediction, &headers), watch, read);
        if outcome
            .as_ref()
            .is_err_and(|error| matches!(error.code, Code::Cancelled | Code::Timeout))
        {
            self.cancel(&created.id);
        }
        let mut images = Vec::new();
        for address in outcome? {
            let bytes = self.fetch(&address, watch).map_err(ProviderError::paid)?;
            let metadata = metadata(request, &model);
            images.push(Made { bytes, metadata });
        }
        Ok(Generated {
            images,
            cost: self.estimate(request),
        })
    }
}

impl Replicate<'_> {
    fn table(&self) -> Table {
        let file = include_str!("catalog/replicate.json");
        Table::load(self.upstream.capabilities, NAME, file)
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("authorization", format!("Bearer {}", self.token)),
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json".to_owned()),
        ]
    }

    fn cancel(&self, id: &str) {
        let url = self.base.join(&format!("/predictions/{id}/cancel"));
        let call = Call {
            method: "POST",
            url: &url,
            headers: &self.headers(),
            body: &[b"{}"],
        };
        let _ = self.upstream.peek(call);
    }

    fn fetch(&self, address: &str, watch: &mut Watch<'_, '_>) -> Result<Vec<u8>, ProviderError> {
        let bytes = if address.starts_with("data:") {
            payload::decoded(address)
        } else {
            let url = self.upstream.url(address)?;
            let call = Call {
                method: "GET",
                url: &url,
                headers: &[],
                body: &[],
            };
            payload::checked(self.upstream.call(call, watch)?.body)
        };
        bytes.map_err(|error| error.at(NAME))
    }
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// `owner/name`, and nothing that changes the path of a URL.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(allowed)
    };
    name.split_once('/')
        .is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

fn chosen_common(table: &Table) -> Model {
    super::model::chosen(&table.models, None)
        .cloned()
        .unwrap_or_default()
}

fn input(request: &GenerateRequest, model: &Model) -> Value {
    let format = match request.output_format {
        Some(Format::Jpeg) => "jpg",
        Some(Format::Webp) => "webp",
        _ => "png",
    };
    let mut input = json!({
        "prompt": payload::with_negative(request),
        "aspect_ratio": request.aspect_ratio,
        "output_format": format,
    });
    if let Some(map) = input.as_object_mut() {
        if model.max_images > 1 {
            map.insert("num_outputs".to_owned(), json!(request.n));
        }
        if let Some(seed) = request.seed {
            map.insert("seed".to_owned(), json!(seed & 0x7fff_ffff));
        }
        if let Some(image) = request.references.first() {
            let data = payload::encoded(image);
            let url = format!("data:{};base64,{data}", image.format.mime());
            map.insert("input_image".to_owned(), json!(url));
        }
    }
    input
}

/// An answer to a poll: the addresses of the files.
fn read(body: &[u8]) -> Result<Polled<Vec<String>>, ProviderError> {
    #[derive(Deserialize)]
    struct Whole {
        status: String,
        #[serde(default)]
        output: Value,
        error: Option<String>,
        logs: Option<String>,
    }
    let whole: Whole = payload::parsed(body)?;
    match whole.status.as_str() {
        "succeeded" => {
            let files: Vec<String> = match &whole.output {
                Value::String(one) => vec![one.clone()],
                Value::Array(list) => list
                    .iter()
                    .filter_map(|one| Some(one.as_str()?.to_owned()))
                    .collect(),
                _ => Vec::new(),
            };
            if files.is_empty() {
                let mut error = ProviderError::new(Code::NoImage);
                error.may_have_cost = true;
                return Err(error);
            }
            Ok(Polled::Done(files))
        }
        "failed" => {
            let text = whole.error.unwrap_or_default();
            let lower = text.to_lowercase();
            let is_policy = POLICY_WORDS.iter().any(|word| lower.contains(word));
            let code = if is_policy {
                Code::ContentBlocked
            } else {
                Code::UpstreamUnavailable
            };
            Err(ProviderError::new(code)
                .because(text)
                .with_code(Some("failed")))
        }
        "canceled" | "aborted" => {
            Err(ProviderError::new(Code::Cancelled).with_code(Some("canceled")))
        }
        status => Ok(Polled::Waiting {
            progress: whole.logs.as_deref().and_then(percentage),
            message: status.to_owned(),
        }),
    }
}

/// The last `NN%` of a log.
fn percentage(logs: &str) -> Option<f64> {
    let (before, _) = logs.rsplit_once('%')?;
    let start = before
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let number = before.get(start..)?.parse::<f64>().ok()?;
    (number <= 100.0).then_some(number / 100.0)
}

fn metadata(request: &GenerateRequest, model: &Model) -> Map<String, Value> {
    payload::facts([
        ("model", json!(model.model_id)),
        ("aspect_ratio", json!(request.aspect_ratio)),
        ("seed", json!(request.seed)),
        (
            "edited",
            json!((!request.references.is_empty()).then_some(true)),
        ),
    ])
}

/// An answer without success.
fn failure(head: &Head, body: &[u8]) -> ProviderError {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = document
        .get("detail")
        .and_then(Value::as_str)
        .unwrap_or_default();
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
    if code == Code::RateLimited {
        failure.retry_after = reset(detail);
    }
    if code == Code::InvalidRequest {
        return failure.because(detail);
    }
    failure
}

/// `Your rate limit resets in ~30s.`
fn reset(detail: &str) -> Option<Duration> {
    let (_, after) = detail.split_once("resets in ~")?;
    let seconds = after.split(|c: char| !c.is_ascii_digit()).next()?;
    seconds.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_path() {
        for name in ["a/b", "black-forest-labs/flux-1.1-pro", "A_b/c.d"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "", "a", "a/", "/b", "a/b/c", "../x", "a/..", "a/b?c", "a/b#c", "a/b c", "a/%2e",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn logs_and_limits_are_read() {
        assert_eq!(percentage("  5%|##\n 42%|####"), Some(0.42));
        assert_eq!(percentage("no number %"), None);
        assert_eq!(percentage("900%"), None);
        assert_eq!(
            reset("Your rate limit resets in ~30s."),
            Some(Duration::from_secs(30))
        );
        assert_eq!(reset("Slow down."), None);
    }
}
