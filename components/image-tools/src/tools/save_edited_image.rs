//! `_save_edited_image`: what the user has done in the editor of the viewer, as a new image.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::json;

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::NewImage;
use crate::images::shape::{CropBox, Fit, Flip, Rotation, Shape, Size};
use crate::images::transform::Transform;
use crate::imports::store;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "_save_edited_image",
    writes: true,
    definition: json_file!("save_edited_image.json"),
    needs_arguments: true,
    call,
};

/// The provider of images that were edited here.
pub(super) const EDITED: &str = "edited";

/// Quality of a JPEG that is written again.
pub(super) const QUALITY: u8 = 95;

#[derive(Deserialize)]
struct Arguments {
    source_image_id: String,
    crop: Option<Crop>,
    rotate: Option<u16>,
    #[serde(default)]
    flip_horizontal: bool,
    #[serde(default)]
    flip_vertical: bool,
}

#[derive(Deserialize)]
struct Crop {
    x: u32,
    y: u32,
    w: u32,
    h: u32,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let arguments: Arguments = typed(arguments)?;
    let id = answer::parse_id(&arguments.source_image_id)?;
    let stored = context.gallery().open(&id)?;
    let stored = stored.ok_or_else(|| answer::no_image(id.as_str()))?;
    let transform = Transform {
        shape: arguments.shape(),
        format: None,
        quality: Some(QUALITY),
    };
    let bytes = if transform.shape == Shape::default() {
        stored.bytes
    } else {
        transform.apply(stored.bytes, stored.format)?
    };
    let new = NewImage {
        prompt: stored.sidecar.prompt,
        provider: EDITED.to_owned(),
        background: stored.sidecar.background,
        source_image_ids: vec![id.to_string()],
        ..NewImage::default()
    };
    let sidecar = store(context, bytes, new)?;
    answer::json(&json!({
        "image_id": sidecar.id, "source_image_id": id, "original_uri": sidecar.id.view_uri(),
    }))
}

impl Arguments {
    /// Both mirrors are half a turn.
    fn shape(&self) -> Shape {
        let quarter_turns = self.rotate.unwrap_or(0) / 90;
        let (half_turn, flip) = match (self.flip_horizontal, self.flip_vertical) {
            (true, true) => (2, None),
            (true, false) => (0, Some(Flip::Horizontal)),
            (false, true) => (0, Some(Flip::Vertical)),
            (false, false) => (0, None),
        };
        let rotate = match (quarter_turns + half_turn) % 4 {
            1 => Some(Rotation::Clockwise90),
            2 => Some(Rotation::Half180),
            3 => Some(Rotation::Clockwise270),
            _ => None,
        };
        let crop = self.crop.as_ref().map(|crop| CropBox {
            x: crop.x,
            y: crop.y,
            size: Size {
                width: crop.w,
                height: crop.h,
            },
        });
        Shape {
            crop,
            rotate,
            flip,
            fit: Fit::Keep,
        }
    }
}
