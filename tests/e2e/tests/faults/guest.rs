//! Guests that hang, grow, trap, or go on: the fixture's `fault_` tools on the real host.

use std::time::{Duration, Instant};

use e2e::artifacts;
use e2e::caller::Reply;
use e2e::raw::Raw;
use e2e::server::Server;
use e2e::settings::Settings;
use e2e::wait::until;
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn fixture() -> Settings {
    Settings::default().with_path(
        "TOOLS_COMPONENT",
        &artifacts::fixture("conformance-fixture"),
    )
}

/// A JSON-RPC error with a stable code, and the id that names it in the log; no bare status.
async fn assert_clean_failure(reply: &Reply, (status, code): (u16, &str), server: &Server) {
    let body: Value = reply.json();
    assert_eq!(
        (reply.status, &body["error"]["data"]["code"]),
        (status, &json!(code)),
        "{body}"
    );
    assert_eq!(
        (&body["jsonrpc"], &body["error"]["code"]),
        (&json!("2.0"), &json!(-32603)),
        "{body}"
    );
    assert!(
        !reply.text().contains("wasm"),
        "the inside is shown: {body}"
    );
    let id = reply.header("x-request-id").unwrap();
    server.logs().wait_for_line(0, &[id, "reason="]).await;
}

async fn assert_alive(server: &Server) {
    let reply = server
        .as_anonymous()
        .call("test_simple_text", json!({}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[tokio::test]
async fn hung_guests_are_stopped_and_disturb_nobody() {
    const ENOUGH: usize = 12;
    let server = fixture().with("REQUEST_TIMEOUT_S", "3").start().await;
    assert_alive(&server).await;
    let mut best = 0;
    // Other tests may keep the machine busy for a while.
    for _ in 0..3 {
        best = best.max(answers_beside_hung_guests(&server).await);
        if best >= ENOUGH {
            break;
        }
    }
    assert!(
        best >= ENOUGH,
        "only {best} answers in two seconds beside hung guests"
    );
    assert_alive(&server).await;
}

/// How many requests are answered, one after the other, in two seconds.
async fn answers_beside_hung_guests(server: &Server) -> usize {
    let begun = Instant::now();
    let mut hung = JoinSet::new();
    // More of them than there are processors.
    for _ in 0..4 {
        let caller = server.as_anonymous();
        hung.spawn(async move { caller.call("fault_spin", json!({})).await });
    }
    let mut answered = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        assert_alive(server).await;
        answered += 1;
    }
    for reply in hung.join_all().await {
        assert_clean_failure(&reply, (504, "timeout"), server).await;
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    answered
}

#[tokio::test]
async fn a_guest_over_its_memory_limit_is_stopped() {
    let server = fixture()
        .with("INSTANCE_MEMORY_BYTES", (32 << 20).to_string())
        .start()
        .await;
    assert_alive(&server).await;
    let before = server.resident_bytes();
    for _ in 0..5 {
        let reply = server
            .as_anonymous()
            .call("fault_allocate", json!({}))
            .await;
        assert_clean_failure(&reply, (500, "tools_failed"), &server).await;
    }
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(
        grown < 64 << 20,
        "the memory of stopped guests is kept: {grown} bytes"
    );
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_trap_is_an_error_of_one_request() {
    for isolation in ["request", "subject"] {
        let server = fixture().with("ISOLATION", isolation).start().await;
        for _ in 0..3 {
            assert_alive(&server).await;
            let reply = server.as_anonymous().call("fault_trap", json!({})).await;
            assert_clean_failure(&reply, (500, "tools_failed"), &server).await;
        }
        assert_alive(&server).await;
    }
}

#[tokio::test]
async fn work_goes_on_after_the_answer_within_its_time() {
    let server = fixture().start().await;
    let begun = Instant::now();
    let arguments = json!({"seconds": 4});
    let reply = server
        .as_anonymous()
        .call("fault_background", arguments)
        .await;
    assert_eq!(reply.result()["content"][0]["type"], "text");
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "the answer waited for the work"
    );
    server.logs().wait_for_line(0, &["background: done"]).await;

    let server = fixture()
        .with("REQUEST_TIMEOUT_S", "1")
        .with("BACKGROUND_TIMEOUT_S", "1")
        .start()
        .await;
    server
        .as_anonymous()
        .call("fault_background", json!({"seconds": 60}))
        .await
        .result();
    server
        .logs()
        .wait_for_line(0, &["background work was stopped"])
        .await;
    assert!(!server.logs().text().contains("background: done"));
    assert_alive(&server).await;
}

/// With a progress token the answer is a stream; who closes it cancels the call (MCP 2026-07-28).
#[tokio::test]
async fn a_client_that_closes_the_stream_cancels() {
    let server = fixture().start().await;
    let params = json!({"name": "fault_wait", "arguments": {"seconds": 60}, "_meta": {"progressToken": "p"}});
    let impatient = server.as_anonymous().with_patience(Duration::from_secs(1));
    assert!(
        impatient.try_rpc("tools/call", params).await.is_err(),
        "the stream ended by itself"
    );
    server.logs().wait_for_line(0, &["wait: cancelled"]).await;
    assert_alive(&server).await;
}

#[tokio::test]
async fn when_all_instances_are_busy_the_client_is_told_when_to_come_back() {
    let server = fixture().with("MAX_INSTANCES", "1").start().await;
    let caller = server.as_anonymous();
    let busy = caller.clone();
    let busy = tokio::spawn(async move { busy.call("fault_wait", json!({"seconds": 15})).await });
    let refused = until("the only instance is taken", async || {
        let reply = caller.list_tools().await;
        (reply.status != 200).then_some(reply)
    })
    .await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["data"]["code"]),
        (503, &json!("busy"))
    );
    assert!(refused.header("retry-after").is_some());
    assert_eq!(busy.await.unwrap().status, 200);
    assert_alive(&server).await;
}

/// Beyond the limit connections wait; they are served when others end.
#[tokio::test]
async fn connections_are_bounded() {
    let server = fixture().with("MAX_CONNECTIONS", "2").start().await;
    let held = [
        Raw::connect(server.address()).await,
        Raw::connect(server.address()).await,
    ];
    let mut waiting = Raw::connect(server.address()).await;
    waiting
        .send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        .await;
    drop(held);
    assert!(waiting.rest().await.starts_with("HTTP/1.1 200"));
}
