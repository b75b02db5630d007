//! `list_resources`: the resources and templates, for clients that offer tools only.

use mcp::Exchange;
use mcp::model::{CallToolResult, JsonObject};
use serde_json::{Value, json};

use super::{Tool, answer};
use crate::context::Context;
use crate::fault::Fault;
use crate::json_file::json_file;
use crate::resources::{RESOURCES, TEMPLATES};

pub(super) const TOOL: Tool = Tool {
    name: "list_resources",
    writes: false,
    definition: json_file!("list_resources.json"),
    needs_arguments: false,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

fn call(_: Context<'_>, _: JsonObject, _: &mut Exchange<'_>) -> Result<CallToolResult, Fault> {
    let resources = RESOURCES.iter().map(|resource| {
        json!({
            "uri": resource.uri, "name": resource.name, "description": resource.description,
            "mime_type": resource.mime_type,
        })
    });
    let templates = TEMPLATES.iter().map(|template| {
        json!({"uri_template": template.uri, "name": template.name, "description": template.description})
    });
    let all = Value::Array(resources.chain(templates).collect());
    // The text is the array that clients of old know; a structured result has to be an object.
    answer::described(all.to_string(), &json!({"resources": all}))
}
