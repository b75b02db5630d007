//! `list_providers`: which backends there are and what they can do.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;
use crate::providers::catalog::Catalog;

pub(super) const TOOL: Tool = Tool {
    name: "list_providers",
    writes: false,
    definition: json_file!("list_providers.json"),
    needs_arguments: false,
    call,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    force_refresh: bool,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let arguments: Arguments = typed(arguments)?;
    let when = (exchange.now(), arguments.force_refresh);
    answer::json(&Catalog::new(context, when))
}
