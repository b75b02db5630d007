//! What HTTP sees of a request before its era matters.

use serde_json::json;

use crate::client::{legacy, modern, post, raw};

#[test]
fn only_post_is_served() {
    for method in [
        "GET", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH", "post", "",
    ] {
        for request in [
            modern("server/discover", json!({})),
            legacy("ping", json!({})),
        ] {
            let answer = request.method(method).send();
            assert_eq!(answer.refusal(), (405, -32600), "{method}");
            assert_eq!(answer.recorder.header("allow"), Some("POST"));
            assert!(answer.response().get("id").is_none());
        }
    }
}

#[test]
fn only_json_is_read() {
    let ping = post(json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}));
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        "application/jsonx",
    ] {
        let answer = ping.clone().replaced("content-type", media).send();
        assert_eq!(answer.refusal(), (415, -32600), "{media}");
    }
    assert_eq!(
        ping.clone().without("content-type").send().refusal(),
        (415, -32600)
    );
    for media in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
    ] {
        let answer = ping.clone().replaced("content-type", media).send();
        assert_eq!(answer.status(), 200, "{media}");
    }
}

#[test]
fn the_client_chooses_the_form_of_the_answer() {
    let call = modern("tools/call", json!({"name": "wait"}));
    for (accept, status, streamed) in [
        ("application/json, text/event-stream", 200, true),
        ("application/json;q=0.5,text/event-stream;q=1", 200, true),
        ("TEXT/EVENT-STREAM", 200, true),
        ("text/*", 200, true),
        ("application/json", 200, false),
        ("*/*", 200, false),
        ("application/json, text/event-stream;q=0", 200, false),
        ("application/json, text/event-stream; q = 0.0", 200, false),
        ("", 200, false),
        ("text/html", 406, false),
        ("application/json;q=0", 406, false),
    ] {
        let answer = call.clone().replaced("accept", accept).send();
        assert_eq!(answer.status(), status, "{accept}");
        assert_eq!(answer.recorder.streamed, streamed, "{accept}");
        let media = if streamed {
            "text/event-stream"
        } else {
            "application/json"
        };
        assert_eq!(
            answer.recorder.header("content-type"),
            Some(media),
            "{accept}"
        );
    }
    assert_eq!(call.without("accept").send().text(), "ripe");
}

#[test]
fn a_client_of_streams_alone_gets_a_stream() {
    let answer = modern("server/discover", json!({}))
        .replaced("accept", "text/event-stream")
        .send();
    assert!(answer.recorder.streamed);
    assert_eq!(answer.response()["result"]["resultType"], "complete");
}

#[test]
fn what_is_no_message_is_refused_without_an_id() {
    for (body, code) in [
        (b"".as_slice(), -32700),
        (b"{", -32700),
        (b"not json", -32700),
        (b"{}{}", -32700),
        (b"\xff\xfe", -32700),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc3\x28\"}",
            -32700,
        ),
        (
            br#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
            -32700,
        ),
        (br#"{"jsonrpc":"2.0","id":1e999,"method":"ping"}"#, -32700),
        (b"null", -32600),
        (b"7", -32600),
        (b"\"ping\"", -32600),
        (b"{}", -32600),
        (br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (
            br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
            -32600,
        ),
        (b"[]", -32600),
    ] {
        for version in [None, Some("2026-07-28")] {
            let mut request = raw(body);
            if let Some(version) = version {
                request = request.header("mcp-protocol-version", version);
            }
            let answer = request.send();
            assert_eq!(
                answer.refusal(),
                (400, code),
                "{}",
                String::from_utf8_lossy(body)
            );
            assert!(answer.response().get("id").is_none());
            assert_eq!(
                answer.recorder.header("content-type"),
                Some("application/json")
            );
        }
    }
}

#[test]
fn deep_and_long_bodies_are_refused_or_served_but_never_fatal() {
    let deep = "[".repeat(200_000);
    assert_eq!(raw(deep.as_bytes()).send().refusal(), (400, -32700));
    let deep = format!(r#"{{"a":{}"#, r#"{"a":"#.repeat(200_000));
    assert_eq!(raw(deep.as_bytes()).send().refusal(), (400, -32700));
    let long = "m".repeat(1_000_000);
    let answer = legacy(&long, json!({})).send();
    assert_eq!(answer.refusal(), (200, -32601));
    assert!(
        answer.recorder.body.len() < 1000,
        "a client must not make answers grow"
    );
}

#[test]
fn ids_come_back_as_they_were() {
    for id in [
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("\u{1f34e}\""),
    ] {
        let answer = post(json!({"jsonrpc": "2.0", "id": id, "method": "ping"})).send();
        assert_eq!(answer.response()["id"], id);
        let answer = post(json!({"jsonrpc": "2.0", "id": id, "method": "nothing"})).send();
        assert_eq!(answer.response()["id"], id);
    }
}
