//! What the client gets to see of an order: a handle while it is under way, the images when they
//! are there.

use mcp::model::{CallToolResult, ContentBlock, Resource};
use serde::Serialize;
use serde_json::Value;

use super::Order;
use super::batch::{Batch, Finished};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::Job;
use crate::gallery::sidecar::Sidecar;
use crate::images::shape::Size;
use crate::providers::cost::Usd;
use crate::providers::model::{PromptStyle, prompt_style};
use crate::providers::{Selected, configured};
use crate::tools::answer;

/// The answer as long as nothing else is known.
pub(in crate::tools) struct Handle {
    answer: Answer,
    requested: Option<Size>,
}

/// The structured content.
#[derive(Clone, Serialize)]
struct Answer {
    status: &'static str,
    image_id: ImageId,
    prompt: String,
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_reason: Option<String>,
    prompt_style: Option<PromptStyle>,
    original_uri: String,
    metadata_uri: String,
    resource_template: String,
    #[serde(flatten)]
    image: Option<FinishedImage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_image_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regenerated_from: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<Vec<Variant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_basis: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spent_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
}

#[derive(Clone, Serialize)]
struct FinishedImage {
    model: Option<String>,
    content_type: String,
    dimensions: [u32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_dimensions: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_dimensions: Option<[u32; 2]>,
    original_size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<Value>,
}

/// One of several images.
#[derive(Clone, Serialize)]
struct Variant {
    image_id: ImageId,
    status: &'static str,
    original_uri: String,
    #[serde(flatten)]
    image: Option<FinishedImage>,
}

impl Handle {
    pub(super) fn new(batch: &Batch<'_>, order: &Order, selected: &Selected<'_>) -> Self {
        let ids = batch.ids();
        let mut answer = Answer::new(
            ids.first()
                .cloned()
                .unwrap_or_else(|| ImageId::from_bits(0)),
            &order.request.prompt,
            selected.provider.name(),
        );
        answer.provider_reason = Some(selected.reason.clone());
        answer.prompt_style = selected.model.prompt_style;
        answer.regenerated_from = order.recipe.get("regenerated_from").cloned();
        let transforms = !order.request.references.is_empty();
        answer.source_image_ids = transforms.then(|| order.source_image_ids.clone());
        if ids.len() > 1 {
            let variants = ids.iter().map(|id| Variant::waiting(id, "generating"));
            answer.images = Some(variants.collect());
        }
        Self {
            answer,
            requested: order.request.size,
        }
    }

    /// Nothing is there yet.
    pub(super) fn generating(&self) -> Result<CallToolResult, Fault> {
        self.answer.handle()
    }

    /// At least one image is there.
    pub(super) fn finished(
        mut self,
        batch: &Batch<'_>,
        spent: Option<Usd>,
    ) -> Result<CallToolResult, Fault> {
        let finished = batch.finished();
        let all = finished.len() == batch.ids().len();
        self.answer.status = if all { "completed" } else { "partial" };
        if let Some(first) = finished.first() {
            self.answer.point_to(&first.sidecar.id);
            self.answer.image = Some(FinishedImage::of(first, self.requested));
        }
        if batch.ids().len() > 1 {
            let of = |id: &ImageId| match finished.iter().find(|one| one.sidecar.id == *id) {
                Some(one) => Variant {
                    image: Some(FinishedImage::of(one, self.requested)),
                    ..Variant::waiting(id, "completed")
                },
                None => Variant::waiting(id, "failed"),
            };
            self.answer.images = Some(batch.ids().iter().map(of).collect());
        }
        if let Some(fault) = batch.failure() {
            self.answer.error = Some(fault.message.clone());
            self.answer.error_code = Some(fault.code.to_owned());
        }
        let cost = batch.cost();
        self.answer.cost_usd = cost.map(|(amount, _)| amount.dollars());
        self.answer.cost_basis = cost.map(|(_, basis)| basis.as_str());
        self.answer.spent_usd = spent.map(Usd::dollars);
        let mut result = answer::object(&self.answer)?;
        let previews = finished.iter().filter_map(|one| one.preview.as_ref());
        result.content.extend(previews.map(answer::picture));
        let name = self.answer.name();
        result
            .content
            .extend(finished.iter().map(|one| link(&one.sidecar, name)));
        Ok(result)
    }
}

/// The result for an image that an earlier call has made.
pub(super) fn of_stored(context: Context<'_>, sidecar: &Sidecar) -> Result<CallToolResult, Fault> {
    let mut answer = Answer::new(sidecar.id.clone(), &sidecar.prompt, &sidecar.provider);
    answer.status = "completed";
    answer.replayed = true;
    let providers = configured(context.capabilities);
    let provider = providers.iter().find(|one| one.name() == sidecar.provider);
    answer.prompt_style =
        provider.and_then(|provider| prompt_style(&provider.models(), sidecar.model()));
    answer.image = Some(FinishedImage::of_sidecar(sidecar, None));
    let sources = &sidecar.source_image_ids;
    answer.source_image_ids = (!sources.is_empty()).then(|| sources.clone());
    answer.cost_usd = sidecar
        .provider_metadata
        .get("cost_usd")
        .and_then(Value::as_f64);
    let mut result = answer::object(&answer)?;
    result.content.push(link(sidecar, answer.name()));
    Ok(result)
}

/// The result for an image that an earlier call is making.
pub(super) fn of_job(id: &ImageId, job: &Job) -> Result<CallToolResult, Fault> {
    let mut answer = Answer::new(id.clone(), &job.prompt, &job.provider);
    answer.replayed = true;
    answer.handle()
}

impl Answer {
    fn new(id: ImageId, prompt: &str, provider: &str) -> Self {
        Self {
            status: "generating",
            prompt: answer::prompt(prompt),
            provider: provider.to_owned(),
            provider_reason: None,
            prompt_style: None,
            original_uri: id.view_uri(),
            metadata_uri: id.metadata_uri(),
            resource_template: id.resource_template(),
            image_id: id,
            image: None,
            source_image_ids: None,
            regenerated_from: None,
            images: None,
            cost_usd: None,
            cost_basis: None,
            spent_usd: None,
            error: None,
            error_code: None,
            replayed: false,
        }
    }

    fn point_to(&mut self, id: &ImageId) {
        self.original_uri = id.view_uri();
        self.metadata_uri = id.metadata_uri();
        self.resource_template = id.resource_template();
        self.image_id = id.clone();
    }

    fn handle(&self) -> Result<CallToolResult, Fault> {
        let mut result = answer::object(self)?;
        let name = format!("{} (generating)", self.name());
        let ids: Vec<&ImageId> = match &self.images {
            Some(images) => images.iter().map(|one| &one.image_id).collect(),
            None => vec![&self.image_id],
        };
        let links = ids
            .into_iter()
            .map(|id| Resource::new(id.view_uri(), name.clone()));
        result
            .content
            .extend(links.map(ContentBlock::resource_link));
        Ok(result)
    }

    fn name(&self) -> &'static str {
        if self.source_image_ids.is_some() {
            "Transformed image"
        } else {
            "Generated image"
        }
    }
}

impl Variant {
    fn waiting(id: &ImageId, status: &'static str) -> Self {
        Self {
            image_id: id.clone(),
            status,
            original_uri: id.view_uri(),
            image: None,
        }
    }
}

impl FinishedImage {
    fn of(finished: &Finished, requested: Option<Size>) -> Self {
        let preview = finished.preview.as_ref();
        Self {
            thumbnail_dimensions: preview.map(|preview| [preview.size.width, preview.size.height]),
            ..Self::of_sidecar(&finished.sidecar, requested)
        }
    }

    fn of_sidecar(sidecar: &Sidecar, requested: Option<Size>) -> Self {
        let requested = requested.map(|size| [size.width, size.height]);
        Self {
            model: sidecar.model().map(str::to_owned),
            content_type: sidecar.content_type.clone(),
            dimensions: sidecar.original_dimensions,
            requested_dimensions: requested.filter(|size| *size != sidecar.original_dimensions),
            thumbnail_dimensions: None,
            original_size_bytes: sidecar.original_size_bytes,
            seed: sidecar.provider_metadata.get("seed").cloned(),
        }
    }
}

fn link(sidecar: &Sidecar, name: &str) -> ContentBlock {
    let resource = Resource::new(sidecar.id.view_uri(), name)
        .with_mime_type(sidecar.content_type.clone())
        .with_size(sidecar.original_size_bytes);
    ContentBlock::resource_link(resource)
}
