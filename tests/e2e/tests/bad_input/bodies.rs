//! Request bodies and arguments.

use std::time::{Duration, Instant};

use e2e::caller::{Caller, mcp_headers};
use e2e::raw::{Raw, status};
use e2e::server::Server;
use e2e::settings::Settings;
use reqwest::Method;
use serde_json::{Value, json};

const MODERN: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
const LEGACY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}"#;

/// No answer may be a bare 500, a 502, or a body that is not JSON.
async fn assert_clear_answer(name: &str, caller: &Caller, body: &[u8]) {
    let reply = caller.send(Method::POST, "/mcp", body).await;
    assert!(
        matches!(reply.status, 200 | 202 | 400 | 404 | 405 | 406 | 413 | 415),
        "{name}: {} {}",
        reply.status,
        reply.text()
    );
    if reply.status != 202 {
        let answer = reply.json();
        let answers = answer
            .as_array()
            .map_or_else(|| vec![answer.clone()], Clone::clone);
        assert!(
            answers.iter().all(|answer| answer["jsonrpc"] == "2.0"),
            "{name}: {answer}"
        );
        assert!(
            reply.status == 200 || answer["error"]["code"].is_i64(),
            "{name}: {answer}"
        );
    }
}

fn callers(server: &Server) -> [Caller; 2] {
    let plain = server
        .as_anonymous()
        .with_header("content-type", "application/json")
        .with_header("accept", "application/json, text/event-stream");
    [
        plain,
        server
            .as_anonymous()
            .with_headers(&mcp_headers("tools/list", "")),
    ]
}

#[tokio::test]
async fn odd_bodies() {
    let server = Server::anonymous().await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    let nested = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"x":{}1{}}}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"\0".to_vec(),
        b"null".to_vec(),
        b"true".to_vec(),
        b"0".to_vec(),
        b"1e400".to_vec(),
        b"\"x\"".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"[{}]".to_vec(),
        b"[[]]".to_vec(),
        b"{\"jsonrpc\":\"2.0\"}".to_vec(),
        b"\xff\xfe{\0}\0".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        vec![0xff; 1_000],
        deep(100),
        deep(1_000_000),
        nested.into_bytes(),
        br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":5}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":null,"arguments":7}}"#
            .to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#.to_vec(),
        format!(
            r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#,
            "i".repeat(100_000)
        )
        .into_bytes(),
        format!("[{}]", vec![LEGACY; 500].join(",")).into_bytes(),
        MODERN.replace("2026-07-28", "2099-01-01").into_bytes(),
        MODERN.replace("2026-07-28", "").into_bytes(),
    ];
    for caller in callers(&server) {
        for body in &bodies {
            assert_clear_answer(
                &String::from_utf8_lossy(&body[..body.len().min(100)]),
                &caller,
                body,
            )
            .await;
        }
    }
    assert_eq!(server.as_anonymous().list_tools().await.status, 200);
}

/// Good bodies with bytes changed, removed and doubled; the seed makes a failure repeatable.
#[tokio::test]
async fn spoiled_bodies() {
    let server = Server::anonymous().await;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for number in 0..400 {
        let mut body = if number % 2 == 0 { MODERN } else { LEGACY }
            .as_bytes()
            .to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(body.len());
            match random.below(4) {
                0 => body[at] = random.below(256).to_le_bytes()[0],
                1 => drop(body.remove(at)),
                2 => body.truncate(at.max(1)),
                _ => body.insert(at, b"{}[]\",:0\\"[random.below(9)]),
            }
        }
        let caller = &callers(&server)[number / 2 % 2];
        assert_clear_answer(
            &format!("{number}: {}", String::from_utf8_lossy(&body)),
            caller,
            &body,
        )
        .await;
    }
    assert_eq!(server.as_anonymous().list_tools().await.status, 200);
}

/// xorshift: enough for choosing bytes.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[tokio::test]
async fn odd_headers() {
    let server = Server::anonymous().await;
    let long = "x".repeat(8_000);
    for (name, value) in [
        ("mcp-protocol-version", "2026-07-29"),
        ("mcp-protocol-version", ""),
        ("mcp-protocol-version", "\u{fc}"),
        ("mcp-method", "tools/call"),
        ("mcp-method", "=?base64?!!!?="),
        ("mcp-name", "=?base64?/w==?="),
        ("mcp-session-id", "nobody"),
        ("mcp-session-id", long.as_str()),
        ("content-type", "text/plain"),
        ("content-type", "application/json; charset=\"\u{fc}"),
        ("accept", "image/png"),
        ("accept", ",;q=x"),
        ("last-event-id", "\u{1f4a9}"),
        ("content-encoding", "gzip"),
        ("expect", "100-continue"),
        ("te", "trailers"),
        ("mcp-param-x", "y"),
    ] {
        // In place of the right value, and beside it.
        let fields: Vec<_> = mcp_headers("tools/list", "")
            .into_iter()
            .filter(|(known, _)| *known != name)
            .collect();
        let alone = server
            .as_anonymous()
            .with_headers(&fields)
            .with_header(name, value);
        let beside = server
            .as_anonymous()
            .with_headers(&mcp_headers("tools/list", ""))
            .with_header(name, value);
        for caller in [alone, beside] {
            assert_clear_answer(&format!("{name}: {value:.20}"), &caller, MODERN.as_bytes()).await;
        }
    }
    assert_eq!(server.as_anonymous().list_tools().await.status, 200);
}

#[tokio::test]
async fn bodies_are_limited_in_size_and_time() {
    let server = Settings::default()
        .with("MAX_BODY_BYTES", "65536")
        .with("REQUEST_TIMEOUT_S", "1")
        .start()
        .await;
    let caller = &callers(&server)[0];
    let filled = |size: usize| {
        let mut body = LEGACY.as_bytes().to_vec();
        body.resize(size, b' ');
        body
    };
    assert_eq!(
        caller
            .send(Method::POST, "/mcp", filled(65_536))
            .await
            .status,
        200
    );
    let reply = caller.send(Method::POST, "/mcp", filled(65_537)).await;
    assert_eq!(
        (reply.status, &reply.json()["error"]["data"]["code"]),
        (413, &json!("body_too_large"))
    );

    let head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
    let mut chunked = Raw::connect(server.address()).await;
    chunked
        .send(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes())
        .await;
    for _ in 0..20 {
        chunked
            .send(format!("1000\r\n{}\r\n", "x".repeat(0x1000)).as_bytes())
            .await;
    }
    assert_eq!(
        status(&chunked.head().await),
        Some(413),
        "chunks have no length in the head"
    );

    let begun = Instant::now();
    let mut slow = Raw::connect(server.address()).await;
    slow.send(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes())
        .await;
    assert_eq!(status(&slow.head().await), Some(408));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );

    let mut broken = Raw::connect(server.address()).await;
    broken
        .send(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes())
        .await;
    drop(broken);
    assert_eq!(server.as_anonymous().list_tools().await.status, 200);
}

/// An answer that the client cannot read, since the connection is reset while it still sends, is
/// none: it would never learn that it has to log in.
#[tokio::test]
async fn who_is_refused_while_sending_still_hears_why() {
    let settings = Settings::default().with("MAX_BODY_BYTES", "65536");
    let open = settings.start().await;
    let token = "4f1c9a7be20d8836c5d2f0a9b7e61354c8d9e0f1a2b3c4d5";
    let locked = Settings::default()
        .with("BEARER_TOKEN", token)
        .start()
        .await;
    let mut unheard = Vec::new();
    for (server, expected) in [(&open, 413), (&locked, 401)] {
        for number in 0..10 {
            let caller = &callers(server)[0];
            let reply = caller
                .try_send(Method::POST, "/mcp", vec![b' '; 8 << 20])
                .await;
            match reply {
                Ok(reply) => assert_eq!(reply.status, expected),
                Err(error) => unheard.push(format!("{expected}, {number}: {error:?}")),
            }
        }
    }
    assert!(
        unheard.is_empty(),
        "{} of 20: {:.300}",
        unheard.len(),
        unheard.join("\n")
    );
}

#[tokio::test]
async fn arguments_are_refused_by_name() {
    let server = Server::anonymous().await;
    let caller = server.as_anonymous();
    for (tool, arguments, named) in [
        (
            "generate_image",
            json!({"prompt": "x", "promt": "y"}),
            "promt",
        ),
        (
            "generate_image",
            json!({"prompt": "x", "__proto__": 1}),
            "__proto__",
        ),
        ("generate_image", json!({}), "prompt"),
        ("generate_image", json!({"prompt": 5}), "prompt"),
        (
            "generate_image",
            json!({"prompt": "x", "aspect_ratio": "7:3"}),
            "aspect_ratio",
        ),
        (
            "generate_image",
            json!({"prompt": "x", "provider": "nobody"}),
            "nobody",
        ),
        (
            "generate_image",
            json!({"prompt": "x", "wait_seconds": -1}),
            "wait_seconds",
        ),
        (
            "generate_image",
            json!({"prompt": "x", "wait_seconds": "long"}),
            "wait_seconds",
        ),
        ("check_generation_status", json!({"id": "x"}), "id"),
        (
            "show_image",
            json!({"uri": "file:///etc/passwd"}),
            "file:///etc/passwd",
        ),
        (
            "show_image",
            json!({"uri": "image://000000000000/view", "width": 5}),
            "width",
        ),
        (
            "delete_image",
            json!({"image_id": "../../etc/passwd"}),
            "../../etc/passwd",
        ),
        ("list_providers", json!({"force": true}), "force"),
        ("get_server_info", json!({"verbose": 1}), "verbose"),
        ("read_resource", json!({"uri": "image://list", "x": 1}), "x"),
    ] {
        let text = caller.call(tool, arguments.clone()).await.tool_error();
        assert!(
            text.contains(named),
            "{tool} {arguments}: `{named}` is not named: {text}"
        );
    }
    assert_eq!(
        caller.call("paint_house", json!({})).await.rpc_error(),
        Some(-32602)
    );
    assert_eq!(
        server.gallery().files(),
        Vec::<String>::new(),
        "a refused call left something"
    );
}

#[tokio::test]
async fn transforms_are_bounded() {
    let server = Server::anonymous().await;
    let caller = server.as_anonymous();
    let id = caller.generate("a square to be stretched").await;
    for query in [
        "width=1000000&height=1000000",
        "width=0",
        "width=-5",
        "width=1e9",
        "width=99999999999999999999",
        "height=x",
        "rotate=45",
        "rotate=-90",
        "flip=sideways",
        "format=tiff",
        "format=",
        "quality=0",
        "quality=101",
        "crop_x=250&crop_y=0&crop_w=10&crop_h=10",
        "crop_w=10",
        "crop_x=-1&crop_y=0&crop_w=5&crop_h=5",
        "crop_x=4294967295&crop_y=4294967295&crop_w=4294967295&crop_h=4294967295",
        "width=10&width=20",
        "wdith=10",
        "=",
        "%zz=1",
    ] {
        let reply = caller.read(&format!("image://{id}/view?{query}")).await;
        let accepted = reply.json().get("result").is_some();
        // Blank and clamped values are a matter of taste; what is answered must be an image of sane size.
        if accepted {
            let (mime_type, bytes) = reply.blob();
            let image = e2e::gallery::decode(&mime_type, &bytes);
            assert!(image.width() <= 8_192 && image.height() <= 8_192, "{query}");
        } else {
            assert_eq!(
                (reply.status, reply.rpc_error().is_some()),
                (200, true),
                "{query}: {}",
                reply.text()
            );
        }
    }
    for query in [
        "rotate=45",
        "flip=sideways",
        "format=tiff",
        "width=1000000&height=1000000",
        "crop_x=250&crop_y=0&crop_w=10&crop_h=10",
    ] {
        let reply = caller.read(&format!("image://{id}/view?{query}")).await;
        assert!(reply.rpc_error().is_some(), "{query} is accepted");
    }
    for uri in [
        "image://",
        "image://../view",
        "image://%2e%2e/view",
        "image://000000000000/view",
        "nothing",
        "file:///etc/passwd",
        "image://0/view/../../x",
        "",
    ] {
        let reply = caller.read(uri).await;
        assert!(reply.rpc_error().is_some(), "{uri}: {}", reply.text());
        assert!(!reply.text().contains("root:"), "{uri}");
    }
    let resource: Value = caller.read("image://list").await.resource_json();
    assert_eq!(resource.as_array().unwrap().len(), 1);
}
