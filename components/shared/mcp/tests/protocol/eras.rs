//! Which era a message belongs to: the ladder, rung by rung.

use serde_json::{Value, json};

use crate::client::{NOW, Request, legacy, modern, post};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

fn message(method: &str, params: Value) -> Request {
    post(json!({"jsonrpc": "2.0", "id": 9, "method": method, "params": params}))
}

fn initialize(version: &str) -> Value {
    json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})
}

#[test]
fn a_complete_meta_is_modern() {
    let answer = modern("tools/call", json!({"name": "era"})).send();
    assert_eq!(answer.text(), "2026-07-28");
}

#[test]
fn an_incomplete_meta_under_a_modern_header_is_refused() {
    let complete = json!({VERSION: "2026-07-28", CAPABILITIES: {}});
    let without = |key: &str| {
        let mut meta = complete.clone();
        meta.as_object_mut().unwrap().remove(key);
        json!({"_meta": meta})
    };
    let with = |key: &str, value: Value| {
        let mut meta = complete.clone();
        meta[key] = value;
        json!({"_meta": meta})
    };
    for params in [
        json!({}),
        json!({"_meta": {}}),
        json!({"_meta": 7}),
        without(VERSION),
        without(CAPABILITIES),
        with(VERSION, json!(20_260_728)),
        with(VERSION, json!(null)),
        with(CAPABILITIES, json!("all")),
        with(CAPABILITIES, json!(null)),
        with(CAPABILITIES, json!({"sampling": 1})),
        with("progressToken", json!({})),
        with("progressToken", json!(1.5)),
        with("io.modelcontextprotocol/logLevel", json!("loud")),
    ] {
        let answer = message("server/discover", params.clone())
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "server/discover")
            .send();
        assert_eq!(answer.refusal(), (400, -32602), "{params}");
        assert_eq!(answer.response()["id"], 9);
    }
}

#[test]
fn who_the_client_is_is_its_own_business() {
    for info in [
        json!(null),
        json!({"name": 1}),
        json!({"name": "c", "version": "1"}),
    ] {
        let meta = json!({"io.modelcontextprotocol/clientInfo": info});
        let answer = modern("server/discover", json!({"_meta": meta})).send();
        assert_eq!(answer.status(), 200, "{info}");
    }
}

#[test]
fn the_version_header_must_say_what_the_body_says() {
    let discover = modern("server/discover", json!({}));
    for answer in [
        discover.clone().without("mcp-protocol-version").send(),
        discover
            .clone()
            .replaced("mcp-protocol-version", "2025-11-25")
            .send(),
        discover.clone().replaced("mcp-protocol-version", "").send(),
        discover
            .clone()
            .header("mcp-protocol-version", "2026-07-28")
            .send(),
        discover
            .clone()
            .replaced("mcp-protocol-version", "2026-07-28, 2026-07-28")
            .send(),
    ] {
        assert_eq!(answer.refusal(), (400, -32020));
    }
    let answer = discover
        .replaced("mcp-protocol-version", " 2026-07-28\t")
        .send();
    assert_eq!(answer.status(), 200);
}

#[test]
fn versions_that_are_not_spoken_are_named_with_those_that_are() {
    for version in [
        "2027-01-01",
        "v999.0.0",
        "2025-11-25",
        "2025-03-26",
        "2024-11-05",
        "",
    ] {
        let answer = modern("server/discover", json!({"_meta": {VERSION: version}}))
            .replaced("mcp-protocol-version", version)
            .send();
        assert_eq!(answer.refusal(), (400, -32022), "{version}");
        let data = answer.response()["error"]["data"].take();
        assert_eq!(data["requested"], version);
        let discovered = modern("server/discover", json!({})).send().result();
        assert_eq!(data["supported"], discovered["supportedVersions"]);
    }
}

#[test]
fn the_order_of_the_checks_is_that_of_the_specification() {
    // Everything is wrong; one fault after the other is mended.
    let broken = |params: Value| message("no/such/method", params);
    let meta = |version: &str| json!({"_meta": {VERSION: version, CAPABILITIES: {}}});
    let incomplete = broken(json!({"_meta": {VERSION: "2030-01-01"}}));
    assert_eq!(incomplete.send().refusal(), (400, -32602));
    let mismatch = broken(meta("2030-01-01"));
    assert_eq!(mismatch.send().refusal(), (400, -32020));
    let unsupported = mismatch.header("mcp-protocol-version", "2030-01-01");
    assert_eq!(unsupported.send().refusal(), (400, -32022));
    let no_method = broken(meta("2026-07-28")).header("mcp-protocol-version", "2026-07-28");
    assert_eq!(no_method.send().refusal(), (400, -32020));
    let unknown = no_method.header("mcp-method", "no/such/method");
    assert_eq!(unknown.send().refusal(), (404, -32601));
}

#[test]
fn removed_methods_do_not_exist_on_the_modern_era() {
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "subscriptions/listen",
        "tasks/get",
        "tasks/list",
        "nothing",
        "",
    ] {
        let answer = modern(method, json!({"uri": "shop://price", "level": "info"})).send();
        assert_eq!(answer.refusal(), (404, -32601), "{method}");
        assert_eq!(answer.response()["id"], 1);
    }
}

#[test]
fn initialize_without_a_complete_meta_is_legacy() {
    let meta = json!({VERSION: "2026-07-28"});
    for (params, header) in [
        (initialize("2025-11-25"), None),
        (initialize("2025-11-25"), Some("2025-11-25")),
        (initialize("2025-11-25"), Some("2024-11-05")),
        (initialize("2025-11-25"), Some("garbage")),
        (
            json!({"protocolVersion": "2025-11-25", "_meta": meta}),
            None,
        ),
    ] {
        let mut request = message("initialize", params);
        if let Some(header) = header {
            request = request.header("mcp-protocol-version", header);
        }
        assert_eq!(request.send().result()["protocolVersion"], "2025-11-25");
    }
    for header in ["2026-07-28", "2030-12-31"] {
        let request = message("initialize", initialize("2025-11-25"));
        let answer = request.header("mcp-protocol-version", header).send();
        assert_eq!(answer.refusal(), (400, -32020), "{header}");
    }
}

#[test]
fn initialize_agrees_on_a_legacy_version() {
    for (asked, agreed) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2026-07-28", "2025-11-25"),
        ("2024-11-05", "2025-11-25"),
        ("tomorrow", "2025-11-25"),
        ("", "2025-11-25"),
    ] {
        let result = message("initialize", initialize(asked)).send().result();
        assert_eq!(result["protocolVersion"], agreed, "{asked}");
        assert_eq!(result["serverInfo"]["name"], "shop");
    }
    for params in [json!({}), json!({"protocolVersion": 1})] {
        assert_eq!(
            message("initialize", params).send().refusal(),
            (200, -32602)
        );
    }
}

#[test]
fn everything_else_is_legacy_with_the_version_of_its_header() {
    let call = message("tools/call", json!({"name": "era"}));
    assert_eq!(call.send().text(), "2025-03-26", "without a header");
    for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
        let call = call.clone().header("mcp-protocol-version", version);
        assert_eq!(call.send().text(), version);
    }
    for version in ["2024-11-05", "garbage", "", "2026-13", "2026-07-2x"] {
        let answer = call.clone().header("mcp-protocol-version", version).send();
        assert_eq!(answer.refusal(), (400, -32022), "{version}");
    }
    let twice = call
        .clone()
        .header("mcp-protocol-version", "2025-11-25")
        .header("mcp-protocol-version", "2025-11-25");
    assert_eq!(twice.send().refusal(), (400, -32600));
    let future = call.header("mcp-protocol-version", "2026-07-28");
    assert_eq!(future.send().refusal(), (400, -32602));
}

#[test]
fn capabilities_alone_do_not_make_a_request_modern() {
    let answer = legacy("ping", json!({"_meta": {CAPABILITIES: {}}})).send();
    assert_eq!(answer.result(), json!({}));
}

#[test]
fn notifications_are_accepted_in_silence() {
    let notify = |params: Value| {
        post(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}))
    };
    let complete = json!({"_meta": {VERSION: "2026-07-28", CAPABILITIES: {}}});
    for request in [
        notify(json!({})),
        notify(json!({"requestId": 1})).header("mcp-protocol-version", "2025-11-25"),
        notify(json!({})).header("mcp-protocol-version", "2024-11-05"),
        notify(complete.clone()).header("mcp-protocol-version", "2026-07-28"),
    ] {
        let answer = request.send();
        assert_eq!(answer.status(), 202);
        assert!(answer.recorder.body.is_empty());
        assert!(answer.recorder.headers.is_empty());
    }
    let lost = notify(json!({})).header("mcp-protocol-version", "2026-07-28");
    assert_eq!(lost.send().refusal(), (400, -32602));
    assert_eq!(notify(complete).send().refusal(), (400, -32020));
}

#[test]
fn answers_of_a_client_are_unexpected() {
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert_eq!(post(response.clone()).at(NOW).send().status(), 202);
    let modern = post(response).header("mcp-protocol-version", "2026-07-28");
    assert_eq!(modern.send().refusal(), (400, -32600));
}
