//! What is said before the result, and what becomes of a client that leaves.

use mcp::{Disconnected, HttpRequest, Recorder, Responder, serve};
use serde_json::{Value, json};

use crate::client::{Request, legacy, modern};
use crate::shop::Shop;

fn with_token(build: fn(&str, Value) -> Request, name: &str, token: Value) -> Request {
    build(
        "tools/call",
        json!({"name": name, "_meta": {"progressToken": token}}),
    )
}

#[test]
fn progress_needs_a_token() {
    for build in [modern, legacy] {
        let answer = build("tools/call", json!({"name": "progress"})).send();
        assert!(!answer.recorder.streamed);
        assert_eq!(answer.text(), "peeled");
        for token in [json!("t\"1"), json!(0), json!(-5)] {
            let answer = with_token(build, "progress", token.clone()).send();
            assert!(answer.recorder.streamed);
            let messages = answer.messages();
            assert_eq!(messages.len(), 3, "only what grows: {messages:?}");
            let params = json!({"progressToken": token, "progress": 1.0, "total": 2.0, "message": "peeling"});
            let first =
                json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
            assert_eq!(messages[0], first);
            assert_eq!(messages[1]["params"]["progress"], 2.0);
            assert_eq!(answer.text(), "peeled");
        }
    }
}

#[test]
fn a_stream_has_the_headers_that_keep_it_moving() {
    let answer = with_token(modern, "progress", json!(1)).send();
    assert_eq!(
        answer.recorder.header("content-type"),
        Some("text/event-stream")
    );
    assert_eq!(answer.recorder.header("x-accel-buffering"), Some("no"));
    assert_eq!(answer.recorder.header("cache-control"), Some("no-store"));
    let body = String::from_utf8(answer.recorder.body).unwrap();
    for frame in body.trim_end().split("\n\n") {
        assert!(frame.starts_with("data: {"), "{frame}");
        assert_eq!(frame.lines().count(), 1, "{frame}");
    }
}

#[test]
fn a_client_without_streams_gets_the_result() {
    for name in ["progress", "wait", "log"] {
        let answer = with_token(modern, name, json!(1))
            .replaced("accept", "application/json")
            .send();
        assert!(!answer.recorder.streamed);
        assert_eq!(answer.messages().len(), 1);
        assert_eq!(answer.result()["isError"], false);
    }
}

#[test]
fn log_messages_go_to_those_who_want_them() {
    let level =
        |level: &str| json!({"name": "log", "_meta": {"io.modelcontextprotocol/logLevel": level}});
    let count = |answer: crate::client::Answer| answer.messages().len() - 1;
    for (wanted, sent) in [
        ("debug", 3),
        ("info", 2),
        ("notice", 1),
        ("error", 1),
        ("alert", 0),
    ] {
        assert_eq!(
            count(modern("tools/call", level(wanted)).send()),
            sent,
            "{wanted}"
        );
    }
    let answer = modern("tools/call", json!({"name": "log"})).send();
    assert!(
        !answer.recorder.streamed,
        "a modern client that names no level gets no messages"
    );
    let answer = legacy("tools/call", json!({"name": "log"})).send();
    let params = json!({"level": "info", "logger": "till", "data": {"sum": 3}});
    assert_eq!(answer.messages()[0]["params"], params);
    assert_eq!(
        count(answer),
        2,
        "a legacy client may have set a level that nobody remembers"
    );
    let mut shop = Shop::default();
    shop.features.logging = false;
    assert_eq!(
        count(modern("tools/call", level("debug")).send_to(&shop)),
        0
    );
}

#[test]
fn waiting_keeps_the_connection_alive() {
    for build in [modern, legacy] {
        let answer = build("tools/call", json!({"name": "wait"})).send();
        let body = String::from_utf8(answer.recorder.body.clone()).unwrap();
        assert_eq!(body.matches(": keep-alive\n\n").count(), 3);
        assert_eq!(answer.text(), "ripe");
    }
}

#[test]
fn a_modern_client_that_leaves_cancels() {
    for name in ["progress", "wait"] {
        let shop = Shop::default();
        let answer = with_token(modern, name, json!(1)).send_as(&shop, Recorder::leaving_after(1));
        assert_eq!(shop.calls.get(), 1);
        assert!(shop.steps.get() < 6, "{name} went on: {}", shop.steps.get());
        let body = String::from_utf8(answer.recorder.body).unwrap();
        assert_eq!(
            body.matches("\n\n").count(),
            1,
            "nothing more is sent: {body}"
        );
    }
}

#[test]
fn a_legacy_client_that_leaves_does_not() {
    for (name, steps) in [("progress", 6), ("wait", 3)] {
        let shop = Shop::default();
        with_token(legacy, name, json!(1)).send_as(&shop, Recorder::leaving_after(1));
        assert_eq!(shop.steps.get(), steps, "{name}");
    }
}

/// A client that leaves at once, behind a shell that takes the contract by its word.
#[derive(Default)]
struct Strict {
    left: bool,
    finished: bool,
}

impl Responder for Strict {
    fn respond(&mut self, _: u16, _: &[(&str, &str)], _: Vec<u8>) {
        panic!("the answer had become a stream");
    }

    fn start_events(&mut self, _: &[(&str, &str)]) {}

    fn event(&mut self, _: &[u8]) -> Result<(), Disconnected> {
        assert!(!self.left, "an event after the client had left");
        self.left = true;
        Err(Disconnected)
    }

    fn finish_events(&mut self) {
        assert!(!self.finished, "finished twice");
        self.finished = true;
    }
}

#[test]
fn nothing_is_sent_to_a_client_that_has_left() {
    for build in [modern, legacy] {
        for name in ["progress", "wait", "spoil", "answer"] {
            let request = with_token(build, name, json!(1)).replaced("accept", "text/event-stream");
            let mut strict = Strict::default();
            let http = HttpRequest {
                method: &request.method,
                headers: &request.headers,
                body: &request.body,
                now: request.now,
            };
            let shop = Shop::default();
            serve(&shop, &http, &mut strict);
            assert!(strict.left && strict.finished, "{name}");
            let steps = shop.steps.get();
            assert!(
                name != "answer" || steps == 3,
                "answered work goes on: {steps}"
            );
        }
    }
}

#[test]
fn an_early_answer_is_the_only_one() {
    for build in [modern, legacy] {
        let shop = Shop::default();
        let answer = with_token(build, "answer", json!(1)).send_to(&shop);
        assert!(!answer.recorder.streamed);
        assert_eq!(answer.messages().len(), 1);
        assert_eq!(answer.text(), "at once");
        assert_eq!(shop.steps.get(), 3, "the work goes on");
    }
}

#[test]
fn errors_after_the_first_event_end_the_stream() {
    // Status and headers are gone by then, so the error is the last event.
    for build in [modern, legacy] {
        let answer = with_token(build, "spoil", json!(1)).send();
        assert!(answer.recorder.streamed);
        assert_eq!(answer.messages().len(), 2);
        assert_eq!(answer.refusal(), (200, -32021));
        assert_eq!(answer.response()["id"], 1);
    }
    let answer = modern("tools/call", json!({"name": "spoil"})).send();
    assert_eq!(answer.refusal(), (400, -32021), "nothing was sent yet");
}

#[test]
fn errors_are_json_even_for_a_client_of_streams_alone() {
    let answer = modern("nothing", json!({}))
        .replaced("accept", "text/event-stream")
        .send();
    assert_eq!(answer.refusal(), (404, -32601));
    assert_eq!(
        answer.recorder.header("content-type"),
        Some("application/json")
    );
}
