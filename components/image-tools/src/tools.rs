//! The tools: one file for each, with its definition as JSON beside it, and the list of them all.

mod answer;
mod browse_gallery;
mod cancel_generation;
mod check_generation_status;
mod compose_image;
mod create_download_link;
mod create_upload_link;
mod delete_image;
mod delete_style;
mod edit_image;
mod estimate_cost;
mod fetch_image;
mod gallery_full_image;
mod gallery_items;
mod gallery_page;
mod generate_image;
mod generation;
mod ingest_base64_image;
mod list_providers;
mod list_resources;
mod read_resource;
mod regenerate_image;
mod save_edited_image;
mod save_style;
mod server_info;
mod show_image;
mod transform_image;

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply, check_arguments};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::{Context, Offered};
use crate::fault::Fault;

/// A tool.
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Whether it can change or spend something; such tools are hidden in read-only mode.
    pub writes: bool,
    /// Its entry in `tools/list`, as JSON.
    pub definition: &'static str,
    /// Whether it can be called without any argument.
    needs_arguments: bool,
    call: fn(Context<'_>, JsonObject, &mut Exchange<'_>) -> Result<ToolReply, Fault>,
}

/// Every tool, in the order in which they are listed.
pub const TOOLS: [Tool; 24] = [
    generate_image::TOOL,
    transform_image::TOOL,
    regenerate_image::TOOL,
    cancel_generation::TOOL,
    estimate_cost::TOOL,
    check_generation_status::TOOL,
    show_image::TOOL,
    browse_gallery::TOOL,
    gallery_page::TOOL,
    gallery_full_image::TOOL,
    list_providers::TOOL,
    edit_image::TOOL,
    save_edited_image::TOOL,
    compose_image::TOOL,
    delete_image::TOOL,
    save_style::TOOL,
    delete_style::TOOL,
    fetch_image::TOOL,
    ingest_base64_image::TOOL,
    create_download_link::TOOL,
    create_upload_link::TOOL,
    server_info::TOOL,
    list_resources::TOOL,
    read_resource::TOOL,
];

/// The tool of that name.
pub fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// The array of `tools/list`.
pub fn list(offered: &Offered) -> String {
    let mut array = String::with_capacity(16 * 1024);
    array.push('[');
    for tool in TOOLS
        .iter()
        .filter(|tool| offered.has(tool.name, tool.writes))
    {
        if array.len() > 1 {
            array.push(',');
        }
        array.push_str(tool.definition);
    }
    array.push(']');
    array
}

impl Tool {
    /// Calls the tool. What it refuses or fails at is a result with `isError`.
    pub fn call(
        &self,
        context: Context<'_>,
        arguments: JsonObject,
        exchange: &mut Exchange<'_>,
    ) -> ToolReply {
        self.check(&arguments)
            .and_then(|()| (self.call)(context, arguments, exchange))
            .unwrap_or_else(|fault| fault.into_tool_result(context.capabilities).into())
    }

    fn check(&self, arguments: &JsonObject) -> Result<(), Fault> {
        // Reading the schema is most of the work of the smallest tools, and there is nothing to check.
        if arguments.is_empty() && !self.needs_arguments {
            return Ok(());
        }
        let schema = self.input_schema();
        let schema =
            schema.map_err(|error| Fault::server("internal", "the tool is defective", error))?;
        check_arguments(&schema, arguments).map_err(Fault::invalid)
    }

    fn input_schema(&self) -> Result<JsonObject, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Definition {
            input_schema: JsonObject,
        }
        serde_json::from_str(self.definition).map(|definition: Definition| definition.input_schema)
    }
}

/// Arguments that were checked against the schema, as the tool's own type.
fn typed<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Fault> {
    serde_json::from_value(Value::Object(arguments)).map_err(Fault::invalid)
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use mcp::model::Tool as Definition;

    use super::*;
    use crate::client_limits::{DESCRIPTION_BYTES, LONG_TEXT_CHARS, TOOL_NAME_CHARS};

    fn definitions() -> Vec<Definition> {
        serde_json::from_str(&list(&offered(false))).unwrap()
    }

    #[test]
    fn the_list_is_what_clients_know() {
        let tools: Value = serde_json::from_str(&list(&offered(false))).unwrap();
        insta::assert_json_snapshot!("tools_list", tools);
    }

    #[test]
    fn definitions_agree_with_the_code() {
        for (tool, definition) in TOOLS.iter().zip(definitions()) {
            assert_eq!(tool.name, definition.name);
            let hints = definition.annotations.unwrap();
            assert_eq!(hints.read_only_hint, Some(!tool.writes), "{}", tool.name);
            let schema = tool.input_schema().unwrap();
            let required = schema.get("required").and_then(Value::as_array);
            assert_eq!(
                tool.needs_arguments,
                required.is_some_and(|names| !names.is_empty()),
                "{}",
                tool.name
            );
            assert_eq!(
                schema.get("additionalProperties"),
                Some(&Value::Bool(false)),
                "{}",
                tool.name
            );
            assert!(
                definition.title.is_some() && definition.output_schema.is_some(),
                "{}",
                tool.name
            );
        }
    }

    #[test]
    fn definitions_fit_into_clients() {
        for definition in definitions() {
            let description = definition.description.unwrap();
            assert!(definition.name.len() <= TOOL_NAME_CHARS);
            assert!(
                description.len() < DESCRIPTION_BYTES,
                "{}: {} bytes",
                definition.name,
                description.len()
            );
            let wished = definition
                .meta
                .and_then(|meta| meta.0.get("anthropic/maxResultSizeChars").cloned());
            assert!(
                wished.is_none_or(|chars| chars == LONG_TEXT_CHARS),
                "{}",
                definition.name
            );
            for icon in definition.icons.into_iter().flatten() {
                let svg = icon.src.strip_prefix("data:image/svg+xml;base64,").unwrap();
                let svg = String::from_utf8(BASE64_STANDARD.decode(svg).unwrap()).unwrap();
                assert!(
                    svg.starts_with("<svg ") && svg.len() < 1024,
                    "{}",
                    definition.name
                );
            }
        }
    }

    fn offered(read_only: bool) -> Offered {
        Offered {
            read_only,
            links: true,
            allow: None,
            deny: Vec::new(),
        }
    }

    #[test]
    fn read_only_mode_hides_what_writes() {
        let names: Vec<String> = serde_json::from_str::<Vec<Definition>>(&list(&offered(true)))
            .unwrap()
            .into_iter()
            .map(|tool| tool.name.into_owned())
            .collect();
        let expected = [
            "estimate_cost",
            "check_generation_status",
            "show_image",
            "browse_gallery",
            "gallery_page",
            "gallery_full_image",
            "list_providers",
            "edit_image",
            "create_download_link",
            "get_server_info",
            "list_resources",
            "read_resource",
        ];
        assert_eq!(names, expected);
    }
}
