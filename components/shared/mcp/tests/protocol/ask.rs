//! Questions to the user, and the state that the client carries between the rounds.

use serde_json::{Value, json};

use crate::client::{Answer, NOW, Request, legacy, modern};
use crate::shop::Shop;

fn ask(arguments: Value, capabilities: Value) -> Request {
    let meta = json!({"io.modelcontextprotocol/clientCapabilities": capabilities});
    modern(
        "tools/call",
        json!({"name": "ask", "arguments": arguments, "_meta": meta}),
    )
}

/// The second round of a call: the same request with answers and state.
fn again(params: Value, state: &Value) -> Request {
    let mut params = params;
    params["inputResponses"] =
        json!({"q": {"action": "accept", "content": {"name": "Eve"}}, "x": 1});
    params["requestState"] = state.clone();
    params["_meta"] = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}});
    modern("tools/call", params)
}

fn params() -> Value {
    json!({"name": "ask", "arguments": {"b": [1, {"x": null}], "a": "2"}})
}

fn first_state() -> Value {
    let mut params = params();
    params["_meta"] = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}});
    modern("tools/call", params).send().result()["requestState"].take()
}

fn refused(answer: &Answer) {
    assert_eq!(answer.refusal(), (200, -32602), "{}", answer.response());
    let message = answer.response()["error"]["message"].take();
    assert_eq!(message, "`requestState` is not valid for this request");
}

#[test]
fn a_question_is_a_result() {
    let result = ask(json!({}), json!({"elicitation": {}})).send().result();
    assert_eq!(result["resultType"], "input_required");
    assert_eq!(result["inputRequests"]["q"]["method"], "elicitation/create");
    assert_eq!(
        result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "shop"
    );
    assert!(result["requestState"].is_string());
    assert!(result.get("ttlMs").is_none());
    for (method, params) in [
        ("resources/read", json!({"uri": "shop://ask"})),
        ("prompts/get", json!({"name": "ask"})),
    ] {
        let mut params = params;
        params["_meta"] =
            json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}});
        let result = modern(method, params).send().result();
        assert_eq!(result["resultType"], "input_required", "{method}");
        assert!(result.get("ttlMs").is_none(), "{method}");
    }
}

#[test]
fn answers_and_state_come_back() {
    let text = again(params(), &first_state()).send().text();
    assert_eq!(
        text,
        r#"basket 7 {"q":{"action":"accept","content":{"name":"Eve"}},"x":1}"#
    );
}

#[test]
fn state_alone_is_enough() {
    let result = ask(json!({"by": "state"}), json!({})).send().result();
    assert!(result.get("inputRequests").is_none());
    assert!(result["requestState"].is_string());
    let nothing = ask(json!({"by": "nothing"}), json!({})).send();
    assert_eq!(nothing.refusal(), (200, -32603));
}

#[test]
fn a_client_is_asked_only_what_it_can_answer() {
    for (by, declared, missing) in [
        ("form", json!({}), json!({"elicitation": {"form": {}}})),
        (
            "form",
            json!({"elicitation": {"url": {}}}),
            json!({"elicitation": {"form": {}}}),
        ),
        (
            "url",
            json!({"elicitation": {}}),
            json!({"elicitation": {"url": {}}}),
        ),
        (
            "all",
            json!({"elicitation": {}}),
            json!({"sampling": {}, "roots": {}}),
        ),
        (
            "all",
            json!({"sampling": {}, "roots": {}}),
            json!({"elicitation": {"form": {}}}),
        ),
    ] {
        let answer = ask(json!({"by": by}), declared.clone()).send();
        assert_eq!(answer.refusal(), (400, -32021), "{by} {declared}");
        let data = answer.response()["error"]["data"].take();
        assert_eq!(data["requiredCapabilities"], missing, "{by} {declared}");
    }
    for (by, declared) in [
        ("form", json!({"elicitation": {"form": {}}})),
        ("url", json!({"elicitation": {"url": {}}})),
        (
            "all",
            json!({"elicitation": {}, "sampling": {}, "roots": {"listChanged": true}}),
        ),
    ] {
        let result = ask(json!({"by": by}), declared).send().result();
        assert_eq!(result["resultType"], "input_required", "{by}");
    }
}

#[test]
fn legacy_clients_are_not_asked() {
    let answer = legacy("tools/call", json!({"name": "ask"})).send();
    assert_eq!(answer.refusal(), (200, -32600));
    // What looks like a second round is none.
    let mut params = params();
    params["requestState"] = first_state();
    params["inputResponses"] = json!(7);
    assert_eq!(legacy("tools/call", params).send().refusal(), (200, -32600));
}

#[test]
fn state_belongs_to_one_caller_and_one_request() {
    let state = first_state();
    let bob = Shop {
        caller: "bob",
        ..Shop::default()
    };
    refused(&again(params(), &state).send_to(&bob));
    let other_key = Shop {
        state_key: Some(b"another key that has enough bytes"),
        ..Shop::default()
    };
    refused(&again(params(), &state).send_to(&other_key));
    for changed in [
        json!({"name": "ask", "arguments": {"b": [1, {"x": null}], "a": "3"}}),
        json!({"name": "ask", "arguments": {"b": [1, {"x": 0}], "a": "2"}}),
        json!({"name": "ask", "arguments": {"b": [{"x": null}, 1], "a": "2"}}),
        json!({"name": "ask", "arguments": {"a": "2"}}),
        json!({"name": "ask"}),
        json!({"name": "era", "arguments": {"b": [1, {"x": null}], "a": "2"}}),
    ] {
        refused(&again(changed, &state).send());
    }
    let mut read = json!({"uri": "shop://ask", "requestState": state});
    read["_meta"] = json!({});
    refused(&modern("resources/read", read).send());
}

#[test]
fn state_is_sealed() {
    let state = first_state();
    let text = state.as_str().unwrap();
    let mut forged = vec![String::new(), "x".to_owned(), format!("{text}-TAMPERED")];
    for (index, _) in text.char_indices() {
        let mut bytes = text.as_bytes().to_vec();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        forged.push(String::from_utf8(bytes).unwrap());
        forged.push(text[..index].to_owned());
    }
    for forged in forged {
        refused(&again(params(), &json!(forged)).send());
    }
    for malformed in [json!(1), json!({}), json!(null)] {
        assert_eq!(again(params(), &malformed).send().refusal(), (200, -32602));
    }
}

#[test]
fn state_expires() {
    let state = first_state();
    assert_eq!(again(params(), &state).at(NOW + 600).send().status(), 200);
    refused(&again(params(), &state).at(NOW + 601).send());
    refused(&again(params(), &state).at(u64::MAX).send());
}

#[test]
fn answers_must_be_named() {
    for responses in [json!(null), json!([]), json!("x"), json!(7)] {
        let answer = modern(
            "tools/call",
            json!({"name": "era", "inputResponses": responses}),
        )
        .send();
        assert_eq!(answer.refusal(), (200, -32602), "{responses}");
    }
}

#[test]
fn without_a_key_there_is_no_state() {
    for key in [None, Some(b"short".as_slice())] {
        let shop = Shop {
            state_key: key,
            ..Shop::default()
        };
        refused(&again(params(), &first_state()).send_to(&shop));
        let answer = ask(json!({}), json!({"elicitation": {}})).send_to(&shop);
        assert_eq!(answer.refusal(), (200, -32603));
    }
}
