//! A client in a few words: it builds requests, sends them to the test server, reads answers.

use mcp::{HttpRequest, Recorder, serve};
use serde_json::{Value, json};

use crate::shop::Shop;

/// The moment at which every test happens, unless it says otherwise.
pub const NOW: u64 = 1_800_000_000;

/// A request under construction.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub now: u64,
}

/// What came back.
pub struct Answer {
    pub recorder: Recorder,
}

/// A modern request, complete and true.
pub fn modern(method: &str, mut params: Value) -> Request {
    let object = params.as_object_mut().unwrap();
    let meta = object.entry("_meta").or_insert_with(|| json!({}));
    let meta = meta.as_object_mut().unwrap();
    meta.entry("io.modelcontextprotocol/protocolVersion")
        .or_insert_with(|| json!("2026-07-28"));
    meta.entry("io.modelcontextprotocol/clientCapabilities")
        .or_insert_with(|| json!({}));
    let name = ["name", "uri"]
        .into_iter()
        .find_map(|key| params.get(key).and_then(Value::as_str).map(str::to_owned));
    let mut request = post(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", method);
    if let Some(name) = name {
        request = request.header("mcp-name", &name);
    }
    request
}

/// A request of 2025-11-25, after `initialize`.
pub fn legacy(method: &str, params: Value) -> Request {
    post(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        .header("mcp-protocol-version", "2025-11-25")
}

/// A POST of a JSON body, without any header of MCP.
pub fn post(body: Value) -> Request {
    raw(body.to_string().as_bytes())
}

/// A POST of any body.
pub fn raw(body: &[u8]) -> Request {
    Request {
        method: "POST".to_owned(),
        headers: Vec::new(),
        body: body.to_vec(),
        now: NOW,
    }
    .header("content-type", "application/json")
    .header("accept", "application/json, text/event-stream")
}

impl Request {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(field, _)| field != name);
        self
    }

    pub fn replaced(self, name: &str, value: &str) -> Self {
        self.without(name).header(name, value)
    }

    pub fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    pub fn at(mut self, now: u64) -> Self {
        self.now = now;
        self
    }

    pub fn send(&self) -> Answer {
        self.send_to(&Shop::default())
    }

    pub fn send_to(&self, shop: &Shop) -> Answer {
        self.send_as(shop, Recorder::new())
    }

    /// Sends it as a client with habits of its own.
    pub fn send_as(&self, shop: &Shop, mut recorder: Recorder) -> Answer {
        let request = HttpRequest {
            method: &self.method,
            headers: &self.headers,
            body: &self.body,
            now: self.now,
        };
        serve(shop, &request, &mut recorder);
        assert!(recorder.finished, "the answer never ended");
        Answer { recorder }
    }
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.recorder.status.unwrap()
    }

    /// Every message of the answer, in order.
    pub fn messages(&self) -> Vec<Value> {
        let texts = self.recorder.messages();
        let parsed = texts.iter().map(|text| serde_json::from_str(text));
        parsed.collect::<Result<_, _>>().expect("JSON")
    }

    /// The last message, which is the response.
    pub fn response(&self) -> Value {
        self.messages().pop().expect("a message")
    }

    pub fn result(&self) -> Value {
        let mut response = self.response();
        assert_eq!(self.status(), 200, "{response}");
        assert!(response["error"].is_null(), "{response}");
        response["result"].take()
    }

    /// Status and JSON-RPC error code.
    pub fn refusal(&self) -> (u16, i64) {
        let response = self.response();
        let code = response["error"]["code"].as_i64();
        (self.status(), code.unwrap_or_else(|| panic!("{response}")))
    }

    pub fn text(&self) -> String {
        let result = self.result();
        let text = result["content"][0]["text"].as_str();
        text.unwrap_or_else(|| panic!("{result}")).to_owned()
    }
}
