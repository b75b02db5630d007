//! What a component brings: its tools, resources and prompts behind one trait, and the plain
//! values that cross it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rmcp::model::{
    CompleteRequestParams, CompletionInfo, ErrorData, ExtensionCapabilities, GetPromptResult,
    Implementation, JsonObject, Prompt, ReadResourceResult, Resource, ResourceTemplate, Tool,
};

use crate::exchange::Exchange;
use crate::fault::clip;
use crate::page::Page;
use crate::parameter_headers::ParameterHeader;
use crate::reply::{Reply, ToolReply};

/// An MCP server as its component sees it. One value serves one HTTP request, for one caller
/// whose identity the component already knows.
///
/// The methods of a feature that [`Features`] leaves out are never called. Errors become JSON-RPC
/// errors as they are, so their texts must be fit for the client:
/// `ErrorData::invalid_params` for what the client got wrong, `ErrorData::internal_error` for what
/// we did. A tool that ran and failed is a result with `isError`, not an error.
pub trait Server {
    /// Name, title and version of the server.
    fn implementation(&self) -> Implementation;

    /// Guidance for the model that uses the server, or `None`.
    fn instructions(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// What the server offers. Must not depend on the caller.
    fn features(&self) -> Features;

    /// Asks the policy whether the caller may do this. Called before every `tools/call`,
    /// `resources/read` and `prompts/get`, before any part of the answer is sent.
    ///
    /// # Errors
    ///
    /// The refusal, sent as its HTTP status with a JSON-RPC error as the body.
    fn authorize(&self, operation: &Operation<'_>) -> Result<(), Denial>;

    /// Who calls: the subject, or any text that is the same for two requests only when the same
    /// caller made both. A `requestState` opens for the caller it was sealed for only.
    fn principal(&self) -> Cow<'_, str>;

    /// Key that seals `requestState`, at least 32 secret bytes, the same on every replica.
    /// `None`, the default, when no tool, prompt or resource keeps state between rounds.
    fn state_key(&self) -> Option<Cow<'_, [u8]>> {
        None
    }

    /// How long a client may keep what a list says. `resources/read` says it in its result.
    fn cache_hint(&self, _list: List) -> CacheHint {
        CacheHint::default()
    }

    /// The page of tools after `cursor`, in an order that does not change between calls.
    ///
    /// # Errors
    ///
    /// `invalid_params` for a cursor that this server did not issue; see [`Page::all`].
    fn tools(&self, _cursor: Option<&str>) -> Result<Page<Tool>, ErrorData> {
        Ok(Page::all(Vec::new()))
    }

    /// What the protocol must know of a tool before it is called, or `None` when there is no such
    /// tool for this caller. Called once for every `tools/call`, so it should be cheap.
    fn tool(&self, _name: &str) -> Option<ToolFacts> {
        None
    }

    /// Calls a tool that [`tool`](Self::tool) knows. `arguments` is empty when the client sent
    /// none; checking it is the tool's business, see [`check_arguments`](crate::check_arguments).
    ///
    /// # Errors
    ///
    /// Only for what is no failure of the tool itself.
    fn call_tool(
        &self,
        name: &str,
        _arguments: JsonObject,
        _exchange: &mut Exchange<'_>,
    ) -> Result<ToolReply, ErrorData> {
        Err(unknown_tool(name))
    }

    /// The page of resources after `cursor`.
    ///
    /// # Errors
    ///
    /// `invalid_params` for a cursor that this server did not issue; see [`Page::all`].
    fn resources(&self, _cursor: Option<&str>) -> Result<Page<Resource>, ErrorData> {
        Ok(Page::all(Vec::new()))
    }

    /// The page of resource templates after `cursor`.
    ///
    /// # Errors
    ///
    /// `invalid_params` for a cursor that this server did not issue; see [`Page::all`].
    fn resource_templates(
        &self,
        _cursor: Option<&str>,
    ) -> Result<Page<ResourceTemplate>, ErrorData> {
        Ok(Page::all(Vec::new()))
    }

    /// Reads a resource.
    ///
    /// # Errors
    ///
    /// `ErrorData::resource_not_found` (its code is translated for the era of the request, and
    /// `data.uri` is added) when there is no such resource.
    fn read_resource(
        &self,
        _uri: &str,
        _exchange: &mut Exchange<'_>,
    ) -> Result<Reply<ReadResourceResult>, ErrorData> {
        Err(ErrorData::resource_not_found("unknown resource", None))
    }

    /// The page of prompts after `cursor`.
    ///
    /// # Errors
    ///
    /// `invalid_params` for a cursor that this server did not issue; see [`Page::all`].
    fn prompts(&self, _cursor: Option<&str>) -> Result<Page<Prompt>, ErrorData> {
        Ok(Page::all(Vec::new()))
    }

    /// Renders a prompt.
    ///
    /// # Errors
    ///
    /// `invalid_params` for an unknown prompt or a missing argument.
    fn get_prompt(
        &self,
        name: &str,
        _arguments: BTreeMap<String, String>,
        _exchange: &mut Exchange<'_>,
    ) -> Result<Reply<GetPromptResult>, ErrorData> {
        Err(ErrorData::invalid_params(
            format!("unknown prompt: `{}`", clip(name)),
            None,
        ))
    }

    /// Completes an argument of a prompt or a resource template.
    ///
    /// # Errors
    ///
    /// `invalid_params` for an unknown reference or argument.
    fn complete(&self, _params: CompleteRequestParams) -> Result<CompletionInfo, ErrorData> {
        Ok(CompletionInfo::default())
    }
}

/// The error for a tool that does not exist (-32602, MCP 2025-11-25 and later).
pub(crate) fn unknown_tool(name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("unknown tool: `{}`", clip(name)), None)
}

/// Which parts of MCP a server offers. What is not offered is not advertised, and its methods do
/// not exist.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// `tools/list` and `tools/call`.
    pub tools: bool,
    /// `resources/list`, `resources/templates/list` and `resources/read`.
    pub resources: bool,
    /// `prompts/list` and `prompts/get`.
    pub prompts: bool,
    /// `completion/complete`.
    pub completions: bool,
    /// Log messages for the client; `logging/setLevel` on the legacy eras.
    pub logging: bool,
    /// `resources/subscribe` and `resources/unsubscribe` on the legacy eras, which are answered
    /// `{}` for resources that never change: no update is ever sent, and none is advertised.
    pub legacy_subscriptions: bool,
    /// Extensions by identifier, with their settings.
    pub extensions: ExtensionCapabilities,
}

/// What somebody is about to do; the policy judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation<'a> {
    /// `tools/call`, `resources/read` or `prompts/get`.
    pub method: &'static str,
    /// The tool name, the resource URI or the prompt name.
    pub target: &'a str,
    /// Whether it can change or spend something: [`ToolFacts::writes`] for a tool, else false.
    pub writes: bool,
}

/// A refusal by the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// HTTP status: 400, 401, 403, 429 or 503; anything else is sent as 503.
    pub status: u16,
    /// Stable machine code, for example `insufficient_scope` (RFC 6750, section 3.1).
    pub code: String,
    /// One safe sentence for the client.
    pub description: String,
    /// Value of `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// Value of `Retry-After`, in seconds.
    pub retry_after_seconds: Option<u32>,
}

/// What the protocol must know of a tool before it calls it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolFacts {
    /// Whether a call can change or spend something.
    pub writes: bool,
    /// Arguments that a modern client repeats in `Mcp-Param-*` headers: those whose schema has
    /// `x-mcp-header`. Leave it empty for a tool that browsers shall be able to call.
    pub parameter_headers: Vec<ParameterHeader>,
}

impl ToolFacts {
    /// A tool that only reads.
    pub fn reads() -> Self {
        Self::default()
    }

    /// A tool that can change or spend something.
    pub fn writes() -> Self {
        Self {
            writes: true,
            ..Self::default()
        }
    }
}

/// The lists whose freshness [`Server::cache_hint`] states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `server/discover`.
    Discover,
    /// `prompts/list`.
    Prompts,
    /// `resources/templates/list`.
    ResourceTemplates,
    /// `resources/list`.
    Resources,
    /// `tools/list`.
    Tools,
}

/// How long, and by whom, a result may be kept (MCP 2026-07-28, caching).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheHint {
    /// For how many milliseconds it is fresh. 0, the default: ask again each time.
    pub ttl_ms: u64,
    /// Who may keep it.
    pub scope: CacheScope,
}

/// Who may keep a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheScope {
    /// The client that asked, for the same credential.
    #[default]
    Private,
    /// Anybody: the result must not depend on the caller.
    Public,
}
