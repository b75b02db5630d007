//! What is asked of a server: each operation as the complete bytes of one HTTP request.

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

/// The protocol revision of every request: the stateless one, which both servers speak.
pub const PROTOCOL_VERSION: &str = "2026-07-28";
/// The prompt of every image. The colour of a `placeholder` image depends on it.
pub const PROMPT: &str = "a small red house by the sea";

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `GET /`: no MCP at all, the limit of the machine.
    Hello,
    /// `tools/list`.
    ToolsList,
    /// `tools/call list_providers`.
    ListProviders,
    /// `tools/call generate_image` with the built-in `placeholder` provider.
    GenerateImage,
}

impl Operation {
    /// The operations that an MCP server answers.
    pub const MCP: [Self; 3] = [Self::ToolsList, Self::ListProviders, Self::GenerateImage];

    /// The name in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::ToolsList => "tools/list",
            Self::ListProviders => "list_providers",
            Self::GenerateImage => "generate_image",
        }
    }

    /// Requests to serve at most in one window: every image becomes two files that stay on the disk
    /// until the end of the run.
    pub fn max_requests(self) -> u64 {
        match self {
            Self::GenerateImage => 1_000,
            Self::Hello | Self::ToolsList | Self::ListProviders => u64::MAX,
        }
    }

    /// The whole HTTP/1.1 request to `authority`, with a bearer token where there is one.
    pub fn request(self, authority: &str, token: Option<&str>) -> Vec<u8> {
        let (method, tool, arguments) = match self {
            Self::Hello => {
                return format!("GET / HTTP/1.1\r\nHost: {authority}\r\n\r\n").into_bytes();
            }
            Self::ToolsList => ("tools/list", None, Value::Null),
            Self::ListProviders => ("tools/call", Some("list_providers"), json!({})),
            Self::GenerateImage => (
                "tools/call",
                Some("generate_image"),
                json!({"prompt": PROMPT, "provider": "placeholder"}),
            ),
        };
        let body = body(method, tool, arguments);
        let name = tool.map_or_else(String::new, |tool| format!("Mcp-Name: {tool}\r\n"));
        let bearer = token.map_or_else(String::new, |token| {
            format!("Authorization: Bearer {token}\r\n")
        });
        format!(
            "POST /mcp HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {PROTOCOL_VERSION}\r\n\
             Mcp-Method: {method}\r\n{name}{bearer}Content-Length: {length}\r\n\r\n{body}",
            length = body.len(),
        )
        .into_bytes()
    }
}

fn body(method: &str, tool: Option<&str>, arguments: Value) -> String {
    let mut params = json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": PROTOCOL_VERSION,
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1.0.0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    if let (Some(tool), Some(params)) = (tool, params.as_object_mut()) {
        params.insert("name".into(), tool.into());
        params.insert("arguments".into(), arguments);
    }
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}
