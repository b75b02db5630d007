//! Batches, which 2025-03-26 alone has.

use mcp::Recorder;
use serde_json::{Value, json};

use crate::client::post;
use crate::shop::Shop;

fn ping(id: i64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "ping"})
}

fn call(id: i64, name: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": {"name": name, "_meta": {"progressToken": id}}})
}

#[test]
fn each_request_of_a_batch_is_answered() {
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let response = json!({"jsonrpc": "2.0", "id": 5, "result": {}});
    let batch = json!([
        ping(1),
        notification,
        call(2, "era"),
        response,
        call(3, "nothing")
    ]);
    for request in [
        post(batch.clone()),
        post(batch).header("mcp-protocol-version", "2025-03-26"),
    ] {
        let answer = request.send();
        assert_eq!(answer.status(), 200);
        let answers = answer.response();
        assert_eq!(answers.as_array().unwrap().len(), 3);
        assert_eq!(answers[0], json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
        assert_eq!(answers[1]["result"]["content"][0]["text"], "2025-03-26");
        assert_eq!(answers[2]["error"]["code"], -32603);
    }
}

#[test]
fn one_request_in_a_batch_is_answered_by_a_batch() {
    assert_eq!(post(json!([ping(1)])).send().response()[0]["id"], 1);
}

#[test]
fn a_batch_without_requests_is_accepted() {
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let answer = post(json!([notification, notification])).send();
    assert_eq!(answer.status(), 202);
    assert!(answer.recorder.body.is_empty());
}

#[test]
fn other_versions_have_no_batches() {
    for version in ["2025-06-18", "2025-11-25", "2026-07-28", "garbage", ""] {
        let request = post(json!([ping(1)])).header("mcp-protocol-version", version);
        assert_eq!(request.send().refusal(), (400, -32600), "{version}");
    }
    let twice = post(json!([ping(1)]))
        .header("mcp-protocol-version", "2025-03-26")
        .header("mcp-protocol-version", "2025-03-26");
    assert_eq!(twice.send().refusal(), (400, -32600));
    let mut modern = ping(2);
    modern["params"] = json!({"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}});
    assert_eq!(
        post(json!([ping(1), modern])).send().refusal(),
        (400, -32600)
    );
}

#[test]
fn nothing_of_a_broken_batch_runs() {
    let too_many: Vec<_> = (0..33).map(ping).collect();
    for batch in [
        json!([]),
        json!([call(1, "era"), 7]),
        json!([call(1, "era"), {"jsonrpc": "2.0", "id": null, "method": "ping"}]),
        json!([call(1, "era"), [ping(2)]]),
        Value::Array(too_many),
    ] {
        let shop = Shop::default();
        let answer = post(batch.clone()).send_to(&shop);
        assert_eq!(answer.refusal(), (400, -32600), "{batch}");
        assert!(answer.response().get("id").is_none());
        assert_eq!(shop.calls.get(), 0, "{batch}");
    }
    let enough: Vec<_> = (0..32).map(ping).collect();
    assert_eq!(post(Value::Array(enough)).send().status(), 200);
}

#[test]
fn initialize_comes_alone() {
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-03-26"}});
    let answer = post(json!([hello, ping(2)])).send();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.response()[0]["error"]["code"], -32600);
    assert_eq!(answer.response()[1]["result"], json!({}));
}

#[test]
fn a_batch_that_has_something_to_say_becomes_a_stream() {
    let batch = json!([call(1, "era"), call(2, "progress"), call(3, "era")]);
    let answer = post(batch.clone()).send();
    assert!(answer.recorder.streamed);
    let ids: Vec<_> = answer
        .messages()
        .iter()
        .map(|message| message["id"].clone())
        .collect();
    assert_eq!(
        ids,
        [json!(1), json!(null), json!(null), json!(2), json!(3)]
    );

    let answer = post(batch).replaced("accept", "application/json").send();
    assert!(!answer.recorder.streamed);
    assert_eq!(answer.response().as_array().unwrap().len(), 3);
}

#[test]
fn an_early_answer_does_not_wait_for_the_rest() {
    let answer = post(json!([call(1, "answer"), call(2, "era")])).send();
    assert!(answer.recorder.streamed);
    assert_eq!(answer.messages()[0]["id"], 1);
    assert_eq!(answer.messages()[1]["id"], 2);
    let answer = post(json!([call(1, "era"), call(2, "answer")])).send();
    assert!(
        !answer.recorder.streamed,
        "the last one completes the array"
    );
    assert_eq!(answer.response().as_array().unwrap().len(), 2);
}

#[test]
fn a_client_that_leaves_does_not_stop_a_batch() {
    let shop = Shop::default();
    let batch = post(json!([call(1, "progress"), call(2, "progress")]));
    let answer = batch.send_as(&shop, Recorder::leaving_after(1));
    assert_eq!(answer.messages().len(), 1);
    assert_eq!(shop.calls.get(), 2);
    assert_eq!(shop.steps.get(), 12);
}
