//! `gallery_page`: any page of the gallery, for the gallery view.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;

use super::gallery_items::{PAGE_SIZE, View, Wanted, page, refresh};
use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "gallery_page",
    writes: false,
    definition: json_file!("gallery_page.json"),
    needs_arguments: false,
    call,
};

/// Most entries of a page.
const MAX_PAGE_SIZE: i64 = 24;

#[derive(Deserialize)]
struct Arguments {
    #[serde(default = "first")]
    page: i64,
    #[serde(default = "twelve")]
    page_size: i64,
    #[serde(default)]
    origin: Wanted,
}

fn first() -> i64 {
    1
}

fn twelve() -> i64 {
    PAGE_SIZE as i64
}

/// Numbers outside the range are moved into it, as they always were.
fn call(
    context: Context<'_>,
    arguments: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let arguments: Arguments = typed(arguments)?;
    let clamped = |number: i64, max| usize::try_from(number.clamp(1, max)).unwrap_or(1);
    let view = View {
        origin: arguments.origin,
        page: clamped(arguments.page, i64::from(u32::MAX >> 1)),
        page_size: clamped(arguments.page_size, MAX_PAGE_SIZE),
        thumbnails: true,
    };
    let result = answer::object(&page(context, &view)?)?;
    exchange.answer(result.clone());
    refresh(context);
    Ok(result.into())
}
