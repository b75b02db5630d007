//! `create_download_link`: a link to the whole file of an image.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::json;

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::json_file::json_file;
use crate::resources::uri;
use crate::transfer::{Kind, Links};

pub(super) const TOOL: Tool = Tool {
    name: "create_download_link",
    writes: false,
    definition: json_file!("create_download_link.json"),
    needs_arguments: true,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    r#ref: String,
    ttl_s: Option<f64>,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments { r#ref, ttl_s } = typed(arguments)?;
    let id = match ImageId::parse(&r#ref) {
        Some(id) => id,
        None => uri::parse_view(&r#ref)?.0,
    };
    let sidecar = context.gallery().sidecar(&id)?;
    sidecar.ok_or_else(|| answer::no_image(id.as_str()))?;
    link(context, Kind::Download(id), ttl_s)
}

/// Makes a link and answers with it.
pub(super) fn link(
    context: Context<'_>,
    kind: Kind,
    ttl_s: Option<f64>,
) -> Result<ToolReply, Fault> {
    if ttl_s.is_some_and(|seconds| seconds <= 0.0 || !seconds.is_finite()) {
        return Err(Fault::invalid("`ttl_s` must be more than 0"));
    }
    let base = context
        .links_base()
        .ok_or_else(|| Fault::invalid("this server has no public URL"))?;
    let created = Links::new(context.capabilities).create(kind, context.owner(), ttl_s)?;
    let url = format!("{base}/transfer/{}", created.token);
    answer::json(&json!({"url": url, "expires_in_s": created.expires_in_s}))
}
