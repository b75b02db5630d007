//! `check_generation_status`: how far a generation is. Reading changes nothing, so the answer to
//! the same question can be had any number of times.

use guest::store::StoreError;
use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::{Deserialize, Serialize};

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::GalleryError;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::{Job, Status};
use crate::json_file::json_file;
use crate::time::millis;

pub(super) const TOOL: Tool = Tool {
    name: "check_generation_status",
    writes: false,
    definition: json_file!("check_generation_status.json"),
    needs_arguments: true,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    image_id: String,
}

#[derive(Default, Serialize)]
struct Answer {
    status: &'static str,
    image_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments { image_id } = typed(arguments)?;
    let answer = match ImageId::parse(&image_id) {
        None => Answer::error(
            "unknown",
            "unknown",
            "this is not an image id: 12 lower-case hex digits",
        ),
        Some(id) => status(context, &id)?,
    };
    answer::json(&Answer { image_id, ..answer })
}

/// A stored image wins over whatever the job record says: it is written before the record could
/// be changed.
fn status(context: Context<'_>, id: &ImageId) -> Result<Answer, Fault> {
    match context.gallery().sidecar(id) {
        Ok(Some(_)) => {
            return Ok(Answer {
                status: "completed",
                ..Answer::default()
            });
        }
        Ok(None) => {}
        Err(error @ GalleryError::Damaged(_)) => {
            return Ok(Answer::error("failed", "damaged", &error.to_string()));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(match context.jobs().find(id) {
        Ok(Some(job)) => of_job(context, job),
        Ok(None) => Answer::error(
            "unknown",
            "unknown",
            "no image has this id and none is being generated under it",
        ),
        Err(StoreError::Damaged(reason)) => {
            context
                .capabilities
                .log
                .warn(&format!("damaged job: {reason}"));
            Answer::error(
                "failed",
                "damaged",
                "the record of the generation is damaged",
            )
        }
        Err(error) => return Err(error.into()),
    })
}

fn of_job(context: Context<'_>, job: Job) -> Answer {
    match (job.status, job.failure) {
        (Status::Generating, _) => {
            let elapsed_ms =
                millis(context.capabilities.clock.now()).saturating_sub(job.created_at_ms);
            Answer {
                status: "generating",
                progress: Some(job.progress),
                progress_message: Some(job.message),
                elapsed_seconds: Some(elapsed_ms as f64 / 1000.0),
                ..Answer::default()
            }
        }
        (Status::Failed, Some(failure)) => Answer::error("failed", &failure.code, &failure.message),
        (Status::Failed, None) => Answer::error("failed", "internal", "the generation failed"),
    }
}

impl Answer {
    fn error(status: &'static str, code: &str, message: &str) -> Self {
        Self {
            status,
            error: Some(message.to_owned()),
            error_code: Some(code.to_owned()),
            ..Self::default()
        }
    }
}
