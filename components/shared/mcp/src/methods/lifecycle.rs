//! What a client asks before it does anything: `server/discover` on the modern era; `initialize`,
//! `ping` and `logging/setLevel` on the legacy ones.

use std::borrow::Cow;

use rmcp::model::{
    Implementation, PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::required;
use crate::call::Call;
use crate::fault::Fault;
use crate::log_level::LogLevel;
use crate::server::{Features, List};
use crate::version::{Era, Version};
use crate::wire::{self, Head, Object};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Discovered<'a> {
    supported_versions: [Version; 4],
    capabilities: ServerCapabilities,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<Cow<'a, str>>,
}

pub(super) fn discover(call: &Call<'_>) -> Vec<u8> {
    let body = Discovered {
        supported_versions: Version::ALL,
        capabilities: capabilities(&call.component.features),
        instructions: call.server().instructions(),
    };
    let head = Head::cached(call.server().cache_hint(List::Discover));
    wire::result(call, &head, &Object(body))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Initialized<'a> {
    protocol_version: Version,
    capabilities: ServerCapabilities,
    server_info: &'a Implementation,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<Cow<'a, str>>,
}

/// Agrees on the version that the client asks for, or offers the newest of this era. Nothing is
/// remembered: later requests name the version in a header.
pub(super) fn initialize(call: &Call<'_>, params: &Map<String, Value>) -> Result<Vec<u8>, Fault> {
    let requested = required(params, "protocolVersion")?;
    let agreed = Version::parse(requested).filter(|version| version.era() == Era::Legacy);
    let body = Initialized {
        protocol_version: agreed.unwrap_or(Version::LATEST_LEGACY),
        capabilities: capabilities(&call.component.features),
        server_info: &call.component.implementation,
        instructions: call.server().instructions(),
    };
    Ok(wire::result(call, &Head::complete(), &Object(body)))
}

pub(super) fn ping(call: &Call<'_>) -> Vec<u8> {
    wire::result(call, &Head::complete(), &Object(json!({})))
}

/// Accepted and forgotten, as there is no session to keep it in.
pub(super) fn set_log_level(
    call: &Call<'_>,
    params: &Map<String, Value>,
) -> Result<Vec<u8>, Fault> {
    if LogLevel::parse(required(params, "level")?).is_none() {
        return Err(Fault::invalid_params("`level` is not a log level"));
    }
    Ok(ping(call))
}

/// No list ever changes under the eyes of a client, and nothing can be subscribed to, so neither
/// `listChanged` nor `subscribe` is offered.
fn capabilities(features: &Features) -> ServerCapabilities {
    let mut offered = ServerCapabilities::default();
    offered.tools = features.tools.then(ToolsCapability::default);
    offered.resources = features.resources.then(ResourcesCapability::default);
    offered.prompts = features.prompts.then(PromptsCapability::default);
    offered.completions = features.completions.then(Map::new);
    offered.logging = features.logging.then(Map::new);
    if !features.extensions.is_empty() {
        offered.extensions = Some(features.extensions.clone());
    }
    offered
}
