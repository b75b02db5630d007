//! `edit_image`: opens an image in the editor of the viewer. Changes nothing.

use mcp::Exchange;
use mcp::model::{CallToolResult, JsonObject};
use serde::{Deserialize, Serialize};

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::Stored;
use crate::gallery::id::ImageId;
use crate::images::decode::decode;
use crate::images::limits::{MAX_INLINE_SIDE, PREVIEW_BYTES};
use crate::images::preview::fitting;
use crate::images::transform::TransformError;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "edit_image",
    writes: false,
    definition: json_file!("edit_image.json"),
    needs_arguments: true,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

#[derive(Deserialize)]
struct Arguments {
    image_id: String,
}

#[derive(Serialize)]
struct Answer {
    editable: bool,
    image_id: ImageId,
    content_type: String,
    dimensions: [u32; 2],
    prompt: String,
    provider: String,
    original_uri: String,
}

/// The picture is as large as clients take; the whole file is behind the link.
fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<CallToolResult, Fault> {
    let Arguments { image_id } = typed(arguments)?;
    let id = answer::parse_id(&image_id)?;
    let stored = context.gallery().open(&id)?;
    let Stored { sidecar, bytes, .. } = stored.ok_or_else(|| answer::no_image(id.as_str()))?;
    let picture = decode(&bytes).map_err(TransformError::from)?;
    drop(bytes);
    let shown = fitting(picture, MAX_INLINE_SIDE, PREVIEW_BYTES)?;
    let answer = Answer {
        editable: true,
        original_uri: id.view_uri(),
        image_id: id,
        content_type: sidecar.content_type.clone(),
        dimensions: sidecar.original_dimensions,
        prompt: answer::prompt(&sidecar.prompt),
        provider: sidecar.provider.clone(),
    };
    let mut result = answer::object(&answer)?;
    result.content.extend(shown.as_ref().map(answer::picture));
    result.content.push(answer::link(&sidecar));
    Ok(result)
}
