//! The `_meta` of a request: how modern requests say everything that a session used to know.

use rmcp::model::{ClientCapabilities, Implementation};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::log_level::LogLevel;
use crate::version::Era;

/// Where the version stands, and the sign of a modern request.
pub(crate) const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
pub(crate) const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
pub(crate) const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const PROGRESS_TOKEN: &str = "progressToken";

/// What the `_meta` of a request says.
#[derive(Debug, Default)]
pub(crate) struct Meta {
    /// A string or an integer, given back as it came.
    pub(crate) progress_token: Option<Value>,
    pub(crate) log_level: Option<LogLevel>,
    pub(crate) client_capabilities: ClientCapabilities,
    pub(crate) client_info: Option<Implementation>,
}

impl Meta {
    /// Takes `_meta` out of the parameters.
    ///
    /// # Errors
    ///
    /// When a value that counts in this era is not of its type. What a client says about itself
    /// decides nothing, so it is left out rather than refused.
    pub(crate) fn take(era: Era, params: &mut Map<String, Value>) -> Result<Self, Fault> {
        let Some(value) = params.remove("_meta") else {
            return Ok(Self::default());
        };
        let Value::Object(mut object) = value else {
            return Err(invalid(era, "`_meta` is not an object"));
        };
        let progress_token = object.remove(PROGRESS_TOKEN);
        if !progress_token.as_ref().is_none_or(is_token) {
            let text = "`_meta.progressToken` is neither a string nor an integer";
            return Err(invalid(era, text));
        }
        let mut meta = Self {
            progress_token,
            ..Self::default()
        };
        if era == Era::Modern {
            meta.log_level = log_level(object.remove(LOG_LEVEL))?;
            meta.client_capabilities = capabilities(object.get(CLIENT_CAPABILITIES))?;
            meta.client_info = object
                .get(CLIENT_INFO)
                .and_then(|info| Implementation::deserialize(info).ok());
        }
        Ok(meta)
    }
}

/// Whether `_meta` has both members that a modern request must have.
pub(crate) fn is_complete(params: &Map<String, Value>) -> bool {
    let member = |name| params.get("_meta").and_then(|meta| meta.get(name));
    member(PROTOCOL_VERSION).is_some_and(Value::is_string)
        && capabilities(member(CLIENT_CAPABILITIES)).is_ok()
}

pub(crate) fn capabilities(value: Option<&Value>) -> Result<ClientCapabilities, Fault> {
    value
        .and_then(|value| ClientCapabilities::deserialize(value).ok())
        .ok_or_else(|| {
            let text = format!("`_meta[\"{CLIENT_CAPABILITIES}\"]` is missing or malformed");
            Fault::incomplete_meta(text)
        })
}

fn log_level(value: Option<Value>) -> Result<Option<LogLevel>, Fault> {
    let Some(value) = value else {
        return Ok(None);
    };
    match value.as_str().and_then(LogLevel::parse) {
        Some(level) => Ok(Some(level)),
        None => Err(Fault::incomplete_meta(format!(
            "`_meta[\"{LOG_LEVEL}\"]` is not a level"
        ))),
    }
}

fn is_token(value: &Value) -> bool {
    value.is_string() || value.is_i64() || value.is_u64()
}

fn invalid(era: Era, text: &str) -> Fault {
    match era {
        Era::Modern => Fault::incomplete_meta(text),
        Era::Legacy => Fault::invalid_params(text),
    }
}
