//! The shapes of modern results, and the errors of handlers.

use std::collections::BTreeMap;

use mcp::model::JsonObject;
use serde_json::{Value, json};

use crate::client::{legacy, modern};
use crate::shop::Shop;

#[test]
fn every_result_says_what_it_is_and_whose() {
    for (method, params) in [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("tools/call", json!({"name": "era"})),
        ("tools/call", json!({"name": "meta"})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "shop://price"})),
        ("prompts/list", json!({})),
        ("prompts/get", json!({"name": "haggle"})),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "haggle"},
            "argument": {"name": "a", "value": "b"}}),
        ),
    ] {
        let answer = modern(method, params).send();
        let result = answer.result();
        assert_eq!(result["resultType"], "complete", "{method}");
        let info = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!(info["name"], "shop", "{method}");
        assert_eq!(info["version"], "1.2.3", "{method}");
        assert!(!answer.recorder.streamed, "{method}");
        assert_eq!(
            answer.recorder.header("content-type"),
            Some("application/json")
        );
    }
    let answer = modern("tools/call", json!({"name": "meta"})).send();
    assert_eq!(answer.result()["_meta"]["own"], 1);
    let body = String::from_utf8(answer.recorder.body).unwrap();
    assert_eq!(body.matches("serverInfo").count(), 1, "{body}");
}

#[test]
fn the_six_cacheable_results_say_for_how_long() {
    let expected = BTreeMap::from([
        ("server/discover", (0, "private")),
        ("tools/list", (0, "private")),
        ("resources/list", (0, "private")),
        ("resources/templates/list", (0, "private")),
        ("resources/read", (70, "private")),
        ("prompts/list", (5000, "public")),
    ]);
    for (method, (ttl_ms, scope)) in expected {
        let result = modern(method, json!({"uri": "shop://price"}))
            .send()
            .result();
        assert_eq!(result["ttlMs"], ttl_ms, "{method}");
        assert_eq!(result["cacheScope"], scope, "{method}");
    }
    let result = modern("tools/call", json!({"name": "era"})).send().result();
    assert!(result.get("ttlMs").is_none());
}

#[test]
fn discovery_lists_versions_and_offers() {
    let result = modern("server/discover", json!({})).send().result();
    let versions = json!(["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]);
    assert_eq!(result["supportedVersions"], versions);
    assert_eq!(result["instructions"], "Buy fruit.");
    // Neither `listChanged` nor `subscribe`: nothing would ever be sent.
    let offered =
        json!({"tools": {}, "resources": {}, "prompts": {}, "completions": {}, "logging": {}});
    assert_eq!(result["capabilities"], offered);

    let mut shop = Shop::closed();
    let result = modern("server/discover", json!({})).send_to(&shop).result();
    assert_eq!(result["capabilities"], json!({}));
    shop.features.extensions =
        BTreeMap::from([("io.modelcontextprotocol/ui".to_owned(), JsonObject::new())]);
    let result = modern("server/discover", json!({})).send_to(&shop).result();
    let offered = json!({"extensions": {"io.modelcontextprotocol/ui": {}}});
    assert_eq!(result["capabilities"], offered);
}

#[test]
fn lists_come_in_pages() {
    let first = modern("tools/list", json!({})).send().result();
    assert_eq!(first["tools"][0]["name"], "buy");
    assert_eq!(first["nextCursor"], "2");
    let second = modern("tools/list", json!({"cursor": "2"})).send().result();
    assert_eq!(
        second["tools"],
        json!([{"name": "say", "inputSchema": {"type": "object"}}])
    );
    assert!(second.get("nextCursor").is_none());
    let legacy = legacy("tools/list", json!({"cursor": "2"})).send().result();
    assert_eq!(legacy["tools"], second["tools"]);
    for (method, cursor) in [
        ("tools/list", json!("3")),
        ("tools/list", json!("")),
        ("tools/list", json!(2)),
        ("tools/list", json!(null)),
        ("resources/list", json!("")),
        ("resources/templates/list", json!("x")),
        ("prompts/list", json!("x")),
    ] {
        let answer = modern(method, json!({"cursor": cursor})).send();
        assert_eq!(answer.refusal(), (200, -32602), "{method} {cursor}");
    }
}

#[test]
fn arguments_are_optional() {
    for (arguments, seen) in [
        (None, "{}"),
        (Some(json!(null)), "{}"),
        (Some(json!({})), "{}"),
        (Some(json!({"b": 1, "a": [null]})), r#"{"a":[null],"b":1}"#),
    ] {
        let mut params = json!({"name": "arguments"});
        if let Some(arguments) = arguments {
            params["arguments"] = arguments;
        }
        let text = modern("tools/call", params.clone()).send().text();
        let seen: Value = serde_json::from_str(seen).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), seen);
        assert_eq!(legacy("tools/call", params).send().text(), text);
    }
    for arguments in [json!([]), json!("a"), json!(1)] {
        let answer = modern("tools/call", json!({"name": "era", "arguments": arguments})).send();
        assert_eq!(answer.refusal(), (200, -32602), "{arguments}");
    }
}

#[test]
fn a_tool_that_fails_is_no_error_of_the_protocol() {
    let result = modern("tools/call", json!({"name": "fail"}))
        .send()
        .result();
    assert_eq!(result["isError"], true);
    assert_eq!(result["content"][0]["text"], "no fruit left");
    let call = json!({"name": "buy", "arguments": {"colour": "red", "count": 0}});
    let result = legacy("tools/call", call).send().result();
    assert_eq!(result["isError"], true);
    let text = result["content"][0]["text"].as_str().unwrap();
    for fault in [
        "unknown argument: `colour`",
        "`count` must be at least 1",
        "missing argument: `fruit`",
    ] {
        assert!(text.contains(fault), "{text}");
    }
}

#[test]
fn errors_of_handlers_keep_their_code_where_the_era_has_it() {
    for (code, status, sent) in [
        (-32603, 200, -32603),
        (-32602, 200, -32602),
        (-32601, 200, -32601),
        (-32021, 400, -32021),
        (-32002, 200, -32602),
        (-32042, 200, -32603),
        (7, 200, 7),
    ] {
        let call = json!({"name": "error", "arguments": {"code": code}});
        let answer = modern("tools/call", call).send();
        assert_eq!(answer.refusal(), (status, sent));
        assert_eq!(answer.response()["id"], 1);
    }
    let unknown = modern("tools/call", json!({"name": "no-such-tool"})).send();
    assert_eq!(unknown.refusal(), (200, -32602));
    let missing = modern("resources/read", json!({"uri": "shop://durian"})).send();
    assert_eq!(missing.refusal(), (200, -32602));
    assert_eq!(missing.response()["error"]["data"]["uri"], "shop://durian");
}

#[test]
fn prompts_take_texts() {
    let params = json!({"name": "haggle", "arguments": {"price": "2"}});
    let result = modern("prompts/get", params).send().result();
    assert_eq!(
        result["messages"][0]["content"]["text"],
        r#"{"price": "2"}"#
    );
    for arguments in [json!({"price": 2}), json!([]), json!("x")] {
        let params = json!({"name": "haggle", "arguments": arguments});
        assert_eq!(
            modern("prompts/get", params).send().refusal(),
            (200, -32602)
        );
    }
    let unknown = modern("prompts/get", json!({"name": "steal"})).send();
    assert_eq!(unknown.refusal(), (200, -32602));
}

#[test]
fn completions_are_cut_to_what_the_protocol_allows() {
    let reference = json!({"type": "ref/resource", "uri": "shop://{fruit}"});
    let argument = json!({"name": "fruit", "value": "fi"});
    let params = json!({"ref": reference, "argument": argument});
    let result = modern("completion/complete", params).send().result();
    assert_eq!(
        result["completion"]["values"].as_array().unwrap().len(),
        100
    );
    assert_eq!(result["completion"]["hasMore"], true);
    for params in [
        json!({}),
        json!({"ref": reference}),
        json!({"ref": {"type": "ref/nothing"}, "argument": argument}),
        json!({"ref": reference, "argument": {"name": "fruit", "value": 1}}),
    ] {
        let answer = modern("completion/complete", params.clone()).send();
        assert_eq!(answer.refusal(), (200, -32602), "{params}");
    }
}
