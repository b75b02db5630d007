//! The MCP server: what the protocol asks, answered from the tools and the resources.

use std::borrow::Cow;
use std::collections::BTreeMap;

use guest::{Access, Capabilities};
use mcp::model::{
    CompleteRequestParams, CompletionInfo, ErrorData, GetPromptResult, Implementation, JsonObject,
    Prompt, ReadResourceResult, Resource, ResourceTemplate, Tool,
};
use mcp::{
    CacheHint, CacheScope, Denial, Exchange, Features, List, Operation, Page, Reply, Server,
    ToolFacts, ToolReply, only_page,
};

use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::owner::Subject;
use crate::resources::Reader;
use crate::{completion, prompts, resources, tools};

/// What every description of this server begins with.
const INSTRUCTIONS: &str = "Generates images from text prompts and keeps them in a gallery. Call list_providers to see \
                            which providers and models there are, then generate_image. A finished image is the resource \
                            image://{image_id}/view, which can be cropped, rotated, flipped, resized and converted on \
                            reading; show_image shows a preview of it.";

/// How long clients may keep lists: they change only with the configuration.
const LIST_TTL_MS: u64 = 300_000;

/// Where the list of images ends when it is read as a resource, in bytes of JSON.
const LIST_BYTES: usize = 4 * 1024 * 1024;

/// The server for one request of one caller.
pub struct ImageServer<'a, A> {
    access: A,
    context: Context<'a>,
}

impl<'a, A: Access> ImageServer<'a, A> {
    /// A server that asks `access` before it does anything and works with `capabilities`.
    pub fn new(access: A, capabilities: Capabilities<'a>) -> Self {
        let subject = access.is_known().then(|| Subject::of(&access.principal()));
        Self {
            access,
            context: Context {
                capabilities,
                subject,
                gallery_of: None,
            },
        }
    }

    /// The tool of that name, unless it is hidden.
    fn visible(&self, name: &str) -> Option<&'static tools::Tool> {
        let tool = tools::find(name)?;
        let offered = self.context.offered();
        offered.has(tool.name, tool.writes).then_some(tool)
    }
}

impl<A: Access> Server for ImageServer<'_, A> {
    fn implementation(&self) -> Implementation {
        Implementation::new(self.context.server_name(), env!("CARGO_PKG_VERSION"))
    }

    fn instructions(&self) -> Option<Cow<'_, str>> {
        if let Some(own) = self.context.capabilities.settings.setting("INSTRUCTIONS") {
            return Some(Cow::Owned(own));
        }
        if self.context.is_read_only() {
            let note =
                "This server is read-only: it shows what is in the gallery and generates nothing.";
            return Some(Cow::Owned(format!("{INSTRUCTIONS}\n\n{note}")));
        }
        Some(Cow::Borrowed(INSTRUCTIONS))
    }

    fn features(&self) -> Features {
        Features {
            tools: true,
            resources: true,
            prompts: true,
            completions: true,
            ..Features::default()
        }
    }

    fn authorize(&self, operation: &Operation<'_>) -> Result<(), Denial> {
        self.access.authorize(operation)
    }

    fn principal(&self) -> Cow<'_, str> {
        Cow::Owned(self.access.principal())
    }

    fn cache_hint(&self, _: List) -> CacheHint {
        CacheHint {
            ttl_ms: LIST_TTL_MS,
            scope: CacheScope::Private,
        }
    }

    fn tools(&self, cursor: Option<&str>) -> Result<Page<Tool>, ErrorData> {
        only_page(cursor)?;
        let offered = self.context.offered();
        // A misspelt name denies nothing, which whoever wrote it should know.
        for name in offered.names().filter(|name| tools::find(name).is_none()) {
            let log = self.context.capabilities.log;
            log.warn(&format!(
                "TOOLS_ALLOW or TOOLS_DENY names an unknown tool: {name}"
            ));
        }
        Ok(Page::json(tools::list(&offered)))
    }

    fn tool(&self, name: &str) -> Option<ToolFacts> {
        let tool = self.visible(name)?;
        Some(if tool.writes {
            ToolFacts::writes()
        } else {
            ToolFacts::reads()
        })
    }

    fn call_tool(
        &self,
        name: &str,
        arguments: JsonObject,
        exchange: &mut Exchange<'_>,
    ) -> Result<ToolReply, ErrorData> {
        // `tool` has let it pass a moment ago.
        let tool =
            tools::find(name).ok_or_else(|| ErrorData::invalid_params("unknown tool", None))?;
        Ok(tool.call(self.context, arguments, exchange))
    }

    fn resources(&self, cursor: Option<&str>) -> Result<Page<Resource>, ErrorData> {
        only_page(cursor)?;
        Ok(Page::all(resources::list()))
    }

    fn resource_templates(
        &self,
        cursor: Option<&str>,
    ) -> Result<Page<ResourceTemplate>, ErrorData> {
        only_page(cursor)?;
        Ok(Page::all(resources::templates()))
    }

    fn read_resource(
        &self,
        uri: &str,
        exchange: &mut Exchange<'_>,
    ) -> Result<Reply<ReadResourceResult>, ErrorData> {
        let reader = Reader {
            now: exchange.now(),
            list_bytes: LIST_BYTES,
        };
        let contents = resources::read(self.context, uri, reader);
        let contents =
            contents.map_err(|fault: Fault| fault.into_error(self.context.capabilities))?;
        Ok(contents.into_result(uri).into())
    }

    fn prompts(&self, cursor: Option<&str>) -> Result<Page<Prompt>, ErrorData> {
        only_page(cursor)?;
        Ok(Page::all(prompts::list()))
    }

    fn get_prompt(
        &self,
        name: &str,
        arguments: BTreeMap<String, String>,
        _: &mut Exchange<'_>,
    ) -> Result<Reply<GetPromptResult>, ErrorData> {
        Ok(prompts::render(self.context, name, &arguments)?.into())
    }

    fn complete(&self, params: CompleteRequestParams) -> Result<CompletionInfo, ErrorData> {
        completion::complete(self.context, params)
    }
}
