//! `get_server_info`: who we are.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Serialize;

use super::{Tool, answer};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "get_server_info",
    writes: false,
    definition: json_file!("get_server_info.json"),
    needs_arguments: false,
    call,
};

#[derive(Serialize)]
struct Answer {
    server_name: String,
    server_version: &'static str,
    /// The protocol part, which has the version of the workspace as everything else.
    core_version: &'static str,
}

fn call(context: Context<'_>, _: JsonObject, _: &mut Exchange<'_>) -> Result<ToolReply, Fault> {
    let version = env!("CARGO_PKG_VERSION");
    answer::json(&Answer {
        server_name: context.server_name(),
        server_version: version,
        core_version: version,
    })
}
