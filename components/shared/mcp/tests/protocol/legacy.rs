//! What only the legacy eras have.

use serde_json::{Value, json};

use crate::client::{legacy, modern, post};
use crate::shop::Shop;

#[test]
fn ping_level_and_subscriptions_answer_nothing() {
    for (method, params) in [
        ("ping", json!({})),
        ("logging/setLevel", json!({"level": "warning"})),
        ("resources/subscribe", json!({"uri": "shop://price"})),
        ("resources/unsubscribe", json!({"uri": "shop://price"})),
    ] {
        assert_eq!(
            legacy(method, params).send().result(),
            json!({}),
            "{method}"
        );
    }
    for (method, params) in [
        ("logging/setLevel", json!({"level": "loud"})),
        ("logging/setLevel", json!({})),
        ("resources/subscribe", json!({})),
        ("resources/unsubscribe", json!({"uri": 1})),
    ] {
        assert_eq!(
            legacy(method, params).send().refusal(),
            (200, -32602),
            "{method}"
        );
    }
}

#[test]
fn errors_travel_under_200() {
    for (request, code) in [
        (legacy("nothing", json!({})), -32601),
        (legacy("server/discover", json!({})), -32601),
        (legacy("subscriptions/listen", json!({})), -32601),
        (
            legacy("tools/call", json!({"name": "no-such-tool"})),
            -32602,
        ),
        (legacy("tools/call", json!({})), -32602),
        (
            legacy("tools/call", json!({"name": "era", "arguments": []})),
            -32602,
        ),
        (
            legacy(
                "tools/call",
                json!({"name": "error", "arguments": {"code": -32603}}),
            ),
            -32603,
        ),
        (
            legacy(
                "tools/call",
                json!({"name": "error", "arguments": {"code": -32021}}),
            ),
            -32021,
        ),
        (
            legacy(
                "tools/call",
                json!({"name": "error", "arguments": {"code": -32042}}),
            ),
            -32042,
        ),
        (
            legacy("resources/read", json!({"uri": "shop://durian"})),
            -32002,
        ),
        (legacy("tools/list", json!({"cursor": 7})), -32602),
        (legacy("tools/list", json!({"_meta": []})), -32602),
        (
            legacy("tools/list", json!({"_meta": {"progressToken": []}})),
            -32602,
        ),
    ] {
        assert_eq!(request.send().refusal(), (200, code));
    }
}

#[test]
fn a_missing_resource_is_named() {
    let answer = legacy("resources/read", json!({"uri": "shop://durian"})).send();
    assert_eq!(answer.response()["error"]["data"]["uri"], "shop://durian");
}

#[test]
fn results_have_nothing_of_the_modern_era() {
    for (method, params) in [
        ("tools/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "shop://price"})),
        ("prompts/get", json!({"name": "haggle"})),
        ("tools/call", json!({"name": "structured"})),
    ] {
        let result = legacy(method, params).send().result();
        for key in ["resultType", "ttlMs", "cacheScope", "_meta"] {
            assert!(result.get(key).is_none(), "{method}: {key}");
        }
    }
    let result = legacy("tools/call", json!({"name": "meta"}))
        .send()
        .result();
    assert_eq!(result["_meta"]["own"], 1);
}

#[test]
fn an_object_that_is_already_written_is_answered_as_any_other() {
    for request in [legacy, modern] {
        let written = request("tools/call", json!({"name": "written"}))
            .send()
            .result();
        let built = request("tools/call", json!({"name": "structured"}))
            .send()
            .result();
        let keys = |result: &Value| {
            result
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&written), keys(&built));
        assert_eq!(written["isError"], built["isError"]);
        assert_eq!(written["structuredContent"], json!({"a": "\"\n", "b": [1]}));
        let text = written["content"][0]["text"].as_str().unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(text).unwrap(),
            written["structuredContent"]
        );
    }
}

#[test]
fn structured_output_is_an_object() {
    let result = legacy("tools/call", json!({"name": "structured"}))
        .send()
        .result();
    assert_eq!(result["structuredContent"], json!({"a": 1}));
    let result = legacy("tools/call", json!({"name": "list"}))
        .send()
        .result();
    assert!(result.get("structuredContent").is_none());
    assert_eq!(result["content"][0]["text"], "[1,2]");
    let result = modern("tools/call", json!({"name": "list"}))
        .send()
        .result();
    assert_eq!(result["structuredContent"], json!([1, 2]));

    let tools = legacy("tools/list", json!({})).send().result();
    assert!(tools["tools"][1].get("outputSchema").is_none());
    let tools = modern("tools/list", json!({})).send().result();
    assert_eq!(tools["tools"][1]["outputSchema"]["type"], "array");
}

#[test]
fn a_session_id_is_neither_given_nor_asked_for() {
    let hello = post(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25"}}));
    assert_eq!(hello.send().recorder.header("mcp-session-id"), None);
    let ping = legacy("ping", json!({})).header("mcp-session-id", "made-up");
    assert_eq!(ping.send().result(), json!({}));
}

#[test]
fn what_is_not_offered_does_not_exist() {
    for (method, params) in [
        ("tools/list", json!({})),
        ("tools/call", json!({"name": "era"})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "shop://price"})),
        ("resources/subscribe", json!({"uri": "shop://price"})),
        ("resources/unsubscribe", json!({"uri": "shop://price"})),
        ("prompts/list", json!({})),
        ("prompts/get", json!({"name": "haggle"})),
        ("completion/complete", json!({})),
        ("logging/setLevel", json!({"level": "info"})),
    ] {
        let answer = legacy(method, params.clone()).send_to(&Shop::closed());
        assert_eq!(answer.refusal(), (200, -32601), "{method}");
        let answer = modern(method, params).send_to(&Shop::closed());
        assert_eq!(answer.refusal(), (404, -32601), "{method}");
    }
    let hello = post(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25"}}));
    let result = hello.send_to(&Shop::closed()).result();
    assert_eq!(result["capabilities"], json!({}));
}
