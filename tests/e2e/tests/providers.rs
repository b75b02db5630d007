//! The shipped binary with all six providers, pointed at the fake image API: through the host's
//! rules of outbound requests and back.

use std::path::Path;

use e2e::server::Server;
use e2e::settings::Settings;
use fake_image_api::FakeImageApi;
use serde_json::{Value, json};

/// Each provider with the backend that its fake charges.
const PROVIDERS: [&str; 6] = [
    "openai",
    "gemini",
    "sd_webui",
    "comfyui",
    "bfl",
    "replicate",
];

/// Every provider at the fake, without asking before money is spent.
fn settings(fake: &FakeImageApi) -> Settings {
    Settings::default()
        .with("CONFIRM_COST", "never")
        .with("OPENAI_API_KEY", "sk-of-the-test")
        .with("OPENAI_BASE_URL", fake.url("/openai/v1"))
        .with("OPENAI_DIALECT", "openai")
        .with("GOOGLE_API_KEY", "AIza-of-the-test")
        .with("GEMINI_BASE_URL", fake.url("/gemini/v1beta"))
        .with("SD_WEBUI_HOST", fake.url("/sd-auth"))
        .with("SD_WEBUI_AUTH", "artist:secret")
        .with("COMFYUI_HOST", fake.url("/comfyui"))
        .with("BFL_API_KEY", "bfl-of-the-test")
        .with("BFL_BASE_URL", fake.url("/bfl/v1"))
        .with("REPLICATE_API_TOKEN", "r8_of-the-test")
        .with("REPLICATE_BASE_URL", fake.url("/replicate/v1"))
}

async fn generate(server: &Server, provider: &str, prompt: &str) -> Value {
    let arguments = json!({"provider": provider, "prompt": prompt});
    let answer = server
        .as_anonymous()
        .call("generate_image", arguments)
        .await;
    answer.result()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_makes_an_image_and_is_paid_once() {
    let fake = FakeImageApi::start();
    let server = settings(&fake).start().await;
    for provider in PROVIDERS {
        let result = generate(&server, provider, "a fox on a hill").await;
        assert_ne!(result["isError"], true, "{provider}: {result}");
        let answer = &result["structuredContent"];
        assert_eq!(answer["status"], "completed", "{provider}: {answer}");
        assert_eq!(answer["provider"], provider);
        assert_eq!(fake.ledger().images_charged(provider), 1, "{provider}");
    }
    let asked = serde_json::to_string(&fake.ledger().requests()).unwrap();
    assert!(
        !asked.contains("of-the-test"),
        "the fake hides what it was sent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_what_to_do_and_no_secret() {
    let fake = FakeImageApi::start();
    let server = settings(&fake).start().await;
    let cases = [
        ("openai", "moderation", "content_blocked: "),
        ("openai", "drop", "upstream_unavailable: "),
        ("gemini", "quota", "quota: "),
        ("sd_webui", "500", "upstream_unavailable: "),
        ("comfyui", "text", "upstream_unavailable: "),
        ("bfl", "moderation:output", "content_blocked: "),
        ("bfl", "redirect", "upstream_unavailable: "),
        ("bfl", "private", "upstream_unavailable: "),
        ("replicate", "402", "quota: "),
    ];
    for (provider, fault, code) in cases {
        let result = generate(&server, provider, &format!("x [[fault:{fault}]]")).await;
        assert_eq!(result["isError"], true, "{provider} {fault}: {result}");
        assert!(
            text(&result).starts_with(code),
            "{provider} {fault}: {}",
            text(&result)
        );
        assert!(text(&result).contains("hint: "), "{}", text(&result));
        for secret in ["of-the-test", "artist", "169.254"] {
            assert!(
                !result.to_string().contains(secret),
                "{provider} {fault}: {result}"
            );
        }
    }
    // What was charged although nothing came back was asked for once.
    assert_eq!(fake.ledger().images_charged("openai"), 1);
    let logs = server.logs().text();
    for secret in ["of-the-test", "artist:secret", "YXJ0aXN0OnNlY3JldA"] {
        assert!(!logs.contains(secret), "the log has a secret");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_key_is_listed_as_degraded() {
    let fake = FakeImageApi::start();
    let server = settings(&fake)
        .with("GOOGLE_API_KEY", "bad-key")
        .start()
        .await;
    let answer = server
        .as_anonymous()
        .call("list_providers", json!({}))
        .await;
    let list = answer.result()["structuredContent"]["providers"].clone();
    for provider in PROVIDERS {
        assert_eq!(
            list[provider]["available"],
            provider != "gemini",
            "{provider}: {}",
            list[provider]
        );
    }
    assert_eq!(
        list["gemini"]["capabilities"]["degraded_reason"]["code"],
        "auth"
    );
    let result = generate(&server, "auto", "a cat").await;
    assert_eq!(
        result["structuredContent"]["provider"], "openai",
        "{result}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_settings_there_is_only_the_placeholder() {
    let server = Server::anonymous().await;
    let answer = server
        .as_anonymous()
        .call("list_providers", json!({}))
        .await;
    let list = answer.result()["structuredContent"]["providers"].clone();
    let names: Vec<_> = list.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["placeholder"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_names_a_model_of_its_own() {
    let fake = FakeImageApi::start();
    let settings = settings(&fake);
    let file = settings.home().join("catalog.json");
    let changes = json!({"openai": {
        "models": {"gpt-image-2.6-flare": {"default": false}, "gpt-image-2": {"default": true}},
    }});
    write(&file, &changes);
    let server = settings
        .with_path("PROVIDER_CATALOG_FILE", &file)
        .start()
        .await;
    let result = generate(&server, "openai", "a fox").await;
    assert_eq!(
        result["structuredContent"]["model"], "gpt-image-2",
        "{result}"
    );
}

fn write(path: &Path, value: &Value) {
    std::fs::write(path, value.to_string()).unwrap();
}
