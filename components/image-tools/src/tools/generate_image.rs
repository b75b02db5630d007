//! `generate_image`: makes an image, and answers with it when it is ready in time or else with a
//! handle, while the work goes on.

use std::time::Duration;

use mcp::model::{CallToolResult, JsonObject};
use mcp::{Exchange, Flow};
use serde::{Deserialize, Serialize};

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::NewImage;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::{Failure, Lease, NewJob, Params};
use crate::gallery::sidecar::Sidecar;
use crate::images::decode::decode;
use crate::images::limits::PREVIEW_SIDE;
use crate::images::preview::{Preview, preview};
use crate::json_file::json_file;
use crate::providers::error::{Code, ProviderError};
use crate::providers::model::{PromptStyle, prompt_style};
use crate::providers::request::GenerateRequest;
use crate::providers::{self, Generated, Provider, Selected, Step};

pub(super) const TOOL: Tool = Tool {
    name: "generate_image",
    writes: true,
    definition: json_file!("generate_image.json"),
    needs_arguments: true,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

/// How often a waiting client gets a sign of life, so that no proxy gives up on it.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Ids that are tried when one is taken.
const ID_ATTEMPTS: usize = 3;

#[derive(Deserialize)]
struct Arguments {
    prompt: String,
    #[serde(default)]
    provider: String,
    negative_prompt: Option<String>,
    #[serde(default = "square")]
    aspect_ratio: String,
    #[serde(default = "standard")]
    quality: String,
    #[serde(default = "opaque")]
    background: String,
    model: Option<String>,
    #[serde(default = "default_wait")]
    wait_seconds: f64,
}

fn square() -> String {
    "1:1".to_owned()
}

fn standard() -> String {
    "standard".to_owned()
}

fn opaque() -> String {
    "opaque".to_owned()
}

/// Under the time-out of every client we know.
fn default_wait() -> f64 {
    45.0
}

#[derive(Clone, Serialize)]
struct Answer {
    status: &'static str,
    image_id: ImageId,
    prompt: String,
    provider: &'static str,
    prompt_style: Option<PromptStyle>,
    original_uri: String,
    metadata_uri: String,
    resource_template: String,
    #[serde(flatten)]
    image: Option<FinishedImage>,
}

#[derive(Clone, Serialize)]
struct FinishedImage {
    model: Option<String>,
    content_type: String,
    dimensions: [u32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_dimensions: Option<[u32; 2]>,
    original_size_bytes: u64,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<CallToolResult, Fault> {
    let started = context.capabilities.clock.monotonic();
    let arguments: Arguments = typed(arguments)?;
    let wait = Duration::try_from_secs_f64(arguments.wait_seconds).map_err(Fault::invalid)?;
    let request = GenerateRequest {
        prompt: arguments.prompt,
        negative_prompt: arguments.negative_prompt,
        aspect_ratio: arguments.aspect_ratio,
        quality: arguments.quality,
        background: arguments.background,
        model: arguments.model,
        ..GenerateRequest::default()
    };
    let Selected { provider, .. } =
        providers::select(context.capabilities, &arguments.provider, &request)?;
    // From here on the image has an id that outlives whatever happens.
    let (id, lease) = start(context, &*provider, &request)?;
    let handle = Answer {
        status: "generating",
        prompt: answer::prompt(&request.prompt),
        provider: provider.name(),
        prompt_style: prompt_style(&provider.models(), request.model.as_deref()),
        original_uri: id.view_uri(),
        metadata_uri: id.metadata_uri(),
        resource_template: id.resource_template(),
        image_id: id,
        image: None,
    };
    let mut work = Work {
        context,
        exchange,
        lease,
        handle,
        deadline: started + wait,
        signal_at: started + KEEP_ALIVE,
    };
    if wait.is_zero() {
        work.answer_handle();
    }
    let generated = provider.generate(&request, &mut |step| work.step(step));
    let finished = match generated {
        Ok(generated) => register(context, &work.handle, &request, generated),
        Err(error) => Err(error.into()),
    };
    match finished {
        Ok((sidecar, preview)) => {
            let result = work.handle.clone().finished(&sidecar, preview.as_ref());
            work.completed();
            result
        }
        Err(fault) => Err(work.failed(fault)),
    }
}

/// Takes an id and writes the job down, before anything is generated or paid for.
fn start<'a>(
    context: Context<'a>,
    provider: &dyn Provider,
    request: &GenerateRequest,
) -> Result<(ImageId, Lease<'a>), Fault> {
    let job = NewJob {
        prompt: request.prompt.clone(),
        provider: provider.name().to_owned(),
        params: Params {
            aspect_ratio: request.aspect_ratio.clone(),
            quality: request.quality.clone(),
            background: request.background.clone(),
            model: request.model.clone(),
        },
    };
    for _ in 0..ID_ATTEMPTS {
        let id = ImageId::random(context.capabilities.random);
        if let Some(lease) = context.jobs().start(&id, job.clone())? {
            return Ok((id, lease));
        }
    }
    Err(Fault::server(
        "internal",
        "no free image id was found",
        "every id that was tried is taken",
    ))
}

fn register(
    context: Context<'_>,
    handle: &Answer,
    request: &GenerateRequest,
    generated: Generated,
) -> Result<(Sidecar, Option<Preview>), Fault> {
    let made = generated.images.into_iter().next();
    let made = made.ok_or_else(|| ProviderError::new(Code::NoImage).at(handle.provider))?;
    let new = NewImage {
        prompt: request.prompt.clone(),
        negative_prompt: request.negative_prompt.clone(),
        provider: handle.provider.to_owned(),
        aspect_ratio: request.aspect_ratio.clone(),
        quality: request.quality.clone(),
        background: request.background.clone(),
        provider_metadata: made.metadata,
        ..NewImage::default()
    };
    let sidecar = context
        .gallery()
        .register(&handle.image_id, &made.bytes, new)?;
    context.capabilities.log.info(&format!(
        "image stored: {}: {}",
        sidecar.id, sidecar.provider
    ));
    // The image is safe; that it cannot be shown here is no reason to call it failed.
    let preview = shown(context, &sidecar, &made.bytes);
    Ok((sidecar, preview))
}

/// The preview of an image that was just stored; its thumbnail is made by the way.
fn shown(context: Context<'_>, sidecar: &Sidecar, bytes: &[u8]) -> Option<Preview> {
    let picture = decode(bytes).ok()?;
    let size = picture.size().shrunk_to(PREVIEW_SIDE);
    let small = picture.covering(size).ok()?;
    context
        .gallery()
        .store_thumbnail(&sidecar.id, small.clone());
    preview(small).ok().flatten()
}

/// A generation under way, and the client that may be waiting for it.
struct Work<'a, 'b, 'c> {
    context: Context<'a>,
    exchange: &'b mut Exchange<'c>,
    lease: Lease<'a>,
    handle: Answer,
    deadline: Duration,
    signal_at: Duration,
}

impl Work<'_, '_, '_> {
    /// Passes on what the provider reports: to the client that waits, and to the job record.
    fn step(&mut self, step: Step<'_>) -> Flow {
        if let Err(error) = self.lease.report(step.progress, step.message) {
            let log = self.context.capabilities.log;
            log.warn(&format!("progress not recorded: {error}"));
        }
        self.tell_client(step)
    }

    fn tell_client(&mut self, step: Step<'_>) -> Flow {
        if self.exchange.is_answered() {
            return Flow::Continue;
        }
        let now = self.context.capabilities.clock.monotonic();
        if now >= self.deadline {
            self.answer_handle();
            return Flow::Continue;
        }
        if now >= self.signal_at {
            self.signal_at = now + KEEP_ALIVE;
            if self.exchange.tick() == Flow::Cancelled {
                return Flow::Cancelled;
            }
        }
        self.exchange
            .progress(step.progress, Some(1.0), Some(step.message))
    }

    /// Lets the client go; the work goes on.
    fn answer_handle(&mut self) {
        if let Ok(mut result) = answer::object(&self.handle) {
            result
                .content
                .push(answer::link_to_come(&self.handle.image_id));
            self.exchange.answer(result);
        }
    }

    /// The image is stored, so the record of its making is not needed any more.
    fn completed(self) {
        if let Err(error) = self.lease.complete() {
            let log = self.context.capabilities.log;
            log.warn(&format!("record of a finished job stays: {error}"));
        }
    }

    /// Writes down why there is no image, for whoever asks later.
    fn failed(self, fault: Fault) -> Fault {
        let log = self.context.capabilities.log;
        log.warn(&format!(
            "generation failed: {}: {}",
            self.handle.image_id, fault.code
        ));
        if let Err(error) = self
            .lease
            .fail(Failure::new(fault.code, fault.message.clone()))
        {
            log.error(&format!(
                "failure not recorded: {}: {error}",
                self.handle.image_id
            ));
        }
        fault
    }
}

impl Answer {
    fn finished(
        mut self,
        sidecar: &Sidecar,
        preview: Option<&Preview>,
    ) -> Result<CallToolResult, Fault> {
        self.status = "completed";
        self.image = Some(FinishedImage {
            model: sidecar.model().map(str::to_owned),
            content_type: sidecar.content_type.clone(),
            dimensions: sidecar.original_dimensions,
            thumbnail_dimensions: preview.map(|preview| [preview.size.width, preview.size.height]),
            original_size_bytes: sidecar.original_size_bytes,
        });
        let mut result = answer::object(&self)?;
        result.content.extend(preview.map(answer::picture));
        result.content.push(answer::link(sidecar));
        Ok(result)
    }
}
