//! `show_image`: a preview of a finished image, changed as its URI says, and what is known of it.

use mcp::Exchange;
use mcp::model::{CallToolResult, JsonObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::Status;
use crate::gallery::{GalleryError, Stored};
use crate::images::decode::decode;
use crate::images::encode::DEFAULT_QUALITY;
use crate::images::geometry::Geometry;
use crate::images::limits::PREVIEW_SIDE;
use crate::images::preview::preview;
use crate::images::shape::Fit;
use crate::images::transform::{Transform, TransformError, shape};
use crate::json_file::json_file;
use crate::providers;
use crate::providers::model::{PromptStyle, prompt_style};
use crate::resources::uri;

pub(super) const TOOL: Tool = Tool {
    name: "show_image",
    writes: false,
    definition: json_file!("show_image.json"),
    needs_arguments: true,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

#[derive(Deserialize)]
struct Arguments {
    uri: String,
}

#[derive(Serialize)]
struct Answer {
    image_id: ImageId,
    prompt: String,
    provider: String,
    model: Option<String>,
    prompt_style: Option<PromptStyle>,
    dimensions: [u32; 2],
    thumbnail_dimensions: Option<[u32; 2]>,
    original_size_bytes: u64,
    format: &'static str,
    transforms_applied: Value,
    original_uri: String,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<CallToolResult, Fault> {
    let Arguments { uri } = typed(arguments)?;
    let (id, transform) = uri::parse_view(&uri)?;
    match context.gallery().open(&id) {
        Ok(Some(stored)) => show(context, stored, &transform),
        Ok(None) => not_finished(context, &id),
        Err(error @ GalleryError::Damaged(_)) => Err(error.into()),
        Err(error) => Err(error.into()),
    }
}

fn show(
    context: Context<'_>,
    stored: Stored,
    transform: &Transform,
) -> Result<CallToolResult, Fault> {
    let Stored {
        sidecar,
        bytes,
        format,
    } = stored;
    let picture = decode(&bytes).map_err(TransformError::from)?;
    drop(bytes);
    let geometry =
        Geometry::plan(picture.size(), &transform.shape).map_err(TransformError::from)?;
    let dimensions = geometry.output();
    // The preview is made from the image itself: what is shown small need not be made large first.
    let preview = preview(shape(picture, &geometry.shrunk_to(PREVIEW_SIDE))?)?;
    let answer = Answer {
        image_id: sidecar.id.clone(),
        prompt: answer::prompt(&sidecar.prompt),
        provider: sidecar.provider.clone(),
        model: sidecar.model().map(str::to_owned),
        prompt_style: style(context, &sidecar.provider, sidecar.model()),
        dimensions: [dimensions.width, dimensions.height],
        thumbnail_dimensions: preview
            .as_ref()
            .map(|preview| [preview.size.width, preview.size.height]),
        original_size_bytes: sidecar.original_size_bytes,
        format: transform.encoding(format).format.mime(),
        transforms_applied: applied(transform),
        original_uri: sidecar.id.view_uri(),
    };
    let mut result = answer::object(&answer)?;
    if let Some(preview) = &preview {
        result.content.insert(0, answer::picture(preview));
    }
    result.content.push(answer::link(&sidecar));
    Ok(result)
}

/// Not an error: the client asked too early, and is told what to do.
fn not_finished(context: Context<'_>, id: &ImageId) -> Result<CallToolResult, Fault> {
    let Some(job) = context.jobs().find(id)? else {
        return Err(answer::no_image(id.as_str()));
    };
    let (status, error) = match job.status {
        Status::Generating => (
            "generating",
            "the image is still being generated; use check_generation_status until it is completed",
        ),
        Status::Failed => (
            "failed",
            "there is no image; check_generation_status says why",
        ),
    };
    answer::object(&json!({"status": status, "image_id": id, "error": error}))
}

fn style(context: Context<'_>, provider: &str, model: Option<&str>) -> Option<PromptStyle> {
    let providers = providers::configured(context.capabilities);
    let provider = providers.iter().find(|one| one.name() == provider)?;
    prompt_style(&provider.models(), model)
}

/// What was asked for, with the names of the parameters; what was not is left out.
fn applied(transform: &Transform) -> Value {
    let shape = &transform.shape;
    let (width, height) = match shape.fit {
        Fit::Keep => (None, None),
        Fit::Width(width) => (Some(width), None),
        Fit::Height(height) => (None, Some(height)),
        Fit::Cover(size) => (Some(size.width), Some(size.height)),
    };
    let quality = transform
        .quality
        .filter(|quality| transform.format.is_some() && *quality != DEFAULT_QUALITY);
    let crop = shape.crop;
    answer::without_nulls([
        (
            "format",
            json!(transform.format.map(|format| format.name())),
        ),
        ("width", json!(width)),
        ("height", json!(height)),
        ("quality", json!(quality)),
        ("crop_x", json!(crop.map(|crop| crop.x))),
        ("crop_y", json!(crop.map(|crop| crop.y))),
        ("crop_w", json!(crop.map(|crop| crop.size.width))),
        ("crop_h", json!(crop.map(|crop| crop.size.height))),
        (
            "rotate",
            json!(shape.rotate.map(|rotation| rotation.degrees())),
        ),
        ("flip", json!(shape.flip.map(|flip| flip.name()))),
    ])
}
