//! What the tools do besides the main job, seen through the host.

use std::collections::BTreeSet;

use e2e::server::Server;
use e2e::settings::Settings;
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn names(list: &Value) -> BTreeSet<&str> {
    let tools = list["tools"].as_array().unwrap();
    tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect()
}

/// The tools that change or spend something.
const WRITING: [&str; 11] = [
    "compose_image",
    "_save_edited_image",
    "fetch_image",
    "ingest_base64_image",
    "generate_image",
    "transform_image",
    "regenerate_image",
    "cancel_generation",
    "delete_image",
    "save_style",
    "delete_style",
];

/// As for users of the Python server; the log says how to change it.
#[tokio::test]
async fn a_server_that_was_told_nothing_only_reads() {
    let server = Settings::default().with("READ_ONLY", "").start().await;
    let caller = server.as_anonymous();
    let list = caller.list_tools().await.result();
    for name in WRITING {
        assert!(!names(&list).contains(name), "{name} is on offer");
        let arguments = json!({"prompt": "x", "image_id": "000000000000", "name": "x"});
        assert_eq!(
            caller.call(name, arguments).await.rpc_error(),
            Some(-32602),
            "{name}"
        );
    }
    assert!(names(&list).is_superset(&BTreeSet::from(["show_image", "list_providers"])));
    server.logs().wait_for_line(0, &["READ_ONLY"]).await;
}

/// Hosts decide by these whether to ask a person first, and clients check results by the schemas.
#[tokio::test]
async fn tools_say_what_they_are() {
    let server = Server::anonymous().await;
    let list = server.as_anonymous().list_tools().await.result();
    for tool in list["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        let reads = !WRITING.contains(&name);
        assert_eq!(tool["annotations"]["readOnlyHint"], reads, "{name}");
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{name}");
        assert!(tool["description"].as_str().unwrap().len() > 20, "{name}");
        let bridge = ["list_resources", "read_resource"].contains(&name);
        assert!(
            bridge || tool["outputSchema"]["type"] == "object",
            "{name} has no output schema"
        );
    }
}

#[tokio::test]
async fn the_other_tools_answer() {
    let server = Server::anonymous().await;
    let caller = server.as_anonymous();
    let providers = caller.call("list_providers", json!({})).await.structured();
    assert_eq!(
        providers["providers"]["placeholder"]["available"], true,
        "{providers}"
    );
    let info = caller.call("get_server_info", json!({})).await.structured();
    assert_eq!(info["server_name"], "image-generation-mcp", "{info}");
    assert_eq!(info["server_version"], env!("CARGO_PKG_VERSION"), "{info}");

    // Clients without resources read them through tools.
    let listed = caller
        .call("list_resources", json!({}))
        .await
        .result()
        .to_string();
    for uri in [
        "image://list",
        "info://providers",
        "image://{image_id}/metadata",
    ] {
        assert!(listed.contains(uri), "{uri} is not in {listed}");
    }
    let read = caller
        .call("read_resource", json!({"uri": "info://providers"}))
        .await
        .result();
    assert!(read.to_string().contains("placeholder"), "{read}");
}

#[tokio::test]
async fn a_deleted_image_is_gone() {
    let mut server = Server::anonymous().await;
    let caller = server.as_anonymous();
    let (kept, gone) = (
        caller.generate("to be kept").await,
        caller.generate("to be thrown away").await,
    );
    assert_ne!(
        caller
            .call("delete_image", json!({"image_id": gone}))
            .await
            .result()["isError"],
        true
    );
    assert!(
        !server
            .gallery()
            .files()
            .iter()
            .any(|name| name.contains(&gone))
    );
    server.start_again().await;
    let caller = server.as_anonymous();
    let list = caller
        .read("image://list")
        .await
        .resource_json()
        .to_string();
    assert!(list.contains(&kept) && !list.contains(&gone), "{list}");
    assert!(
        caller
            .read(&format!("image://{gone}/view"))
            .await
            .rpc_error()
            .is_some()
    );
    assert_eq!(caller.status(&gone).await["status"], "unknown");
    assert_eq!(
        caller
            .call("delete_image", json!({"image_id": gone}))
            .await
            .result()["isError"],
        true
    );
}

/// A client that gives a progress token hears that work goes on (MCP, utilities, progress).
#[tokio::test]
async fn progress_is_streamed() {
    let server = Settings::default()
        .with("PLACEHOLDER_DELAY_MS", "2500")
        .start()
        .await;
    let params = json!({
        "name": "generate_image",
        "arguments": {"prompt": "a painting in progress", "provider": "placeholder"},
        "_meta": {"progressToken": "p-1"},
    });
    let reply = server.as_anonymous().rpc("tools/call", params).await;
    assert!(
        reply
            .header("content-type")
            .unwrap()
            .starts_with("text/event-stream")
    );
    let text = reply.text();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let (last, before) = events.split_last().unwrap();
    assert_eq!(
        last["result"]["structuredContent"]["status"], "completed",
        "{text}"
    );
    let progress: Vec<f64> = before
        .iter()
        .map(|event| {
            assert_eq!(
                (&event["method"], &event["params"]["progressToken"]),
                (&json!("notifications/progress"), &json!("p-1")),
                "{event}"
            );
            event["params"]["progress"].as_f64().unwrap()
        })
        .collect();
    assert!(!progress.is_empty(), "nothing was said for 2.5 s: {text}");
    assert!(
        progress.is_sorted_by(|earlier, later| earlier < later),
        "{progress:?}"
    );
}

/// An instance that is kept serves one subject; what clients see does not depend on it.
#[tokio::test]
async fn isolation_by_subject_changes_no_answer() {
    const ALICE: &str = "4f1c9a7be20d8836c5d2f0a9b7e61354c8d9e0f1a2b3c4d5";
    const BOB: &str = "b7d2e9f04a6c81352e7f9a0d4c6b8e1f3a5d7c9b1e0f2a4c";
    let settings = Settings::default().with("ISOLATION", "subject");
    let file = settings.home().join("tokens.toml");
    std::fs::write(
        &file,
        format!("[tokens]\n\"{ALICE}\" = \"alice\"\n\"{BOB}\" = \"bob\"\n"),
    )
    .unwrap();
    let server = settings
        .with_path("BEARER_TOKENS_FILE", &file)
        .start()
        .await;
    let mut calls = JoinSet::new();
    for number in 0..60 {
        let caller = server.as_bearer([ALICE, BOB][number % 2]);
        calls.spawn(async move {
            let id = caller.generate(&format!("painting number {number}")).await;
            let metadata = caller
                .read(&format!("image://{id}/metadata"))
                .await
                .resource_json();
            assert_eq!(metadata["prompt"], format!("painting number {number}"));
            id
        });
    }
    let ids: BTreeSet<String> = calls.join_all().await.into_iter().collect();
    assert_eq!((ids.len(), server.gallery().images()), (60, 60));
}
