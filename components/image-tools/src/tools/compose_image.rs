//! `compose_image`: edits that need no model and cost nothing, and contact sheets.

mod operation;

use mcp::Exchange;
use mcp::model::{CallToolResult, JsonObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::save_edited_image::{EDITED, QUALITY};
use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::NewImage;
use crate::gallery::id::ImageId;
use crate::images::decode::decode;
use crate::images::encode::{Encoding, encode};
use crate::images::format::Format;
use crate::images::picture::Picture;
use crate::images::preview::preview;
use crate::images::sheet::{Cell, Sheet, contact_sheet};
use crate::imports::store;
use crate::inputs::{self, Input};
use crate::json_file::json_file;
use operation::Operation;

pub(super) const TOOL: Tool = Tool {
    name: "compose_image",
    writes: true,
    definition: json_file!("compose_image.json"),
    needs_arguments: false,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

#[derive(Deserialize)]
struct Arguments {
    image_id: Option<String>,
    #[serde(default)]
    operations: Vec<Value>,
    #[serde(default)]
    image_ids: Vec<String>,
    columns: Option<u32>,
    #[serde(default = "yes")]
    labels: bool,
    output_format: Option<String>,
    quality: Option<u8>,
}

fn yes() -> bool {
    true
}

#[derive(Serialize)]
struct Answer {
    image_id: ImageId,
    original_uri: String,
    metadata_uri: String,
    source_image_ids: Vec<String>,
    content_type: String,
    dimensions: [u32; 2],
    original_size_bytes: u64,
}

/// What was made, and of what.
struct Composed {
    picture: Picture,
    format: Format,
    prompt: String,
    sources: Vec<String>,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<CallToolResult, Fault> {
    let arguments: Arguments = typed(arguments)?;
    let composed = match (&arguments.image_id, arguments.image_ids.as_slice()) {
        (Some(image), []) => edited(context, image, &arguments.operations)?,
        (None, [_, ..]) if arguments.operations.is_empty() => sheet(context, &arguments)?,
        _ => {
            let message = "either `image_id` with `operations`, or `image_ids` without";
            return Err(Fault::invalid(message));
        }
    };
    let format = arguments
        .output_format
        .as_deref()
        .and_then(Format::from_name);
    let encoding = Encoding {
        format: format.unwrap_or(composed.format),
        quality: arguments.quality.unwrap_or(QUALITY),
    };
    let bytes = encode(&composed.picture, encoding)?;
    let new = NewImage {
        prompt: composed.prompt,
        provider: EDITED.to_owned(),
        background: "opaque".to_owned(),
        source_image_ids: composed.sources,
        provider_metadata: JsonObject::from_iter([(
            "operations".to_owned(),
            json!(arguments.operations),
        )]),
        ..NewImage::default()
    };
    let sidecar = store(context, bytes, new)?;
    let answer = Answer {
        original_uri: sidecar.id.view_uri(),
        metadata_uri: sidecar.id.metadata_uri(),
        image_id: sidecar.id.clone(),
        source_image_ids: sidecar.source_image_ids.clone(),
        content_type: sidecar.content_type.clone(),
        dimensions: sidecar.original_dimensions,
        original_size_bytes: sidecar.original_size_bytes,
    };
    let shown = preview(composed.picture)?;
    let mut result = answer::object(&answer)?;
    result.content.extend(shown.as_ref().map(answer::picture));
    result.content.push(answer::link(&sidecar));
    Ok(result)
}

fn edited(context: Context<'_>, image: &str, operations: &[Value]) -> Result<Composed, Fault> {
    let operations = operations.iter().map(Operation::read);
    let operations = operations.collect::<Result<Vec<_>, _>>()?;
    let input = inputs::load(context, image)?;
    let format = input.image.format;
    let mut composed = Composed {
        prompt: prompt_of(context, &input),
        sources: id_of(&input),
        picture: decode(&input.image.bytes).map_err(inputs::refused)?,
        format,
    };
    for operation in operations {
        let upper = match operation.image() {
            Some(named) => {
                let upper = inputs::load(context, named)?;
                composed.sources.extend(id_of(&upper));
                Some(decode(&upper.image.bytes).map_err(inputs::refused)?)
            }
            None => None,
        };
        composed.picture = operation.apply(composed.picture, upper)?;
    }
    composed.sources.dedup();
    Ok(composed)
}

fn sheet(context: Context<'_>, arguments: &Arguments) -> Result<Composed, Fault> {
    let mut cells = Vec::new();
    let mut sources = Vec::new();
    let layout = Sheet {
        columns: arguments.columns,
        ..Sheet::default()
    };
    for named in &arguments.image_ids {
        let input = inputs::load(context, named)?;
        let label = input.id.as_ref().filter(|_| arguments.labels);
        let picture = decode(&input.image.bytes).map_err(inputs::refused)?;
        // One large picture at a time: the sheet shows them small.
        let size = picture
            .size()
            .shrunk_to(layout.cell.width.max(layout.cell.height));
        cells.push(Cell {
            label: label.map(ToString::to_string),
            picture: picture.stretched(size).map_err(Fault::invalid)?,
        });
        sources.extend(id_of(&input));
    }
    Ok(Composed {
        picture: contact_sheet(cells, &layout)?,
        format: Format::Png,
        prompt: format!("Contact sheet of {} images", arguments.image_ids.len()),
        sources,
    })
}

fn prompt_of(context: Context<'_>, input: &Input) -> String {
    let sidecar = input
        .id
        .as_ref()
        .and_then(|id| context.gallery().sidecar(id).ok()?);
    sidecar.map(|sidecar| sidecar.prompt).unwrap_or_default()
}

fn id_of(input: &Input) -> Vec<String> {
    input.id.iter().map(ToString::to_string).collect()
}
