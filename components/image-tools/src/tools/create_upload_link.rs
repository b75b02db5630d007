//! `create_upload_link`: a link under which one image can be uploaded.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;

use super::create_download_link::link;
use super::{Tool, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;
use crate::text::quoted;
use crate::transfer::Kind;

pub(super) const TOOL: Tool = Tool {
    name: "create_upload_link",
    writes: true,
    definition: json_file!("create_upload_link.json"),
    needs_arguments: true,
    call,
};

/// Extensions that a label can have.
const EXTENSIONS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

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
    let extension = r#ref.rsplit_once('.').map(|(_, extension)| extension);
    let is_known = |extension: &str| {
        EXTENSIONS
            .iter()
            .any(|one| one.eq_ignore_ascii_case(extension))
    };
    if extension.is_some_and(|extension| !is_known(extension)) {
        let label = quoted(&r#ref);
        return Err(Fault::invalid(format!(
            "not the name of an image that is taken: {label}\nhint: `.png`, `.jpg`, `.jpeg`, `.webp` or no extension"
        )));
    }
    link(context, Kind::Upload(r#ref), ttl_s)
}
