//! `browse_gallery`: the first page of the gallery.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;

use super::gallery_items::{PAGE_SIZE, View, Wanted, page, refresh};
use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "browse_gallery",
    writes: false,
    definition: json_file!("browse_gallery.json"),
    needs_arguments: false,
    call: |context, arguments, exchange| call(context, arguments, exchange),
};

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    origin: Wanted,
    #[serde(default = "yes")]
    thumbnails: bool,
}

fn yes() -> bool {
    true
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments { origin, thumbnails } = typed(arguments)?;
    let view = View {
        origin,
        page: 1,
        page_size: PAGE_SIZE,
        thumbnails,
    };
    let result = answer::object(&page(context, &view)?)?;
    exchange.answer(result.clone());
    refresh(context);
    Ok(result.into())
}
