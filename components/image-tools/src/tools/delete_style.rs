//! `delete_style`: removes a style from the library.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::json;

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;
use crate::resources::no_style;

pub(super) const TOOL: Tool = Tool {
    name: "delete_style",
    writes: true,
    definition: json_file!("delete_style.json"),
    needs_arguments: true,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    name: String,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments { name } = typed(arguments)?;
    if !context.styles().delete(&name)? {
        return Err(no_style(&name));
    }
    context.capabilities.log.info("style deleted");
    answer::json(&json!({"name": name, "deleted": true}))
}
