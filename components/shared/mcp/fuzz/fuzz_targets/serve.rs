//! Any method, any headers, any body: one answer, of the table, never a panic.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mcp::{HttpRequest, Recorder, serve};
use serde_json::Value;

#[path = "../../tests/protocol/shop.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod shop;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: Method<'a>,
    headers: Vec<(Name<'a>, Text<'a>)>,
    body: &'a [u8],
    leaves_after: Option<u8>,
    now: u64,
}

#[derive(Arbitrary, Debug)]
enum Method<'a> {
    Post,
    Other(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Name<'a> {
    Accept,
    McpMethod,
    McpName,
    McpParamFruit,
    ProtocolVersion,
    Other(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Text<'a> {
    CallTool,
    Json,
    Legacy,
    Modern,
    Other(&'a str),
}

fuzz_target!(|input: Input<'_>| {
    let mut headers = vec![pair("content-type", "application/json")];
    headers.extend(input.headers.iter().map(|(name, text)| {
        let name = match name {
            Name::Accept => "accept",
            Name::McpMethod => "mcp-method",
            Name::McpName => "mcp-name",
            Name::McpParamFruit => "mcp-param-fruit",
            Name::ProtocolVersion => "mcp-protocol-version",
            Name::Other(name) => name,
        };
        let text = match text {
            Text::CallTool => "tools/call",
            Text::Json => "application/json, text/event-stream",
            Text::Legacy => "2025-11-25",
            Text::Modern => "2026-07-28",
            Text::Other(text) => text,
        };
        pair(name, text)
    }));
    let request = HttpRequest {
        method: match input.method {
            Method::Post => "POST",
            Method::Other(method) => method,
        },
        headers: &headers,
        body: input.body,
        now: input.now,
    };
    let mut recorder = match input.leaves_after {
        Some(frames) => Recorder::leaving_after(usize::from(frames)),
        None => Recorder::new(),
    };
    serve(&shop::Shop::default(), &request, &mut recorder);
    assert!(recorder.finished);
    let status = recorder.status.expect("a status");
    assert!(
        [200, 202, 400, 404, 405, 406, 415].contains(&status),
        "{status}"
    );
    if status == 202 {
        return assert!(recorder.body.is_empty());
    }
    for message in recorder.messages() {
        let message: Value = serde_json::from_str(&message).expect("JSON");
        assert!(status == 200 || message["error"]["code"].is_i64());
    }
});

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
