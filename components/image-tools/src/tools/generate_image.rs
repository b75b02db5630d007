//! `generate_image`: makes images from a prompt.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::{Map, json};

use super::generation::arguments::Common;
use super::generation::{Order, run};
use super::{Tool, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "generate_image",
    writes: true,
    definition: json_file!("generate_image.json"),
    needs_arguments: true,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    prompt: String,
    #[serde(flatten)]
    common: Common,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments { prompt, common } = typed(arguments.clone())?;
    let order = Order {
        request: common.request(context, prompt)?,
        provider: common.provider.clone().unwrap_or_default(),
        wait: common.wait()?,
        key: common.key(TOOL.name, arguments),
        confirmed: common.is_confirmed(),
        source_image_ids: Vec::new(),
        recipe: Map::from_iter([("recipe".to_owned(), json!(common.recipe()))]),
    };
    run(context, order, exchange)
}
