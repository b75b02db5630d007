//! Connections: who may call from where, how slowly, and how they end.

use std::time::{Duration, Instant};

use e2e::raw::{Raw, exchange, status};
use e2e::server::Server;
use e2e::settings::Settings;
use e2e::wait::until;
use serde_json::json;
use tokio::time::timeout;

#[tokio::test]
async fn pages_and_names_of_others_are_refused() {
    let server = Settings::default()
        .with("BASE_URL", "https://images.example.com")
        .start()
        .await;
    for (name, value, expected) in [
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "https://images.example.com.evil.example", 403),
        ("origin", "http://images.example.com", 403),
        ("origin", "https://images.example.com:8443", 403),
        ("origin", "http://127.0.0.1.nip.io", 403),
        ("origin", "https://images.example.com", 200),
        ("origin", "http://localhost:6274", 200),
        ("origin", "http://127.0.0.1:3000", 200),
        ("host", "evil.example", 421),
        ("host", "localhost.evil.example", 421),
        ("host", "127.0.0.1.nip.io", 421),
        ("host", "images.example.com@evil.example", 421),
        ("host", "images.example.com", 200),
        ("host", "localhost:1", 200),
        ("host", "IMAGES.example.com", 200),
        ("host", "[::1]:8000", 200),
    ] {
        let reply = server
            .as_anonymous()
            .with_header(name, value)
            .list_tools()
            .await;
        assert_eq!(reply.status, expected, "{name}: {value}: {}", reply.text());
        if expected != 200 {
            let code = if name == "origin" {
                "wrong_origin"
            } else {
                "wrong_host"
            };
            assert_eq!(
                reply.json()["error"]["data"]["code"],
                code,
                "{name}: {value}"
            );
        }
    }
    // Probes come from load balancers, by address.
    assert_eq!(
        server
            .as_anonymous()
            .with_header("host", "10.0.0.7")
            .get("/healthz")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn heads_that_cannot_be_read() {
    let server = Server::anonymous().await;
    for (name, request) in [
        ("no host", "GET /mcp HTTP/1.1\r\n\r\n"),
        (
            "two hosts",
            "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n",
        ),
        ("no version", "GET /mcp\r\n\r\n"),
        ("odd version", "GET /mcp HTTP/9.9\r\nHost: x\r\n\r\n"),
        ("noise", "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n"),
        ("no method", " /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
        (
            "control in path",
            "GET /m\x01cp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        ),
        (
            "control in name",
            "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX\x01: y\r\n\r\n",
        ),
        (
            "other authority",
            "GET http://evil.example/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        ),
        (
            "connect",
            "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        ),
    ] {
        let mut connection = Raw::connect(server.address()).await;
        connection.send(request.as_bytes()).await;
        let answer = connection.head().await;
        assert!(
            matches!(status(&answer), None | Some(400 | 404 | 405 | 421 | 505)),
            "{name}: {answer}"
        );
    }
    assert_eq!(server.as_anonymous().list_tools().await.status, 200);
}

/// Who says nothing, or says it slowly, does not hold a connection for ever.
#[tokio::test]
async fn slow_heads_are_cut_off() {
    let server = Settings::default()
        .with("HEADER_TIMEOUT_S", "1")
        .start()
        .await;
    let mut slow = tokio::task::JoinSet::new();
    for beginning in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n",
        "POST /mcp HTTP/1.1\r\n",
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
        "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ] {
        let mut connection = Raw::connect(server.address()).await;
        slow.spawn(async move {
            connection.send(beginning.as_bytes()).await;
            let end = timeout(Duration::from_secs(10), connection.rest()).await;
            end.is_err().then_some(beginning)
        });
    }
    let held: Vec<&str> = slow.join_all().await.into_iter().flatten().collect();
    assert!(
        held.is_empty(),
        "these held a connection for ten seconds: {held:?}"
    );
}

/// One byte at a time is slow as well.
#[tokio::test]
async fn dripped_heads_are_cut_off() {
    let server = Settings::default()
        .with("HEADER_TIMEOUT_S", "1")
        .start()
        .await;
    let mut connection = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    let begun = Instant::now();
    use tokio::io::AsyncWriteExt as _;
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {}",
        "y".repeat(10_000)
    );
    for byte in request.bytes() {
        if connection.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "a dripped head is still read after {:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test]
async fn a_pipeline_is_answered_in_order() {
    let server = Server::anonymous().await;
    let probe = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let last = "GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    let answer = exchange(server.address(), format!("{probe}{probe}{last}").as_bytes()).await;
    let statuses: Vec<&str> = answer
        .matches("HTTP/1.1 200")
        .chain(answer.matches("HTTP/1.1 404"))
        .collect();
    assert_eq!(
        statuses,
        ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 404"],
        "{answer}"
    );
}

#[tokio::test]
async fn a_request_in_flight_is_finished_after_sigterm() {
    let mut server = Settings::default()
        .with("PLACEHOLDER_DELAY_MS", "2000")
        .start()
        .await;
    let caller = server.as_anonymous();
    let working = caller.clone();
    let working =
        tokio::spawn(async move { working.generate("a painting that is nearly done").await });
    until("the job has begun", async || {
        let list = caller.read("image://list").await.resource_json();
        list.as_array().unwrap().first().map(|_| ())
    })
    .await;
    let idle = Raw::connect(server.address()).await;
    server.terminate();
    let id = working.await.expect("the request in flight is answered");
    let status = server.exit_status().await;
    assert!(status.success(), "{status}");
    drop(idle);

    server.start_again().await;
    assert_eq!(
        server.as_anonymous().status(&id).await["status"],
        json!("completed")
    );
}

#[tokio::test]
async fn a_drain_has_an_end() {
    let mut server = Settings::default()
        .with("PLACEHOLDER_DELAY_MS", "600000")
        .with("SHUTDOWN_GRACE_S", "1")
        .start()
        .await;
    let caller = server.as_anonymous();
    let id = caller.begin("a painting that takes all day").await;
    let begun = Instant::now();
    server.terminate();
    let status = server.exit_status().await;
    assert!(status.success(), "{status}");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    server.start_again().await;
    assert_eq!(server.as_anonymous().status(&id).await["status"], "failed");
}
