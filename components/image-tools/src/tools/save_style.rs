//! `save_style`: writes a style into the library.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::json;

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;
use crate::styles::document::Header;
use crate::styles::is_name;
use crate::text::quoted;

pub(super) const TOOL: Tool = Tool {
    name: "save_style",
    writes: true,
    definition: json_file!("save_style.json"),
    needs_arguments: true,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    name: String,
    body: String,
    tags: Option<Vec<String>>,
    provider: Option<String>,
    aspect_ratio: Option<String>,
    quality: Option<String>,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let arguments: Arguments = typed(arguments)?;
    if !is_name(&arguments.name) {
        let name = quoted(&arguments.name);
        return Err(Fault::invalid(format!(
            "not a name for a style: {name}\nhint: a letter or digit, then letters, digits, `-` and `_`"
        )));
    }
    let header = Header {
        name: arguments.name,
        tags: arguments.tags.unwrap_or_default(),
        provider: arguments.provider,
        aspect_ratio: arguments.aspect_ratio,
        quality: arguments.quality,
    };
    if let Some(key) = with_line_break(&header) {
        let message = format!("`{key}` must be one line without control characters");
        return Err(Fault::invalid(message));
    }
    let created = context.styles().save(&header, &arguments.body)?;
    let log = context.capabilities.log;
    log.info(&format!("style saved: {}", header.name));
    answer::json(&json!({"name": header.name, "created": created}))
}

/// The header is lines: a value with a line break would write keys of its own.
fn with_line_break(header: &Header) -> Option<&'static str> {
    let is_broken = |text: &String| text.chars().any(char::is_control);
    if header.tags.iter().any(is_broken) {
        return Some("tags");
    }
    let single = [
        ("provider", &header.provider),
        ("aspect_ratio", &header.aspect_ratio),
        ("quality", &header.quality),
    ];
    let broken = single
        .into_iter()
        .find(|(_, value)| value.as_ref().is_some_and(is_broken));
    broken.map(|(key, _)| key)
}
