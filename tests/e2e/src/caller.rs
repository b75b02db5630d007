//! An HTTP caller with an identity, speaking MCP (2026-07-28) to one server.
//!
//! Unlike the MCP clients it shows status, headers and body as they came, and it can be told to
//! send what no client would.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::challenge::Challenge;
use crate::logs::Logs;
use crate::wait::{PATIENCE, until};

const MODERN: &str = "2026-07-28";

/// One identity at one server.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    origin: String,
    headers: HeaderMap,
    path: String,
    logs: Logs,
}

impl Caller {
    /// A caller without a credential. Prompts that it sends must not show up in `logs`.
    pub fn new(origin: &str, logs: &Logs) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE * 2)
            .build()
            .unwrap();
        Self {
            http,
            origin: origin.into(),
            headers: HeaderMap::new(),
            path: "/mcp".into(),
            logs: logs.clone(),
        }
    }

    /// Sends this bearer token from now on.
    #[must_use]
    pub fn with_token(self, token: &str) -> Self {
        self.logs.keep_secret(token);
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// Sends this header field too; a repeated name is sent repeatedly.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers
            .append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// Sends these header fields too.
    #[must_use]
    pub fn with_headers(self, fields: &[(&'static str, String)]) -> Self {
        fields.iter().fold(self, |caller, (name, value)| {
            caller.with_header(name, value)
        })
    }

    /// Sends MCP requests to this path and query instead of `/mcp`.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    /// `GET` of a path.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, Vec::new()).await
    }

    /// Any request.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.try_send(method, path, body.into())
            .await
            .unwrap_or_else(|error| panic!("no answer for {path}: {error:?}"))
    }

    /// Any request, to a server that may not be there.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> reqwest::Result<Reply> {
        let request = self
            .http
            .request(method, format!("{}{path}", self.origin))
            .headers(self.headers.clone());
        let response = request.body(body).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply {
            status,
            headers,
            body: response.bytes().await?.to_vec(),
        })
    }

    /// An MCP request, complete in the way of 2026-07-28.
    pub async fn rpc(&self, method: &str, params: Value) -> Reply {
        self.try_rpc(method, params)
            .await
            .unwrap_or_else(|error| panic!("no answer for {method}: {error:?}"))
    }

    /// [`Self::rpc`] to a server that may not be there.
    pub async fn try_rpc(&self, method: &str, mut params: Value) -> reqwest::Result<Reply> {
        params["_meta"] = meta(params.get("_meta"));
        let name = params
            .get("name")
            .or(params.get("uri"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let complete = self.clone().with_headers(&mcp_headers(method, &name));
        complete
            .try_send(Method::POST, &self.path, body.to_string().into_bytes())
            .await
    }

    /// `tools/list`.
    pub async fn list_tools(&self) -> Reply {
        self.rpc("tools/list", json!({})).await
    }

    /// `tools/call`.
    pub async fn call(&self, tool: &str, arguments: Value) -> Reply {
        if let Some(prompt) = arguments.get("prompt").and_then(Value::as_str) {
            self.logs.keep_secret(prompt);
        }
        self.rpc("tools/call", json!({"name": tool, "arguments": arguments}))
            .await
    }

    /// `resources/read`.
    pub async fn read(&self, uri: &str) -> Reply {
        self.rpc("resources/read", json!({"uri": uri})).await
    }

    /// Generates an image and gives its id, once it is there.
    pub async fn generate(&self, prompt: &str) -> String {
        let reply = self
            .call(
                "generate_image",
                json!({"prompt": prompt, "provider": "placeholder"}),
            )
            .await;
        let structured = reply.structured();
        assert_eq!(structured["status"], "completed", "{structured}");
        structured["image_id"].as_str().unwrap().to_owned()
    }

    /// Begins to generate an image and gives its id at once.
    pub async fn begin(&self, prompt: &str) -> String {
        let arguments = json!({"prompt": prompt, "provider": "placeholder", "wait_seconds": 0});
        let structured = self.call("generate_image", arguments).await.structured();
        structured["image_id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id: {structured}"))
            .to_owned()
    }

    /// `check_generation_status`, as an object.
    pub async fn status(&self, image_id: &str) -> Value {
        self.call("check_generation_status", json!({"image_id": image_id}))
            .await
            .structured()
    }

    /// Waits until a job is no longer `generating`, and gives its last status.
    pub async fn finished(&self, image_id: &str) -> Value {
        until(&format!("{image_id} is finished"), async || {
            let status = self.status(image_id).await;
            (status["status"] != "generating").then_some(status)
        })
        .await
    }

    /// Another limit for the time to an answer.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.http = reqwest::Client::builder()
            .timeout(patience)
            .build()
            .unwrap();
        self
    }
}

/// A well-formed `tools/list` as bytes of HTTP/1.1, with more header fields: whole lines, each
/// ending with CR LF.
pub fn list_tools_request(path: &str, fields: &str) -> String {
    let body =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta(None)}})
            .to_string();
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in mcp_headers("tools/list", "") {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{head}{fields}\r\n{body}")
}

/// The header fields that 2026-07-28 asks for. `name` is left out when it is empty.
pub fn mcp_headers(method: &str, name: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json, text/event-stream".to_owned()),
        ("mcp-protocol-version", MODERN.to_owned()),
        ("mcp-method", field_value(method)),
    ];
    if !name.is_empty() {
        headers.push(("mcp-name", field_value(name)));
    }
    headers
}

/// Text that a header field cannot carry is sent as base64 (MCP 2026-07-28, Streamable HTTP).
fn field_value(text: &str) -> String {
    let plain = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) && text.trim() == text;
    if plain {
        text.to_owned()
    } else {
        format!("=?base64?{}?=", STANDARD.encode(text))
    }
}

fn meta(given: Option<&Value>) -> Value {
    let mut meta = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "e2e", "version": "1"},
    });
    for (name, value) in given.and_then(Value::as_object).into_iter().flatten() {
        meta[name] = value.clone();
    }
    meta
}

/// An answer as it came.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// All header fields.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a header field that must be there at most once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap());
        assert!(
            values.next().is_none(),
            "{name} is there more than once: {self:?}"
        );
        first
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; of an event stream, the last event.
    pub fn json(&self) -> Value {
        let text = self.text();
        let streamed = self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/event-stream"));
        let document = if streamed {
            text.lines()
                .rev()
                .find_map(|line| line.strip_prefix("data:"))
                .unwrap_or_default()
        } else {
            &text
        };
        serde_json::from_str(document)
            .unwrap_or_else(|error| panic!("not JSON: {error}: status {}: {text}", self.status))
    }

    /// The result of an MCP request that succeeded.
    pub fn result(&self) -> Value {
        let json = self.json();
        assert_eq!(self.status, 200, "{json}");
        json.get("result")
            .unwrap_or_else(|| panic!("no result: {json}"))
            .clone()
    }

    /// The code of the JSON-RPC error, when there is one.
    pub fn rpc_error(&self) -> Option<i64> {
        serde_json::from_slice::<Value>(&self.body).ok()?["error"]["code"].as_i64()
    }

    /// The structured result of a tool that succeeded.
    pub fn structured(&self) -> Value {
        let result = self.result();
        assert_ne!(result["isError"], json!(true), "{result}");
        result
            .get("structuredContent")
            .unwrap_or_else(|| panic!("no structured content: {result}"))
            .clone()
    }

    /// The text of a tool's failure.
    pub fn tool_error(&self) -> String {
        let result = self.result();
        assert_eq!(result["isError"], json!(true), "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// The bytes and MIME type of a binary resource.
    pub fn blob(&self) -> (String, Vec<u8>) {
        let content = self.result()["contents"][0].clone();
        let bytes = STANDARD
            .decode(
                content["blob"]
                    .as_str()
                    .unwrap_or_else(|| panic!("no blob: {content}")),
            )
            .unwrap();
        (content["mimeType"].as_str().unwrap().to_owned(), bytes)
    }

    /// The text of a resource, as JSON.
    pub fn resource_json(&self) -> Value {
        serde_json::from_str(self.result()["contents"][0]["text"].as_str().unwrap()).unwrap()
    }

    /// The one challenge of a refusal.
    pub fn challenge(&self) -> Challenge {
        let value = self
            .header("www-authenticate")
            .unwrap_or_else(|| panic!("no challenge: {self:?}"));
        Challenge::parse(value).unwrap_or_else(|error| panic!("{error}: {value}"))
    }
}
