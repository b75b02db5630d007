//! A client of the whole server, in one process: real protocol, real tools, capabilities in memory.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and not every test file uses everything"
)]

pub mod flag;
pub mod memory;

use std::cell::RefCell;

use guest::Access;
use image_tools::client_limits::{LONG_TEXT_CHARS, RESULT_CHARS};
use image_tools::images::limits::PREVIEW_BASE64_BYTES;
use image_tools::server::ImageServer;
use mcp::{Denial, HttpRequest, Operation, Recorder};
use memory::Memory;
use serde_json::{Value, json};

/// A policy that admits everybody, and keeps what it was asked.
#[derive(Default)]
pub struct Policy {
    pub asked: RefCell<Vec<(String, String, bool)>>,
    pub denies_writing: bool,
    /// Who calls; nobody in particular by default.
    pub subject: Option<&'static str>,
}

impl Access for &Policy {
    fn authorize(&self, operation: &Operation<'_>) -> Result<(), Denial> {
        let asked = (
            operation.method.to_owned(),
            operation.target.to_owned(),
            operation.writes,
        );
        self.asked.borrow_mut().push(asked);
        if !(self.denies_writing && operation.writes) {
            return Ok(());
        }
        Err(Denial {
            status: 403,
            code: "insufficient_scope".to_owned(),
            description: "the token lacks a scope".to_owned(),
            challenge: Some("Bearer error=\"insufficient_scope\"".to_owned()),
            retry_after_seconds: None,
        })
    }

    fn principal(&self) -> String {
        self.subject.unwrap_or("tester").to_owned()
    }

    fn is_known(&self) -> bool {
        self.subject.is_some()
    }
}

/// A modern request that speaks through `mcp::serve`.
pub fn send(memory: &Memory, method: &str, params: Value, recorder: &mut Recorder) {
    send_as(&Policy::default(), memory, (method, params), recorder);
}

/// The same, with a policy that can refuse.
pub fn send_as(
    policy: &Policy,
    memory: &Memory,
    (method, mut params): (&str, Value),
    recorder: &mut Recorder,
) {
    let mut meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    });
    if let Some(token) = params.as_object_mut().unwrap().remove("progressToken") {
        meta["progressToken"] = token;
    }
    if let Some(capabilities) = params.as_object_mut().unwrap().remove("clientCapabilities") {
        meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    }
    params["_meta"] = meta;
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json, text/event-stream".to_owned()),
        ("mcp-protocol-version", "2026-07-28".to_owned()),
        ("mcp-method", method.to_owned()),
    ];
    let name = params
        .get("name")
        .or_else(|| params.get("uri"))
        .and_then(Value::as_str);
    headers.extend(name.map(|name| ("mcp-name", name.to_owned())));
    let headers: Vec<_> = headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let now = memory.capabilities().clock.now().as_secs();
    let request = HttpRequest {
        method: "POST",
        headers: &headers,
        body: body.as_bytes(),
        now,
    };
    mcp::serve(
        &ImageServer::new(policy, memory.capabilities()),
        &request,
        recorder,
    );
}

/// The answer to one request: the last message.
pub fn request(memory: &Memory, method: &str, params: Value) -> Value {
    request_as(&Policy::default(), memory, method, params)
}

/// The answer to one request of somebody.
pub fn request_as(policy: &Policy, memory: &Memory, method: &str, params: Value) -> Value {
    let mut recorder = Recorder::new();
    send_as(policy, memory, (method, params), &mut recorder);
    assert!(recorder.finished, "{method}: no complete answer");
    serde_json::from_str(recorder.messages().last().unwrap()).unwrap()
}

/// The result of a tool call that is answered in one piece.
pub fn call(memory: &Memory, tool: &str, arguments: Value) -> Value {
    let answer = request(
        memory,
        "tools/call",
        json!({"name": tool, "arguments": arguments}),
    );
    let result = answer
        .get("result")
        .unwrap_or_else(|| panic!("{tool}: {answer}"))
        .clone();
    assert_fits_clients(tool, &result);
    result
}

/// A caller whom the policy knows by name.
pub fn known(subject: &'static str) -> Policy {
    Policy {
        subject: Some(subject),
        ..Policy::default()
    }
}

/// The structured content of a tool call of somebody that succeeds.
pub fn structured_as(policy: &Policy, memory: &Memory, tool: &str, arguments: Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    let answer = request_as(policy, memory, "tools/call", params);
    let result = &answer["result"];
    assert_fits_clients(tool, result);
    assert_ne!(result["isError"], true, "{tool}: {result}");
    result["structuredContent"].clone()
}

/// The structured content of a tool call that succeeds.
pub fn structured(memory: &Memory, tool: &str, arguments: Value) -> Value {
    let result = call(memory, tool, arguments);
    assert_ne!(result["isError"], true, "{tool}: {result}");
    result["structuredContent"].clone()
}

/// The text of a tool call that fails.
pub fn failure(memory: &Memory, tool: &str, arguments: Value) -> String {
    let result = call(memory, tool, arguments);
    assert_eq!(result["isError"], true, "{tool}: {result}");
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

/// Limits of the clients that are known to have some.
fn assert_fits_clients(tool: &str, result: &Value) {
    let chars = |text: &str| text.chars().count();
    assert!(chars(&result.to_string()) < RESULT_CHARS, "{tool}");
    let is_base64 = ["browse_gallery", "gallery_page", "gallery_full_image"].contains(&tool);
    if is_base64 {
        return;
    }
    assert_no_base64(tool, &result["structuredContent"].to_string());
    for block in result["content"].as_array().into_iter().flatten() {
        if let Some(text) = block["text"].as_str() {
            assert!(chars(text) < LONG_TEXT_CHARS, "{tool}");
            assert_no_base64(tool, text);
        }
        if let Some(data) = block["data"].as_str() {
            assert!(data.len() <= PREVIEW_BASE64_BYTES, "{tool}");
        }
    }
}

/// No picture has been put where only text belongs.
fn assert_no_base64(tool: &str, text: &str) {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let longest = text.split(|c| !is_base64(c)).map(str::len).max();
    assert!(longest < Some(300), "{tool}: {text}");
}

/// A host on which images may be generated.
pub fn writable() -> Memory {
    Memory::new()
        .with_setting("READ_ONLY", "false")
        .with_setting("RUN_ID", "first")
}
