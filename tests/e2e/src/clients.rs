//! The main job, done by the official MCP clients: the TypeScript SDKs, as processes, and `rmcp`;
//! and the way to it through a login. Every client gives the same report, so that one set of assertions judges all of them.

use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::artifacts;

mod inspector;
mod login;
mod rust;

pub use inspector::inspect;
pub use login::{Identity, LoginReport};

/// A client, and the versions of the protocol that it is told to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// `rmcp`, handshake of 2025-11-25.
    RustLegacy,
    /// `rmcp`, 2026-07-28 when the server knows it.
    RustAuto,
    /// `@modelcontextprotocol/sdk` 1.x.
    TypeScriptV1,
    /// `@modelcontextprotocol/client` 2.x as it comes: handshake of 2025-11-25.
    TypeScriptLegacy,
    /// The same, 2026-07-28 when the server knows it.
    TypeScriptAuto,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RustLegacy,
        Self::RustAuto,
        Self::TypeScriptV1,
        Self::TypeScriptLegacy,
        Self::TypeScriptAuto,
    ];

    /// The version that it must agree on with a server that knows all.
    pub fn protocol_version(self) -> &'static str {
        match self {
            Self::RustAuto | Self::TypeScriptAuto => "2026-07-28",
            Self::RustLegacy | Self::TypeScriptV1 | Self::TypeScriptLegacy => "2025-11-25",
        }
    }

    /// Connects and lists the tools.
    pub async fn list(self, url: &str, token: Option<&str>) -> Report {
        self.report(json!({"step": "list", "url": url, "token": token}))
            .await
    }

    /// Generates two images, the second one in the background; shows and reads that one.
    pub async fn create(self, url: &str, token: Option<&str>, prompt: &str) -> Report {
        self.report(json!({"step": "create", "url": url, "token": token, "prompt": prompt}))
            .await
    }

    /// Shows and reads an image that was made before.
    pub async fn find(self, url: &str, token: Option<&str>, image_id: &str) -> Report {
        self.report(json!({"step": "find", "url": url, "token": token, "image_id": image_id}))
            .await
    }

    async fn report(self, mut job: Value) -> Report {
        let report = match self {
            Self::RustLegacy | Self::RustAuto => rust::report(self == Self::RustAuto, &job).await,
            Self::TypeScriptV1 | Self::TypeScriptLegacy | Self::TypeScriptAuto => {
                job["sdk"] = json!(self.sdk());
                run("clients/job.mjs", job).await
            }
        };
        serde_json::from_value(report).unwrap()
    }

    fn sdk(self) -> &'static str {
        match self {
            Self::TypeScriptV1 => "v1",
            Self::TypeScriptLegacy => "v2-legacy",
            Self::TypeScriptAuto => "v2-auto",
            Self::RustLegacy | Self::RustAuto => unreachable!("not a TypeScript client"),
        }
    }
}

/// What a client saw.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// What client and server agreed on.
    pub protocol_version: String,
    /// Names of the tools.
    pub tools: Vec<String>,
    /// `generate_image` with the default wait.
    pub waited: Option<Call>,
    /// `generate_image` without waiting.
    pub started: Option<Call>,
    /// The last status of that one.
    pub polled: Option<Call>,
    /// `show_image`.
    pub shown: Option<Call>,
    /// Turned by 90 degrees and made to 64 x 32 WebP.
    pub view: Option<Resource>,
    /// Without a transform.
    pub original: Option<Resource>,
    /// `image://list`.
    pub list: Option<String>,
}

/// The result of a tool.
#[derive(Debug, Deserialize)]
pub struct Call {
    /// `isError`.
    pub is_error: bool,
    /// `structuredContent`.
    pub structured: Value,
    /// Content blocks: `type`, `text`, `data`, `mime_type`, `uri`.
    pub content: Vec<Value>,
}

impl Call {
    /// The first content block of a type.
    pub fn block(&self, kind: &str) -> &Value {
        self.content
            .iter()
            .find(|block| block["type"] == kind)
            .unwrap_or_else(|| panic!("no {kind} block: {self:?}"))
    }
}

/// The first content of a resource.
#[derive(Debug, Deserialize)]
pub struct Resource {
    /// `mimeType`.
    pub mime_type: String,
    /// Base64.
    pub blob: String,
}

impl Resource {
    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.blob).unwrap()
    }
}

/// Runs a script with one JSON argument and reads the JSON that it prints.
async fn run(script: &str, argument: Value) -> Value {
    let mut command = Command::new(artifacts::node());
    command
        .arg(artifacts::script(script))
        .arg(argument.to_string())
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{script} failed:\n{stdout}\n{stderr}"
    );
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{script}: {error}: {stdout}"))
}
