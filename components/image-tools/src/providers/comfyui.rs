//! ComfyUI: a graph is queued, its history is asked for until it is there, and the files are
//! fetched. The graphs are data: `workflows` in the table, which a deployment can change.

mod graph;
mod reply;

use std::cell::Cell;

use guest::Capabilities;
use guest::http::{Form, Head, Part, Url};
use serde_json::{Value, json};

use super::cost::Cost;
use super::error::{Code, ProviderError};
use super::model::Model;
use super::poll::{Polled, poll};
use super::request::{GenerateRequest, InputImage};
use super::sd_webui::Preset;
use super::table::Table;
use super::upstream::{Call, Upstream, Watch};
use super::{Generated, Made, Provider, Report, payload};

use graph::Values;
use reply::{File, Found};

/// What the `provider` parameter takes.
pub const NAME: &str = "comfyui";

/// The model when nobody names one.
const DEFAULT: &str = "default";

/// How far from a reference an image goes unless told otherwise.
const STRENGTH: f64 = 0.75;

/// How often a graph may be neither in the queue nor in the history: between the two it is for a
/// moment.
const MAX_MISSING: u32 = 3;

struct ComfyUi<'a> {
    upstream: Upstream<'a>,
    base: Url,
    checkpoint: Option<String>,
}

/// There with `COMFYUI_HOST`.
pub fn configured(capabilities: Capabilities<'_>) -> Option<Box<dyn Provider + '_>> {
    let host = capabilities.settings.setting("COMFYUI_HOST")?;
    Some(Box::new(ComfyUi {
        upstream: Upstream {
            capabilities,
            name: NAME,
            failure,
        },
        base: Url::parse(host.trim_end_matches('/')).ok()?,
        checkpoint: capabilities.settings.setting("COMFYUI_MODEL"),
    }))
}

impl Provider for ComfyUi<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "A ComfyUI of this deployment: free of charge, checkpoints by name, seeds, inpainting with masks."
    }

    fn models(&self) -> Vec<Model> {
        vec![self.model(DEFAULT)]
    }

    fn discover(&self) -> Result<Vec<Model>, ProviderError> {
        let listed = self.checkpoints()?;
        let named = listed.iter().map(|name| self.model(name));
        Ok(std::iter::once(self.model(DEFAULT)).chain(named).collect())
    }

    fn model_for(&self, request: &GenerateRequest) -> Result<Model, ProviderError> {
        Ok(self.model(request.model.as_deref().unwrap_or(DEFAULT)))
    }

    fn estimate(&self, _: &GenerateRequest) -> Option<Cost> {
        Some(Cost::FREE)
    }

    fn generate(
        &self,
        request: &GenerateRequest,
        report: &mut Report<'_>,
    ) -> Result<Generated, ProviderError> {
        let watch = &mut Watch::new(report);
        let checkpoint = self.checkpoint_for(request)?;
        let preset = Preset::of(&checkpoint);
        let size = request
            .size
            .unwrap_or_else(|| preset.size(&request.aspect_ratio));
        let seed = request
            .seed
            .unwrap_or_else(|| self.upstream.capabilities.random.random_u64())
            & 0xffff_ffff;
        let mut values = graph::values(request, &preset, (size, seed));
        values.set("checkpoint", json!(checkpoint));
        values.set("strength", json!(request.strength.unwrap_or(STRENGTH)));
        let workflow = self.upload_all(request, &mut values, watch)?;
        let id = self.queue(&values.fill(workflow), watch)?;
        let files = match self.wait(&id, watch) {
            Err(error) if matches!(error.code, Code::Cancelled | Code::Timeout) => {
                self.cancel(&id);
                return Err(error);
            }
            files => files?,
        };
        let mut images = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let metadata = payload::facts([
                ("model", json!(checkpoint)),
                ("size", json!(format!("{}x{}", size.width, size.height))),
                ("steps", json!(preset.steps)),
                ("seed", json!(seed)),
                ("batch_index", json!((files.len() > 1).then_some(index))),
                (
                    "edited",
                    json!((!request.references.is_empty()).then_some(true)),
                ),
            ]);
            let bytes = self.fetch(file, watch)?;
            images.push(Made { bytes, metadata });
        }
        Ok(Generated {
            images,
            cost: Some(Cost::FREE),
        })
    }
}

impl ComfyUi<'_> {
    fn table(&self) -> Table {
        let file = include_str!("catalog/comfyui.json");
        Table::load(self.upstream.capabilities, NAME, file)
    }

    fn model(&self, name: &str) -> Model {
        let common = self.table().models.into_iter().next().unwrap_or_default();
        let checkpoint = match name {
            DEFAULT => self.checkpoint.as_deref().unwrap_or("sdxl"),
            name => name,
        };
        Model {
            is_default: name == DEFAULT,
            ..Preset::of(checkpoint).model(&common, name, name)
        }
    }

    fn get(&self, path: &str) -> (Url, Vec<(&'static str, String)>) {
        let accept = ("accept", "application/json".to_owned());
        (self.base.join(path), vec![accept])
    }

    fn checkpoints(&self) -> Result<Vec<String>, ProviderError> {
        let (url, headers) = self.get("/models/checkpoints");
        let call = Call {
            method: "GET",
            url: &url,
            headers: &headers,
            body: &[],
        };
        let answer = self.upstream.look_up(call)?;
        payload::parsed(&answer.body).map_err(|error| error.at(NAME))
    }

    /// The named one, or that of the deployment, or the first that there is.
    fn checkpoint_for(&self, request: &GenerateRequest) -> Result<String, ProviderError> {
        let named = request.model.clone().filter(|name| name != DEFAULT);
        if let Some(name) = named.or_else(|| self.checkpoint.clone()) {
            return Ok(name);
        }
        let first = self.checkpoints()?.into_iter().next();
        first.ok_or_else(|| {
            self.upstream
                .error(Code::ModelUnavailable)
                .because("ComfyUI has no checkpoint")
        })
    }

    /// Uploads what the request brings along, and says which workflow it takes.
    fn upload_all(
        &self,
        request: &GenerateRequest,
        values: &mut Values,
        watch: &mut Watch<'_, '_>,
    ) -> Result<Value, ProviderError> {
        let mut kind = "txt2img";
        if let Some(first) = request.references.first() {
            kind = "img2img";
            values.set("image", json!(self.upload(first, watch)?));
            if let Some(mask) = &request.mask {
                kind = "inpaint";
                values.set("mask", json!(self.upload(mask, watch)?));
            }
        }
        self.table().workflow(kind).ok_or_else(|| {
            self.upstream
                .error(Code::InvalidRequest)
                .because(format!("this deployment has no workflow `{kind}`"))
        })
    }

    fn upload(
        &self,
        image: &InputImage,
        watch: &mut Watch<'_, '_>,
    ) -> Result<String, ProviderError> {
        let random = self.upstream.capabilities.random;
        // Nobody else's file is overwritten, and none of ours is found by its name.
        let (one, other) = (random.random_u64(), random.random_u64());
        let name = format!(
            "imagegen-{one:016x}{other:016x}.{}",
            image.format.extension()
        );
        let parts = [
            Part {
                name: "image",
                file: Some((&name, image.format.mime())),
                bytes: &image.bytes,
            },
            Part {
                name: "type",
                file: None,
                bytes: b"input",
            },
        ];
        let form = Form::new(&parts, random);
        let url = self.base.join("/upload/image");
        let call = Call {
            method: "POST",
            url: &url,
            headers: &[("content-type", form.content_type())],
            body: &form.pieces(),
        };
        let answer = self.upstream.call(call, watch)?;
        reply::uploaded(&answer.body).map_err(|error| error.at(NAME))
    }

    fn queue(&self, graph: &Value, watch: &mut Watch<'_, '_>) -> Result<String, ProviderError> {
        let url = self.base.join("/prompt");
        let body = json!({"prompt": graph, "client_id": "image-generation-mcp"}).to_string();
        let call = Call {
            method: "POST",
            url: &url,
            headers: &[("content-type", "application/json".to_owned())],
            body: &[body.as_bytes()],
        };
        let answer = self.upstream.call(call, watch)?;
        reply::queued(&answer.body).map_err(|error| error.at(NAME))
    }

    /// An empty history means that it waits, or that nobody knows it: the queue tells which.
    fn wait(&self, id: &str, watch: &mut Watch<'_, '_>) -> Result<Vec<File>, ProviderError> {
        let (url, headers) = self.get(&format!("/history/{id}"));
        let missing = Cell::new(0);
        let read = |body: &[u8]| match reply::history(body, id)? {
            Found::Files(files) => Ok(Polled::Done(files)),
            Found::Nothing => {
                let queue = self.get("/queue");
                let call = Call {
                    method: "GET",
                    url: &queue.0,
                    headers: &queue.1,
                    body: &[],
                };
                let place = self
                    .upstream
                    .peek(call)
                    .map_or(Some("waiting".to_owned()), |body| reply::place(&body, id));
                missing.set(if place.is_some() {
                    0
                } else {
                    missing.get() + 1
                });
                if missing.get() > MAX_MISSING {
                    return Err(ProviderError::new(Code::UpstreamUnavailable)
                        .because("the queue has lost the work"));
                }
                Ok(Polled::Waiting {
                    progress: None,
                    message: place.unwrap_or_else(|| "waiting".to_owned()),
                })
            }
        };
        poll(&self.upstream, (&url, &headers), watch, read)
    }

    /// Takes it from the queue, and stops it when it runs.
    fn cancel(&self, id: &str) {
        let steps = [
            ("/queue", json!({"delete": [id]})),
            ("/interrupt", json!({"prompt_id": id})),
        ];
        for (path, body) in steps {
            let url = self.base.join(path);
            let body = body.to_string();
            let call = Call {
                method: "POST",
                url: &url,
                headers: &[("content-type", "application/json".to_owned())],
                body: &[body.as_bytes()],
            };
            let _ = self.upstream.peek(call);
        }
    }

    fn fetch(&self, file: &File, watch: &mut Watch<'_, '_>) -> Result<Vec<u8>, ProviderError> {
        let url = self.base.join(&format!("/view?{}", file.query()));
        let call = Call {
            method: "GET",
            url: &url,
            headers: &[],
            body: &[],
        };
        let body = self.upstream.call(call, watch)?.body;
        payload::checked(body).map_err(|error| error.at(NAME))
    }
}

/// An answer without success. What the nodes say can hold paths, so only their kind is passed on.
fn failure(head: &Head, body: &[u8]) -> ProviderError {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let kind = document
        .get("error")
        .and_then(|error| error.get("type"))
        .and_then(Value::as_str);
    let code = match head.status {
        401 | 403 => Code::Auth,
        400 if reply::names_unknown_checkpoint(&document) => Code::ModelUnavailable,
        400 | 404 | 413 | 422 => Code::InvalidRequest,
        408 | 504 => Code::Timeout,
        429 => Code::RateLimited,
        _ => Code::UpstreamUnavailable,
    };
    ProviderError::new(code).with_code(kind)
}
