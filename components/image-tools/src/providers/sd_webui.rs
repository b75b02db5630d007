//! Stable Diffusion web UI (AUTOMATIC1111, Forge, reForge, SD.Next), and the part of its API that
//! stable-diffusion.cpp serves: no progress, no options, an empty `info`.

mod failure;
mod preset;
mod reply;

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use guest::Capabilities;
use guest::http::Url;
use mcp::Flow;
use serde_json::{Map, Value, json};

use super::cost::Cost;
use super::error::ProviderError;
use super::model::Model;
use super::request::{GenerateRequest, InputImage};
use super::table::Table;
use super::upstream::{Call, Upstream, Watch};
use super::{Generated, Made, Provider, Report, payload};
use crate::images::shape::Size;
pub(super) use preset::Preset;

/// What the `provider` parameter takes.
pub const NAME: &str = "sd_webui";

/// The model when nobody names one: whatever is loaded.
const LOADED: &str = "default";

/// How far from a reference an image goes unless told otherwise.
const STRENGTH: f64 = 0.75;

/// How often progress is asked for.
const POLL: Duration = Duration::from_secs(2);

struct SdWebUi<'a> {
    upstream: Upstream<'a>,
    base: Url,
    authorization: Option<String>,
    checkpoint: Option<String>,
}

/// There with `SD_WEBUI_HOST`. User and password are those of `SD_WEBUI_AUTH`, `user:password`.
pub fn configured(capabilities: Capabilities<'_>) -> Option<Box<dyn Provider + '_>> {
    let host = capabilities.settings.setting("SD_WEBUI_HOST")?;
    let auth = capabilities.settings.setting("SD_WEBUI_AUTH");
    let authorization = auth.map(|text| format!("Basic {}", BASE64_STANDARD.encode(text)));
    Some(Box::new(SdWebUi {
        upstream: Upstream {
            capabilities,
            name: NAME,
            failure: failure::failure,
        },
        base: Url::parse(host.trim_end_matches('/')).ok()?,
        authorization,
        checkpoint: capabilities.settings.setting("SD_WEBUI_MODEL"),
    }))
}

impl Provider for SdWebUi<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "A Stable Diffusion web UI of this deployment: free of charge, many styles by checkpoint, seeds, inpainting with masks."
    }

    fn models(&self) -> Vec<Model> {
        vec![self.default_model()]
    }

    fn discover(&self) -> Result<Vec<Model>, ProviderError> {
        let url = self.base.join("/sdapi/v1/sd-models");
        let call = Call {
            method: "GET",
            url: &url,
            headers: &self.headers(),
            body: &[],
        };
        let answer = self.upstream.look_up(call)?;
        let common = self.default_model();
        let checkpoints = reply::checkpoints(&answer.body).map_err(|error| error.at(NAME))?;
        let listed = checkpoints
            .iter()
            .map(|one| Preset::of(&one.title).model(&common, &one.title, &one.model_name));
        Ok(std::iter::once(common.clone()).chain(listed).collect())
    }

    /// Any checkpoint: which there are is known only to the web UI, and it says so.
    fn model_for(&self, request: &GenerateRequest) -> Result<Model, ProviderError> {
        let common = self.default_model();
        Ok(match &request.model {
            Some(name) if name != LOADED => Preset::of(name).model(&common, name, name),
            _ => common,
        })
    }

    fn estimate(&self, _: &GenerateRequest) -> Option<Cost> {
        Some(Cost::FREE)
    }

    fn generate(
        &self,
        request: &GenerateRequest,
        report: &mut Report<'_>,
    ) -> Result<Generated, ProviderError> {
        let checkpoint = self.checkpoint_for(request);
        let preset = self.preset(checkpoint.as_deref());
        let size = request
            .size
            .unwrap_or_else(|| preset.size(&request.aspect_ratio));
        let body = body(request, (&preset, size), checkpoint.as_deref());
        let path = if request.references.is_empty() {
            "/sdapi/v1/txt2img"
        } else {
            "/sdapi/v1/img2img"
        };
        let url = self.base.join(path);
        let text = body.to_string();
        let headers = self.headers();
        let call = Call {
            method: "POST",
            url: &url,
            headers: &headers,
            body: &[text.as_bytes()],
        };
        let answer = self.run(call, &mut Watch::new(report))?;
        let reply = reply::read(&answer).map_err(|error| error.at(NAME))?;
        let metadata = |seed: Option<u64>| {
            let model = reply.model.clone().or_else(|| checkpoint.clone());
            metadata(request, (&preset, size), (model, seed))
        };
        let images: Result<Vec<_>, _> = reply
            .images
            .iter()
            .enumerate()
            .map(|(index, text)| {
                payload::decoded(text).map(|bytes| Made {
                    bytes,
                    metadata: metadata(reply.seeds.get(index).copied().or(request.seed)),
                })
            })
            .collect();
        Ok(Generated {
            images: images.map_err(|error| error.at(NAME))?,
            cost: Some(Cost::FREE),
        })
    }
}

impl SdWebUi<'_> {
    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json".to_owned()),
        ];
        headers.extend(
            self.authorization
                .clone()
                .map(|value| ("authorization", value)),
        );
        headers
    }

    fn default_model(&self) -> Model {
        let file = include_str!("catalog/sd_webui.json");
        let table = Table::load(self.upstream.capabilities, NAME, file);
        let common = table.models.into_iter().next().unwrap_or_default();
        let preset = self.preset(self.checkpoint.as_deref());
        Model {
            is_default: true,
            ..preset.model(&common, LOADED, "The checkpoint that is loaded")
        }
    }

    fn checkpoint_for(&self, request: &GenerateRequest) -> Option<String> {
        let named = request.model.clone().filter(|name| name != LOADED);
        named.or_else(|| self.checkpoint.clone())
    }

    /// Without a name, what is loaded is taken for the most common family.
    fn preset(&self, checkpoint: Option<&str>) -> Preset {
        checkpoint.map_or(preset::SDXL, Preset::of)
    }

    /// Sends the request, and asks for progress on another connection while it waits. Who leaves
    /// interrupts the work, which the web UI would finish otherwise.
    fn run(&self, call: Call<'_>, watch: &mut Watch<'_, '_>) -> Result<Vec<u8>, ProviderError> {
        let clock = self.upstream.capabilities.clock;
        let mut asked_at = clock.monotonic();
        let mut shows_progress = true;
        let mut cancelled = false;
        let mut tick = |watch: &mut Watch<'_, '_>| {
            if shows_progress && clock.monotonic() >= asked_at + POLL {
                match self.progress() {
                    Some((progress, message)) if progress > 0.0 => {
                        // The last steps are decoding and encoding.
                        let _ = watch.step(progress * 0.98, message);
                    }
                    Some(_) => (),
                    None => shows_progress = false,
                }
                asked_at = clock.monotonic();
            }
            let flow = watch.tick();
            cancelled |= flow == Flow::Cancelled;
            flow
        };
        let answer = self.upstream.call_with(call, watch, &mut tick);
        if cancelled {
            self.interrupt();
        }
        answer.map(|answer| answer.body)
    }

    /// Progress and a word about it; `None` when this server shows none.
    fn progress(&self) -> Option<(f64, String)> {
        let url = self.base.join("/sdapi/v1/progress?skip_current_image=true");
        let call = Call {
            method: "GET",
            url: &url,
            headers: &self.headers(),
            body: &[],
        };
        let answer = self.upstream.peek(call)?;
        reply::progress(&answer)
    }

    /// Global: the web UI runs one thing at a time, and that one is ours.
    fn interrupt(&self) {
        let url = self.base.join("/sdapi/v1/interrupt");
        let call = Call {
            method: "POST",
            url: &url,
            headers: &self.headers(),
            body: &[b"{}"],
        };
        let _ = self.upstream.peek(call);
    }
}

fn body(
    request: &GenerateRequest,
    (preset, size): (&Preset, Size),
    checkpoint: Option<&str>,
) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("prompt", json!(payload::without_settings(&request.prompt)));
    if preset.takes_negative() {
        let negative = request.negative_prompt.as_deref().unwrap_or_default();
        set(
            "negative_prompt",
            json!(payload::without_settings(negative)),
        );
    }
    set("width", json!(size.width));
    set("height", json!(size.height));
    set("steps", json!(preset.steps));
    set("cfg_scale", json!(preset.cfg));
    set("sampler_name", json!(preset.sampler));
    set("scheduler", json!(preset.scheduler));
    set("batch_size", json!(request.n));
    let seed = request
        .seed
        .map_or(-1, |seed| i64::try_from(seed & 0xffff_ffff).unwrap_or(0));
    set("seed", json!(seed));
    if let Some(guidance) = preset.distilled_cfg {
        set("distilled_cfg_scale", json!(guidance));
    }
    if let Some(checkpoint) = checkpoint {
        set(
            "override_settings",
            json!({"sd_model_checkpoint": checkpoint}),
        );
    }
    if let Some(first) = request.references.first() {
        set("init_images", json!([payload::encoded(first)]));
        set(
            "denoising_strength",
            json!(request.strength.unwrap_or(STRENGTH)),
        );
    }
    if let Some(mask) = request.mask.as_ref().and_then(painted) {
        set("mask", json!(mask));
        set("mask_blur", json!(4));
        // Begin with what is there, and keep the whole picture in view.
        set("inpainting_fill", json!(1));
        set("inpaint_full_res", json!(false));
    }
    Value::Object(body)
}

/// The web UI wants white where the picture may change; ours is transparent there.
fn painted(mask: &InputImage) -> Option<String> {
    super::mask::white_where_transparent(&mask.bytes).map(|bytes| BASE64_STANDARD.encode(bytes))
}

fn metadata(
    request: &GenerateRequest,
    (preset, size): (&Preset, Size),
    (model, seed): (Option<String>, Option<u64>),
) -> Map<String, Value> {
    let edited = !request.references.is_empty();
    let pairs = [
        ("model", json!(model)),
        ("quality", json!(preset.tier)),
        ("size", json!(format!("{}x{}", size.width, size.height))),
        ("steps", json!(preset.steps)),
        ("cfg_scale", json!(preset.cfg)),
        ("sampler", json!(preset.sampler)),
        ("prompt_style", json!(preset.prompt_style)),
        ("seed", json!(seed)),
        ("edited", json!(edited.then_some(true))),
        (
            "strength",
            json!(edited.then(|| request.strength.unwrap_or(STRENGTH))),
        ),
    ];
    pairs
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
