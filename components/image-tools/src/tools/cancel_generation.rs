//! `cancel_generation`: asks whoever works on an image to stop.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::json;

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::Status;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "cancel_generation",
    writes: true,
    definition: json_file!("cancel_generation.json"),
    needs_arguments: true,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    image_id: String,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments { image_id } = typed(arguments)?;
    let status = match ImageId::parse(&image_id) {
        Some(id) => cancel(context, &id)?,
        None => "unknown",
    };
    answer::json(&json!({"image_id": image_id, "status": status}))
}

fn cancel(context: Context<'_>, id: &ImageId) -> Result<&'static str, Fault> {
    if context.gallery().sidecar(id)?.is_some() {
        return Ok("completed");
    }
    Ok(match context.jobs().find(id)? {
        None => "unknown",
        Some(job) if job.status == Status::Failed => "failed",
        Some(job) => {
            context.jobs().cancel(job.leader.as_ref().unwrap_or(id))?;
            "cancelling"
        }
    })
}
