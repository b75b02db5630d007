//! The whole body of every refusal that the library makes, so that a changed text is seen.

use serde_json::{Value, json};

use crate::client::{Request, legacy, modern, post, raw};
use crate::shop::Shop;

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// A refusal: the request, the status, the error. `id` is 1 where the error has one.
fn check(request: &Request, status: u16, id: Option<i64>, error: Value) {
    let mut expected = json!({"jsonrpc": "2.0", "error": error});
    if let Some(id) = id {
        expected["id"] = json!(id);
    }
    let answer = request.send_to(&Shop {
        state_key: None,
        ..Shop::default()
    });
    assert_eq!(answer.response(), expected);
    assert_eq!(answer.status(), status, "{expected}");
}

fn error(code: i64, message: &str) -> Value {
    json!({"code": code, "message": message})
}

#[test]
fn of_requests_that_are_no_messages() {
    let ping = post(json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}));
    let refuse = |request: Request, status, code, message: &str| {
        check(&request, status, None, error(code, message));
    };
    refuse(
        ping.clone().method("GET"),
        405,
        -32600,
        "only POST is served here",
    );
    let media = ping.clone().without("content-type");
    refuse(
        media,
        415,
        -32600,
        "`Content-Type` is not `application/json`",
    );
    let html = ping.replaced("accept", "text/html");
    let text = "`Accept` takes neither `application/json` nor `text/event-stream`";
    refuse(html, 406, -32600, text);
    refuse(
        raw(b"{\n  x"),
        400,
        -32700,
        "the body is not JSON: line 2, column 3",
    );
    let text = "client: expected a JSON-RPC message: an object";
    refuse(raw(b"7"), 400, -32600, text);
    refuse(raw(b"{}"), 400, -32600, "client: `jsonrpc` is not \"2.0\"");
    let shape = |members: Value| {
        let mut message = json!({"jsonrpc": "2.0"});
        message
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        post(message)
    };
    let text = "client: `method` is not a string";
    refuse(shape(json!({"id": 1, "method": 1})), 400, -32600, text);
    let text = "client: `id` is neither a string nor an integer";
    refuse(shape(json!({"id": null, "method": "a"})), 400, -32600, text);
    let text = "client: `params` is not an object";
    refuse(
        shape(json!({"id": 1, "method": "a", "params": 1})),
        400,
        -32600,
        text,
    );
    let text = "client: neither a request, a notification nor a response";
    refuse(shape(json!({"id": 1})), 400, -32600, text);
    refuse(raw(b"[]"), 400, -32600, "the batch is empty");
    let many = Value::Array(vec![json!({}); 33]);
    refuse(post(many), 400, -32600, "a batch may hold 32 messages: 33");
    let batch = post(json!([1])).header("mcp-protocol-version", "2025-11-25");
    let text = "batches exist in protocol version 2025-03-26 only";
    refuse(batch, 400, -32600, text);
    let response = shape(json!({"id": 1, "result": {}}));
    let response = response.header("mcp-protocol-version", "2026-07-28");
    let text = "this server sends no requests to answer";
    refuse(response, 400, -32600, text);
}

#[test]
fn of_modern_requests_that_contradict_themselves() {
    let list = modern("tools/list", json!({}));
    let refuse = |request: Request, code, message: &str| {
        check(&request, 400, Some(1), error(code, message));
    };
    let bare = legacy("tools/list", json!({})).replaced("mcp-protocol-version", "2026-07-28");
    let text = "`_meta[\"io.modelcontextprotocol/protocolVersion\"]` is missing";
    refuse(bare, -32602, text);
    let number = modern("tools/list", json!({"_meta": {VERSION: 1}}));
    let text = "`_meta[\"io.modelcontextprotocol/protocolVersion\"]` is not a string";
    refuse(number, -32602, text);
    let meta = json!({"io.modelcontextprotocol/clientCapabilities": 1});
    let text = "`_meta[\"io.modelcontextprotocol/clientCapabilities\"]` is missing or malformed";
    refuse(modern("tools/list", json!({"_meta": meta})), -32602, text);
    let meta = json!({"io.modelcontextprotocol/logLevel": "x"});
    let text = "`_meta[\"io.modelcontextprotocol/logLevel\"]` is not a level";
    refuse(modern("tools/list", json!({"_meta": meta})), -32602, text);
    let meta = json!({"progressToken": 1.5});
    let text = "`_meta.progressToken` is neither a string nor an integer";
    refuse(modern("tools/list", json!({"_meta": meta})), -32602, text);
    let missing = list.clone().without("mcp-protocol-version");
    refuse(missing, -32020, "`MCP-Protocol-Version` is missing");
    let other = list.clone().replaced("mcp-method", "ping");
    let text = "`Mcp-Method` is not what the body says: `tools/list`";
    refuse(other, -32020, text);
    let twice = list.header("mcp-method", "tools/list");
    refuse(twice, -32020, "`Mcp-Method` came more than once");
    let call = modern("tools/call", json!({"name": "era"}));
    refuse(
        call.clone().without("mcp-name"),
        -32020,
        "`Mcp-Name` is missing",
    );
    let wrapped = call.replaced("mcp-name", "=?base64?!?=");
    refuse(wrapped, -32020, "a header holds invalid `=?base64?...?=`");
    let buy = modern("tools/call", json!({"name": "buy"})).header("mcp-param-fruit", "fig");
    refuse(buy, -32020, "`mcp-param-fruit` has no argument to repeat");
    let hello = post(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize"}))
        .header("mcp-protocol-version", "2026-07-28");
    let text = "`MCP-Protocol-Version` names a version without `initialize`";
    refuse(hello, -32020, text);
}

#[test]
fn of_versions_and_methods() {
    let versions = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"];
    let unsupported = json!({
        "code": -32022,
        "message": "unsupported protocol version",
        "data": {"supported": versions, "requested": "1999-12-31"},
    });
    let old = legacy("ping", json!({})).replaced("mcp-protocol-version", "1999-12-31");
    check(&old, 400, Some(1), unsupported);
    let twice = legacy("ping", json!({})).header("mcp-protocol-version", "2025-11-25");
    let text = "`MCP-Protocol-Version` came twice";
    check(&twice, 400, Some(1), error(-32600, text));
    let unknown = error(-32601, "unknown method: `no/such`");
    check(&legacy("no/such", json!({})), 200, Some(1), unknown.clone());
    check(&modern("no/such", json!({})), 404, Some(1), unknown);
}

#[test]
fn of_parameters() {
    let refuse = |method: &str, params: Value, code, message: &str| {
        check(&modern(method, params), 200, Some(1), error(code, message));
    };
    let text = "`name` is missing or not a string";
    refuse("tools/call", json!({}), -32602, text);
    let text = "unknown tool: `no-such-tool`";
    refuse("tools/call", json!({"name": "no-such-tool"}), -32602, text);
    let text = "`arguments` is not an object";
    refuse(
        "tools/call",
        json!({"name": "era", "arguments": 1}),
        -32602,
        text,
    );
    refuse(
        "prompts/get",
        json!({"name": "haggle", "arguments": 1}),
        -32602,
        text,
    );
    let arguments = json!({"name": "haggle", "arguments": {"price": 1}});
    refuse("prompts/get", arguments, -32602, "`price` is not a string");
    refuse(
        "tools/list",
        json!({"cursor": 1}),
        -32602,
        "`cursor` is not a string",
    );
    refuse(
        "resources/list",
        json!({"cursor": "x"}),
        -32602,
        "unknown `cursor`",
    );
    let text = "parameters of completion: missing field `ref`";
    refuse("completion/complete", json!({}), -32602, text);
    let text = "`inputResponses` is not an object";
    refuse(
        "tools/call",
        json!({"name": "era", "inputResponses": 1}),
        -32602,
        text,
    );
    let text = "`requestState` is not a string";
    refuse(
        "tools/call",
        json!({"name": "era", "requestState": 1}),
        -32602,
        text,
    );
    let text = "`requestState` is not valid for this request";
    refuse(
        "tools/call",
        json!({"name": "era", "requestState": ""}),
        -32602,
        text,
    );
    let level = legacy("logging/setLevel", json!({"level": "x"}));
    check(
        &level,
        200,
        Some(1),
        error(-32602, "`level` is not a log level"),
    );
    let meta = legacy("ping", json!({"_meta": 1}));
    check(
        &meta,
        200,
        Some(1),
        error(-32602, "`_meta` is not an object"),
    );
}

#[test]
fn of_questions_that_cannot_be_asked() {
    let refuse = |params: Value, code, message: &str| {
        check(
            &modern("tools/call", params),
            200,
            Some(1),
            error(code, message),
        );
    };
    let by = |by: &str| {
        let meta = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}});
        json!({"name": "ask", "arguments": {"by": by}, "_meta": meta})
    };
    let text = "a reply that asks has neither questions nor state";
    refuse(by("nothing"), -32603, text);
    refuse(
        by("form"),
        -32603,
        "this server has no key for `requestState`",
    );
    let text = "this needs an answer from the user, which protocol version 2026-07-28 allows";
    check(
        &legacy("tools/call", by("form")),
        200,
        Some(1),
        error(-32600, text),
    );
    let missing = json!({
        "code": -32021,
        "message": "Missing required client capability",
        "data": {"requiredCapabilities": {"elicitation": {"url": {}}}},
    });
    check(&modern("tools/call", by("url")), 400, Some(1), missing);
}
