//! `regenerate_image`: the recipe of an image again, with what is changed.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::generation::arguments::Common;
use super::generation::{Order, run};
use super::save_edited_image::EDITED;
use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::sidecar::{Origin, Sidecar};
use crate::inputs;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "regenerate_image",
    writes: true,
    definition: json_file!("regenerate_image.json"),
    needs_arguments: true,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    image_id: String,
    prompt: Option<String>,
    strength: Option<f64>,
    #[serde(flatten)]
    common: Common,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments {
        image_id,
        prompt,
        strength,
        common: changes,
    } = typed(arguments.clone())?;
    let id = answer::parse_id(&image_id)?;
    let sidecar = context.gallery().sidecar(&id)?;
    let sidecar = sidecar.ok_or_else(|| answer::no_image(id.as_str()))?;
    // Nobody can be asked to make an edit again.
    if sidecar.origin == Origin::Imported || sidecar.provider == EDITED {
        let message = "this image was not generated here, so there is no recipe\nhint: `transform_image` makes a new one from it";
        return Err(Fault::invalid(message));
    }
    let recipe = sidecar
        .provider_metadata
        .get("recipe")
        .and_then(Value::as_object);
    let recipe = recipe.cloned().unwrap_or_default();
    let common = changes.over(&sidecar, &recipe);
    let mut request = common.request(context, prompt.unwrap_or_else(|| sidecar.prompt.clone()))?;
    let references = inputs::load_all(context, &references(&sidecar, &recipe))?;
    request.references = references.into_iter().map(|input| input.image).collect();
    let mask = recipe.get("mask").and_then(Value::as_str);
    let mask = mask.map(|mask| inputs::load(context, mask)).transpose()?;
    request.mask = mask.map(|input| input.image);
    request.strength = strength.or_else(|| recipe.get("strength").and_then(Value::as_f64));
    let mut kept = common.recipe();
    for name in ["reference_images", "mask"] {
        kept.extend(
            recipe
                .get(name)
                .map(|value| (name.to_owned(), value.clone())),
        );
    }
    kept.extend(
        request
            .strength
            .map(|strength| ("strength".to_owned(), json!(strength))),
    );
    let order = Order {
        request,
        provider: common.provider.clone().unwrap_or_default(),
        wait: common.wait()?,
        key: common.key(TOOL.name, arguments),
        confirmed: common.is_confirmed(),
        source_image_ids: sidecar.source_image_ids,
        recipe: Map::from_iter([
            ("recipe".to_owned(), json!(kept)),
            ("regenerated_from".to_owned(), json!(id)),
        ]),
    };
    run(context, order, exchange)
}

/// What the image was made from. The Python server wrote no recipe, but it wrote the sources.
fn references(sidecar: &Sidecar, recipe: &Map<String, Value>) -> Vec<String> {
    match recipe.get("reference_images").and_then(Value::as_array) {
        Some(names) => {
            let names = names.iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        }
        None => sidecar.source_image_ids.clone(),
    }
}
