//! `list_providers`: which backends there are and what they can do.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};

use super::{Tool, answer};
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

/// `force_refresh` has nothing to do: no backend here has to be asked what it can do.
fn call(
    context: Context<'_>,
    _: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    answer::json(&Catalog::new(context, exchange.now()))
}
