//! `delete_image`: removes an image with its sidecar, or the record of a failed generation.

use mcp::Exchange;
use mcp::model::{CallToolResult, JsonObject};
use serde::{Deserialize, Serialize};

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::Status;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "delete_image",
    writes: true,
    definition: json_file!("delete_image.json"),
    needs_arguments: true,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

#[derive(Deserialize)]
struct Arguments {
    image_id: String,
}

#[derive(Serialize)]
struct Answer {
    image_id: ImageId,
    deleted: bool,
    prompt: String,
    provider: String,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<CallToolResult, Fault> {
    let Arguments { image_id } = typed(arguments)?;
    let id = answer::parse_id(&image_id)?;
    let (what, prompt, provider) = delete(context, &id)?;
    context.capabilities.log.info(&format!("deleted: {id}"));
    let prompt = answer::prompt(&prompt);
    let text = format!("Deleted {what} {id}: \"{prompt}\" ({provider}).");
    answer::described(
        text,
        &Answer {
            image_id: id,
            deleted: true,
            prompt,
            provider,
        },
    )
}

fn delete(context: Context<'_>, id: &ImageId) -> Result<(&'static str, String, String), Fault> {
    let (gallery, jobs) = (context.gallery(), context.jobs());
    if gallery.sidecar(id)?.is_some() {
        // First the record of the job: without its image it would read as interrupted.
        jobs.forget(id)?;
        let sidecar = gallery
            .delete(id)?
            .ok_or_else(|| answer::no_image(id.as_str()))?;
        return Ok(("image", sidecar.prompt, sidecar.provider));
    }
    let job = jobs
        .find(id)?
        .ok_or_else(|| answer::no_image(id.as_str()))?;
    if job.status == Status::Generating {
        let message = "the image is still being generated\nhint: delete it when check_generation_status says completed";
        return Err(Fault::invalid(message));
    }
    jobs.forget(id)?;
    Ok(("failed generation", job.prompt, job.provider))
}
