//! The policy is asked before anything happens, and its refusal becomes the answer.

use mcp::Denial;
use serde_json::json;

use crate::client::{legacy, modern, post};
use crate::shop::Shop;

fn denied(status: u16) -> Shop {
    Shop {
        denial: Some(Denial {
            status,
            code: "insufficient_scope".to_owned(),
            description: "buying needs the scope `write`".to_owned(),
            challenge: Some("Bearer error=\"insufficient_scope\", scope=\"write\"".to_owned()),
            retry_after_seconds: Some(7),
        }),
        ..Shop::default()
    }
}

#[test]
fn operations_are_judged_by_method_target_and_effect() {
    let shop = Shop::default();
    for (method, params) in [
        ("tools/call", json!({"name": "era"})),
        ("tools/call", json!({"name": "buy", "arguments": {}})),
        ("resources/read", json!({"uri": "shop://price"})),
        ("prompts/get", json!({"name": "haggle"})),
        ("tools/list", json!({})),
        ("ping", json!({})),
    ] {
        legacy(method, params).send_to(&shop);
    }
    let asked = shop.asked.borrow();
    let asked: Vec<_> = asked
        .iter()
        .map(|(method, target, writes)| (method.as_str(), target.as_str(), *writes))
        .collect();
    assert_eq!(
        asked,
        [
            ("tools/call", "era", false),
            ("tools/call", "buy", true),
            ("resources/read", "shop://price", false),
            ("prompts/get", "haggle", false),
        ]
    );
}

#[test]
fn a_refusal_is_the_whole_answer() {
    for (status, sent) in [
        (400, 400),
        (401, 401),
        (403, 403),
        (429, 429),
        (503, 503),
        (200, 503),
        (500, 503),
    ] {
        for build in [modern, legacy] {
            let shop = denied(status);
            let params = json!({"name": "progress", "_meta": {"progressToken": 1}});
            let answer = build("tools/call", params).send_to(&shop);
            assert_eq!(answer.refusal(), (sent, i64::from(sent)));
            assert!(!answer.recorder.streamed);
            assert_eq!(shop.calls.get(), 0);
            let challenge = "Bearer error=\"insufficient_scope\", scope=\"write\"";
            assert_eq!(answer.recorder.header("www-authenticate"), Some(challenge));
            assert_eq!(answer.recorder.header("retry-after"), Some("7"));
            let expected = json!({"jsonrpc": "2.0", "id": 1, "error": {
                "code": sent,
                "message": "buying needs the scope `write`",
                "data": {"error": "insufficient_scope"},
            }});
            assert_eq!(answer.response(), expected);
        }
    }
}

#[test]
fn resources_and_prompts_are_guarded_too() {
    let shop = denied(403);
    let read = legacy("resources/read", json!({"uri": "shop://price"})).send_to(&shop);
    assert_eq!(read.refusal(), (403, 403));
    let get = modern("prompts/get", json!({"name": "haggle"})).send_to(&shop);
    assert_eq!(get.refusal(), (403, 403));
}

#[test]
fn an_unknown_tool_is_unknown_rather_than_forbidden() {
    let shop = denied(403);
    let answer = modern("tools/call", json!({"name": "no-such-tool"})).send_to(&shop);
    assert_eq!(answer.refusal(), (200, -32602));
}

#[test]
fn within_a_batch_a_refusal_is_one_answer_of_many() {
    let call =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "era"}});
    let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"});
    let answer = post(json!([call, ping])).send_to(&denied(403));
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.response()[0]["error"]["code"], 403);
    assert_eq!(answer.response()[1]["result"], json!({}));
}
