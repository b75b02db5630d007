//! The parts that results of tools are made of. Pictures travel as image blocks and links, never
//! as text and never in `structuredContent`, which clients copy into the model's context.

use base64::prelude::{BASE64_STANDARD, Engine};
use mcp::ToolReply;
use mcp::model::{CallToolResult, ContentBlock, Resource};
use serde::Serialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::gallery::sidecar::Sidecar;
use crate::images::preview::Preview;
use crate::imports::Imported;
use crate::text::shortened;

/// Characters of a prompt that a result repeats; `image://{id}/metadata` has all of it.
const PROMPT_CHARS: usize = 2000;

/// An answer that is an object and nothing else: as JSON text for the model, and as
/// `structuredContent` for the client.
pub(super) fn json(value: &impl Serialize) -> Result<ToolReply, Fault> {
    serde_json::to_string(value)
        .map(ToolReply::Object)
        .map_err(unwritable)
}

/// The beginning of an answer that is an object with more: as JSON text for the model, and as `structuredContent` for the
/// client.
pub(super) fn object(value: &impl Serialize) -> Result<CallToolResult, Fault> {
    let text = serde_json::to_string(value).map_err(unwritable)?;
    described(text, value)
}

/// A result whose text is not the JSON of the object.
pub(super) fn described(text: String, value: &impl Serialize) -> Result<CallToolResult, Fault> {
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(serde_json::to_value(value).map_err(unwritable)?);
    Ok(result)
}

/// A picture for the eyes of the model and the user.
pub(super) fn picture(preview: &Preview) -> ContentBlock {
    ContentBlock::image(
        BASE64_STANDARD.encode(&preview.bytes),
        preview.format.mime(),
    )
}

/// A link to a stored image.
pub(super) fn link(sidecar: &Sidecar) -> ContentBlock {
    let resource = Resource::new(sidecar.id.view_uri(), "Generated image")
        .with_mime_type(sidecar.content_type.clone())
        .with_size(sidecar.original_size_bytes);
    ContentBlock::resource_link(resource)
}

/// A link to an image that was just imported.
pub(super) fn link_to(imported: &Imported) -> ContentBlock {
    let resource = Resource::new(imported.original_uri.clone(), "Imported image")
        .with_mime_type(imported.content_type.clone())
        .with_size(imported.original_size_bytes);
    ContentBlock::resource_link(resource)
}

/// A prompt as results repeat it.
pub(super) fn prompt(text: &str) -> String {
    shortened(text, PROMPT_CHARS)
}

/// An image id as a client sent it, fit for an answer.
pub(super) fn parse_id(text: &str) -> Result<ImageId, Fault> {
    ImageId::parse(text).ok_or_else(|| no_image(text))
}

/// The image does not exist.
pub(super) fn no_image(id: &str) -> Fault {
    Fault::not_found(format!(
        "no image has this id: `{id}`\nhint: read `image://list` to see which there are"
    ))
}

fn unwritable(error: serde_json::Error) -> Fault {
    Fault::server("internal", "the result cannot be written as JSON", error)
}

/// An object from pairs, without those whose value is `null`.
pub(super) fn without_nulls<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    pairs
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
