//! The main job with `rmcp`, in the words of `clients/job.mjs`.

use rmcp::model::{CallToolRequestParams, ProtocolVersion, ReadResourceRequestParams};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationManager};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient, ServiceExt};
use serde_json::{Value, json};

use crate::wait::until;

type Connected = RunningService<RoleClient, ()>;

pub(super) async fn report(modern: bool, job: &Value) -> Value {
    let text = |name: &str| job[name].as_str().unwrap_or_default();
    let client = connect(text("url"), job["token"].as_str(), modern).await;
    let tools = client.list_all_tools().await.unwrap();
    let version = client
        .peer_info()
        .map(|info| info.protocol_version.to_string());
    let mut report = json!({"protocol_version": version, "tools": tools.iter().map(|tool| &tool.name).collect::<Vec<_>>()});

    if text("step") == "create" {
        let arguments = json!({"prompt": job["prompt"], "provider": "placeholder"});
        report["waited"] = call(&client, "generate_image", arguments.clone()).await;
        let mut without_wait = arguments;
        without_wait["wait_seconds"] = json!(0);
        report["started"] = call(&client, "generate_image", without_wait).await;
        let id = report["started"]["structured"]["image_id"].clone();
        report["polled"] = until("the image is there", async || {
            let status = call(&client, "check_generation_status", json!({"image_id": id})).await;
            (status["structured"]["status"] != "generating").then_some(status)
        })
        .await;
    }
    if text("step") != "list" {
        let id = job["image_id"]
            .as_str()
            .or(report["started"]["structured"]["image_id"].as_str())
            .unwrap()
            .to_owned();
        report["shown"] = call(
            &client,
            "show_image",
            json!({"uri": format!("image://{id}/view")}),
        )
        .await;
        report["view"] = read(
            &client,
            &format!("image://{id}/view?format=webp&width=64&height=32&rotate=90"),
        )
        .await;
        report["original"] = read(&client, &format!("image://{id}/view")).await;
        report["list"] = read(&client, "image://list").await["text"].take();
    }
    client.cancel().await.unwrap();
    report
}

/// The names of the tools, with what a login has left behind.
pub(super) async fn tools(url: &str, manager: AuthorizationManager) -> Vec<String> {
    let transport = StreamableHttpClientTransport::with_client(
        AuthClient::new(reqwest::Client::new(), manager),
        StreamableHttpClientTransportConfig::with_uri(url),
    );
    let client = ().serve(transport).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    client.cancel().await.unwrap();
    tools.into_iter().map(|tool| tool.name.into()).collect()
}

async fn connect(url: &str, token: Option<&str>, modern: bool) -> Connected {
    let mut config = StreamableHttpClientTransportConfig::with_uri(url);
    if let Some(token) = token {
        config = config.auth_header(token);
    }
    let lifecycle = if modern {
        ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: None,
        }
    } else {
        ClientLifecycleMode::Initialize
    };
    ().serve_with_lifecycle(
        StreamableHttpClientTransport::from_config(config),
        lifecycle,
    )
    .await
    .unwrap()
}

async fn call(client: &Connected, name: &'static str, arguments: Value) -> Value {
    let arguments = arguments.as_object().unwrap().clone();
    let result = client
        .call_tool(CallToolRequestParams::new(name).with_arguments(arguments))
        .await
        .unwrap();
    let result = serde_json::to_value(result).unwrap();
    let blocks = result["content"].as_array().unwrap().iter().map(|block| {
        json!({"type": block["type"], "text": block["text"], "data": block["data"], "mime_type": block["mimeType"], "uri": block["uri"]})
    });
    json!({"is_error": result["isError"] == true, "structured": result["structuredContent"], "content": blocks.collect::<Vec<_>>()})
}

async fn read(client: &Connected, uri: &str) -> Value {
    let result = client
        .read_resource(ReadResourceRequestParams::new(uri))
        .await
        .unwrap();
    let content = serde_json::to_value(&result.contents[0]).unwrap();
    json!({"mime_type": content["mimeType"], "blob": content["blob"], "text": content["text"]})
}
