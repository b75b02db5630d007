//! `gallery_full_image`: one image as base64, for the gallery view.

use base64::prelude::{BASE64_STANDARD, Engine};
use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::{Deserialize, Serialize};

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::Stored;
use crate::gallery::id::ImageId;
use crate::images::decode::decode;
use crate::images::format::Format;
use crate::images::preview::fitting;
use crate::images::transform::TransformError;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "gallery_full_image",
    writes: false,
    definition: json_file!("gallery_full_image.json"),
    needs_arguments: true,
    call,
};

/// Largest file that is sent as it is. It travels twice, as text and as an object, and both
/// together have to stay below the megabyte that clients take.
const MAX_BYTES: usize = 330 * 1024;

/// Longest side of an image that had to be made smaller, in pixels.
const SIDE: u32 = 1024;

#[derive(Deserialize)]
struct Arguments {
    image_id: String,
}

#[derive(Serialize)]
struct Answer {
    image_id: ImageId,
    b64: String,
    content_type: &'static str,
    dimensions: [u32; 2],
    prompt: String,
    provider: String,
    created_at: String,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments { image_id } = typed(arguments)?;
    let id = answer::parse_id(&image_id)?;
    let stored = context.gallery().open(&id)?;
    let Stored {
        sidecar,
        bytes,
        format,
    } = stored.ok_or_else(|| answer::no_image(id.as_str()))?;
    let (bytes, format) = sendable(bytes, format)?;
    let answer = Answer {
        image_id: id,
        b64: BASE64_STANDARD.encode(bytes),
        content_type: format.mime(),
        dimensions: sidecar.original_dimensions,
        prompt: answer::prompt(&sidecar.prompt),
        provider: sidecar.provider,
        created_at: sidecar.created_at,
    };
    Ok(answer::object(&answer)?.into())
}

fn sendable(bytes: Vec<u8>, format: Format) -> Result<(Vec<u8>, Format), Fault> {
    if bytes.len() <= MAX_BYTES {
        return Ok((bytes, format));
    }
    let picture = decode(&bytes).map_err(TransformError::from)?;
    drop(bytes);
    let small = fitting(picture, SIDE, MAX_BYTES)?;
    let small = small.ok_or_else(|| {
        Fault::server(
            "too_large",
            "the image cannot be made small enough",
            "no quality fits",
        )
    })?;
    Ok((small.bytes, small.format))
}
