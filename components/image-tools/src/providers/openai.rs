//! OpenAI's Images API, and servers that imitate it (`OPENAI_BASE_URL`): LocalAI,
//! stable-diffusion.cpp, relays. Of those no field of an answer is expected but the image.

mod body;
mod failure;
mod reply;

use guest::Capabilities;
use guest::http::{Form, Url};
use serde_json::{Map, Value, json};

use super::cost::Cost;
use super::error::{Code, ProviderError};
use super::model::{Model, texts};
use super::request::{ALL_ASPECT_RATIOS, GenerateRequest};
use super::table::Table;
use super::upstream::{Call, Upstream, Watch};
use super::{Generated, Made, Provider, Report, payload};
use body::Fields;
use reply::Reply;

/// What the `provider` parameter takes.
pub const NAME: &str = "openai";

/// Where OpenAI itself is.
const OFFICIAL: &str = "https://api.openai.com/v1";

/// The model of a server that imitates OpenAI, when the request names none: its own choice.
const SERVERS_CHOICE: &str = "default";

/// Fields that a server has refused and that an image can do without, before we give up.
const MAX_DROPPED: usize = 4;

struct OpenAi<'a> {
    upstream: Upstream<'a>,
    base: Url,
    key: Option<String>,
    is_official: bool,
}

/// There with `OPENAI_API_KEY`, or with an `OPENAI_BASE_URL` that needs none.
pub fn configured(capabilities: Capabilities<'_>) -> Option<Box<dyn Provider + '_>> {
    let key = capabilities.settings.setting("OPENAI_API_KEY");
    let base = capabilities.settings.setting("OPENAI_BASE_URL");
    if key.is_none() && base.is_none() {
        return None;
    }
    let base = base.as_deref().unwrap_or(OFFICIAL).trim_end_matches('/');
    let base = Url::parse(base).ok()?;
    let dialect = capabilities.settings.setting("OPENAI_DIALECT");
    Some(Box::new(OpenAi {
        upstream: Upstream {
            capabilities,
            name: NAME,
            failure: failure::failure,
        },
        is_official: match dialect.as_deref() {
            Some(dialect) => dialect == "openai",
            // Also the addresses of its regions.
            None => base.host() == "api.openai.com" || base.host().ends_with(".api.openai.com"),
        },
        base,
        key,
    }))
}

impl Provider for OpenAi<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "OpenAI image models: follow long instructions, draw text and logos, edit pictures with masks, make transparent backgrounds."
    }

    fn models(&self) -> Vec<Model> {
        if self.is_official {
            self.table().models
        } else {
            vec![imitation(SERVERS_CHOICE)]
        }
    }

    fn discover(&self) -> Result<Vec<Model>, ProviderError> {
        let url = self.base.join("/models");
        let call = Call {
            method: "GET",
            url: &url,
            headers: &self.headers(None),
            body: &[],
        };
        let answer = self.upstream.look_up(call)?;
        let ids = reply::model_ids(&answer.body).map_err(|error| error.at(NAME))?;
        if !self.is_official {
            let named = ids.iter().map(|id| self.model(id)).take(100);
            return Ok(std::iter::once(imitation(SERVERS_CHOICE))
                .chain(named)
                .collect());
        }
        let mut models = self.table().models;
        models.retain(|model| ids.iter().any(|id| *id == model.model_id));
        Ok(models)
    }

    fn model_for(&self, request: &GenerateRequest) -> Result<Model, ProviderError> {
        if self.is_official {
            return self
                .table()
                .model_for(request)
                .map_err(|error| error.at(NAME));
        }
        let name = request.model.as_deref().unwrap_or(SERVERS_CHOICE);
        Ok(self.model(name))
    }

    fn estimate(&self, request: &GenerateRequest) -> Option<Cost> {
        let model = self.model_for(request).ok()?;
        self.is_official
            .then(|| self.table().guess(&model, request))
            .flatten()
    }

    fn generate(
        &self,
        request: &GenerateRequest,
        report: &mut Report<'_>,
    ) -> Result<Generated, ProviderError> {
        let model = self.model_for(request)?;
        let table = self.table();
        let mut fields = Fields::new(request, &model, &table);
        fields.is_official = self.is_official;
        let mut watch = Watch::new(report);
        let mut dropped = 0;
        let reply = loop {
            match self.ask(request, &fields, &mut watch) {
                // Refused before any work, so it has cost nothing.
                Err(error) if error.code == Code::InvalidRequest && dropped < MAX_DROPPED => {
                    if !fields.drop_refused(&error) {
                        return Err(self.with_replacement(error, &model, &table));
                    }
                    dropped += 1;
                }
                Err(error) => return Err(self.with_replacement(error, &model, &table)),
                Ok(reply) => break reply,
            }
        };
        self.generated((request, &model), reply, &mut watch)
            .map_err(|error| error.at(NAME))
    }
}

impl OpenAi<'_> {
    fn table(&self) -> Table {
        let file = include_str!("catalog/openai.json");
        Table::load(self.upstream.capabilities, NAME, file)
    }

    /// A model of a server that imitates OpenAI: what the table knows of the name, or the least.
    fn model(&self, name: &str) -> Model {
        let table = self.table();
        let known = table.models.iter().find(|model| model.model_id == name);
        known.cloned().unwrap_or_else(|| imitation(name))
    }

    fn headers(&self, content_type: Option<String>) -> Vec<(&'static str, String)> {
        let key = self
            .key
            .as_ref()
            .map(|key| ("authorization", format!("Bearer {key}")));
        let content_type = content_type.map(|value| ("content-type", value));
        let accept = ("accept", "application/json, text/event-stream".to_owned());
        key.into_iter()
            .chain(content_type)
            .chain([accept])
            .collect()
    }

    /// One request: JSON, or a form when pictures go along.
    fn ask(
        &self,
        request: &GenerateRequest,
        fields: &Fields,
        watch: &mut Watch<'_, '_>,
    ) -> Result<Reply, ProviderError> {
        if request.references.is_empty() {
            let url = self.base.join("/images/generations");
            let body = fields.json();
            let call = Call {
                method: "POST",
                url: &url,
                headers: &self.headers(Some("application/json".to_owned())),
                body: &[body.as_bytes()],
            };
            return self.read(call, fields, watch);
        }
        let url = self.base.join("/images/edits");
        let texts = fields.texts();
        let names = body::file_names(request);
        let parts = body::parts(request, &texts, &names);
        let form = Form::new(&parts, self.upstream.capabilities.random);
        let call = Call {
            method: "POST",
            url: &url,
            headers: &self.headers(Some(form.content_type())),
            body: &form.pieces(),
        };
        self.read(call, fields, watch)
    }

    fn read(
        &self,
        call: Call<'_>,
        fields: &Fields,
        watch: &mut Watch<'_, '_>,
    ) -> Result<Reply, ProviderError> {
        let mut response = self.upstream.open(call, watch)?;
        let kind = response.head.header("content-type").unwrap_or_default();
        let request_id = response.head.header("x-request-id").map(str::to_owned);
        // A server that knows no streaming answers in one piece.
        let reply = if kind.starts_with("text/event-stream") {
            reply::stream(&mut response, fields.partials(), watch)
        } else {
            reply::whole(&mut response, watch)
        };
        reply.map_err(|mut error| {
            error.request_id = error.request_id.take().or(request_id);
            error.at(NAME)
        })
    }

    fn generated(
        &self,
        (request, model): (&GenerateRequest, &Model),
        reply: Reply,
        watch: &mut Watch<'_, '_>,
    ) -> Result<Generated, ProviderError> {
        let facts = reply.metadata(request, model);
        let cost = reply.usage.filter(|_| self.is_official);
        let cost = cost.and_then(|usage| self.table().charge(&model.model_id, usage));
        let mut images = Vec::with_capacity(reply.images.len());
        for image in reply.images {
            let mut metadata: Map<String, Value> = facts.clone();
            if let Some(prompt) = image.revised_prompt {
                metadata.insert("revised_prompt".to_owned(), json!(prompt));
            }
            let bytes = match (image.b64_json, image.url) {
                (Some(text), _) => payload::decoded(&text)?,
                (None, Some(url)) => self.fetch(&url, watch)?,
                (None, None) => return Err(ProviderError::new(Code::NoImage)),
            };
            images.push(Made { bytes, metadata });
        }
        if images.is_empty() {
            // Some relays answer so to what they do not want to show; the same prompt would be
            // paid again and fail again.
            let mut error = ProviderError::new(Code::ContentBlocked)
                .because("the answer has no image and no reason");
            error.may_have_cost = true;
            return Err(error);
        }
        Ok(Generated {
            images,
            cost: cost.or_else(|| self.estimate(request)),
        })
    }

    /// An image that the server names by its address. Our key is only for the server itself.
    fn fetch(&self, address: &str, watch: &mut Watch<'_, '_>) -> Result<Vec<u8>, ProviderError> {
        if address
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
        {
            return payload::decoded(address);
        }
        let url = if address.starts_with('/') {
            Url {
                path_with_query: address.to_owned(),
                ..self.base.clone()
            }
        } else {
            self.upstream.url(address)?
        };
        let headers = if url.is_same_origin(&self.base) {
            self.headers(None)
        } else {
            Vec::new()
        };
        let call = Call {
            method: "GET",
            url: &url,
            headers: &headers,
            body: &[],
        };
        payload::checked(self.upstream.call(call, watch)?.body)
    }

    fn with_replacement(
        &self,
        error: ProviderError,
        model: &Model,
        table: &Table,
    ) -> ProviderError {
        if error.code != Code::ModelUnavailable {
            return error.at(NAME);
        }
        let name = &model.model_id;
        let text = match table.replacement(name) {
            Some(replacement) => format!("`{name}` has been retired; use `{replacement}`"),
            None => format!("`{name}`"),
        };
        error.because(text).at(NAME)
    }
}

/// What every server that imitates OpenAI can be expected to do.
fn imitation(name: &str) -> Model {
    Model {
        model_id: name.to_owned().into(),
        display_name: name.to_owned().into(),
        is_default: name == SERVERS_CHOICE,
        can_generate: true,
        can_edit: true,
        supports_mask: true,
        supports_image_input: true,
        max_input_images: 16,
        max_images: 4,
        supported_aspect_ratios: texts(&ALL_ASPECT_RATIOS),
        supported_sizes: super::model::Sizes::Rule {
            multiple: 8,
            min_side: 64,
            max_side: 4096,
            min_pixels: 0,
            max_pixels: 4096 * 4096,
            max_ratio: 8,
        },
        supported_qualities: texts(&["standard"]),
        supported_formats: texts(&["png"]),
        ..Model::default()
    }
}
