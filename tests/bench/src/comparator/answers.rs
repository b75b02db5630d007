//! The comparator's answers, built for every request from what the host answered once.

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use rmcp::model::{CallToolResult, ContentBlock, ListToolsResult, Tool};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::gallery::Image;

/// The `result` of one answer of the host for each operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Captured {
    /// Of `tools/list`.
    pub tools_list: Value,
    /// Of `list_providers`.
    pub list_providers: Value,
    /// Of `generate_image`.
    pub generate_image: Value,
}

/// The answers in rmcp's own types.
#[derive(Debug)]
pub struct Answers {
    tools: ListToolsResult,
    providers: Template,
    image: Template,
    image_id: String,
}

impl Answers {
    /// Takes the captured answers apart.
    pub fn new(captured: Captured) -> anyhow::Result<Self> {
        let image = Template::new(captured.generate_image).context("captured `generate_image`")?;
        Ok(Self {
            tools: serde_json::from_value(captured.tools_list).context("captured `tools/list`")?,
            providers: Template::new(captured.list_providers)
                .context("captured `list_providers`")?,
            image_id: image
                .image_id()
                .context("captured `generate_image` names no `image_id`")?,
            image,
        })
    }

    /// The answer to `tools/list`.
    pub fn tools(&self) -> ListToolsResult {
        self.tools.clone()
    }

    /// One tool, for rmcp's own checks of a call.
    pub fn tool(&self, name: &str) -> Option<Tool> {
        self.tools
            .tools
            .iter()
            .find(|tool| tool.name == name)
            .cloned()
    }

    /// The answer to `list_providers`.
    pub fn providers(&self) -> CallToolResult {
        self.providers.render(|_| {})
    }

    /// The answer to `generate_image`, about this image.
    pub fn image(&self, image: &Image) -> CallToolResult {
        let mut result = self
            .image
            .render(|value| rename(value, &self.image_id, &image.id));
        for block in &mut result.content {
            match block {
                ContentBlock::Image(preview) => {
                    preview.data = BASE64_STANDARD.encode(&image.preview_jpeg)
                }
                ContentBlock::ResourceLink(link) => {
                    link.uri = link.uri.replace(&self.image_id, &image.id)
                }
                _ => {}
            }
        }
        result
    }
}

/// A tool result whose JSON text is serialised anew for every answer, as a server does that fills it.
#[derive(Debug)]
struct Template {
    result: CallToolResult,
    /// For each content block its text as JSON, where it is JSON.
    documents: Vec<Option<Document>>,
}

#[derive(Debug)]
struct Document {
    value: Value,
    pretty: bool,
}

impl Template {
    fn new(result: Value) -> anyhow::Result<Self> {
        let result: CallToolResult = serde_json::from_value(result)?;
        let documents = result.content.iter().map(Document::of).collect();
        Ok(Self { result, documents })
    }

    /// Builds one answer; `edit` sees each JSON document before it is written.
    fn render(&self, edit: impl Fn(&mut Value)) -> CallToolResult {
        let mut result = self.result.clone();
        if let Some(structured) = &mut result.structured_content {
            edit(structured);
        }
        for (block, document) in result.content.iter_mut().zip(&self.documents) {
            if let (ContentBlock::Text(text), Some(document)) = (block, document) {
                let mut value = document.value.clone();
                edit(&mut value);
                text.text = if document.pretty {
                    format!("{value:#}")
                } else {
                    value.to_string()
                };
            }
        }
        result
    }

    fn image_id(&self) -> Option<String> {
        let documents = self
            .documents
            .iter()
            .flatten()
            .map(|document| &document.value);
        self.result
            .structured_content
            .iter()
            .chain(documents)
            .find_map(|value| value.get("image_id")?.as_str().map(str::to_owned))
    }
}

impl Document {
    fn of(block: &ContentBlock) -> Option<Self> {
        let text = &block.as_text()?.text;
        let value = serde_json::from_str(text).ok().filter(Value::is_object)?;
        Some(Self {
            value,
            pretty: text.contains('\n'),
        })
    }
}

/// Puts the new id in the place of the captured one, in every string.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text.contains(from) => *text = text.replace(from, to),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| rename(field, from, to)),
        _ => {}
    }
}
