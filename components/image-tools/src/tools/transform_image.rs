//! `transform_image`: makes images from images.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::{Map, json};

use super::generation::arguments::Common;
use super::generation::{Order, run};
use super::{Tool, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::inputs::{self, Input};
use crate::json_file::json_file;
use crate::providers::configured;

pub(super) const TOOL: Tool = Tool {
    name: "transform_image",
    writes: true,
    definition: json_file!("transform_image.json"),
    needs_arguments: true,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    prompt: String,
    reference_images: Vec<String>,
    strength: Option<f64>,
    mask: Option<String>,
    #[serde(flatten)]
    common: Common,
}

/// Everything is checked before anything is made: references first, then who can do it.
fn call(
    context: Context<'_>,
    arguments: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments {
        prompt,
        reference_images,
        strength,
        mask,
        common,
    } = typed(arguments.clone())?;
    let mut request = common.request(context, prompt)?;
    let providers = configured(context.capabilities);
    let mut models = providers.iter().flat_map(|provider| provider.models());
    if !models.any(|model| model.supports_image_input) {
        return Err(Fault::invalid(
            "no configured provider takes images\nhint: `edit_image` and the parameters of `image://` crop, turn and resize without one",
        ));
    }
    let references = inputs::load_all(context, &reference_images)?;
    let mask = mask.map(|mask| inputs::load(context, &mask)).transpose()?;
    let id = |input: &Input| input.id.as_ref().map(ToString::to_string);
    let reference_ids: Vec<_> = references.iter().filter_map(id).collect();
    let mask_id = mask.as_ref().and_then(id);
    let mut source_image_ids = reference_ids.clone();
    source_image_ids.extend(mask_id.clone());
    let mut recipe = common.recipe();
    recipe.insert(
        "reference_images".to_owned(),
        json!(references_again(&references, &reference_images)),
    );
    if let Some(mask_id) = mask_id {
        recipe.insert("mask".to_owned(), json!(mask_id));
    }
    if let Some(strength) = strength {
        recipe.insert("strength".to_owned(), json!(strength));
    }
    request.references = references.into_iter().map(|input| input.image).collect();
    request.mask = mask.map(|input| input.image);
    request.strength = strength;
    let order = Order {
        request,
        provider: common.provider.clone().unwrap_or_default(),
        wait: common.wait()?,
        key: common.key(TOOL.name, arguments),
        confirmed: common.is_confirmed(),
        source_image_ids,
        recipe: Map::from_iter([("recipe".to_owned(), json!(recipe))]),
    };
    run(context, order, exchange)
}

/// The references that can be found again: those in the gallery, as they were named.
fn references_again(inputs: &[Input], names: &[String]) -> Vec<String> {
    let of_gallery = inputs
        .iter()
        .zip(names)
        .filter(|(input, _)| input.id.is_some());
    of_gallery.map(|(_, name)| name.clone()).collect()
}
