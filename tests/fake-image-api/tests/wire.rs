//! The fake from outside: it answers, fails, records and counts as it says.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use fake_image_api::FakeImageApi;
use reqwest::Client;
use serde_json::{Value, json};

async fn post(url: String, key: (&'static str, &str), body: Value) -> (u16, Value) {
    let request = Client::new().post(url).header(key.0, key.1).json(&body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

const OPENAI: (&str, &str) = ("authorization", "Bearer sk-test");

fn openai(prompt: &str) -> Value {
    json!({"prompt": prompt, "model": "gpt-image-2.6-flare", "size": "1536x864"})
}

#[tokio::test]
async fn images_are_real_and_of_the_size_asked_for() {
    let fake = FakeImageApi::start();
    let url = fake.url("/openai/v1/images/generations");
    for (format, transparent) in [
        ("png", false),
        ("png", true),
        ("jpeg", false),
        ("webp", false),
    ] {
        let mut body = openai("a fox");
        body["output_format"] = json!(format);
        body["background"] = json!(if transparent { "transparent" } else { "opaque" });
        let (status, answer) = post(url.clone(), OPENAI, body).await;
        assert_eq!(status, 200, "{answer}");
        let bytes = BASE64_STANDARD
            .decode(answer["data"][0]["b64_json"].as_str().unwrap())
            .unwrap();
        let shown = fake_image_api::picture::described(&bytes);
        assert!(shown.contains(format), "{shown}");
        assert!(bytes.len() < 100_000);
    }
    assert_eq!(fake.ledger().images_charged("openai"), 4);
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_says() {
    let fake = FakeImageApi::start();
    let url = fake.url("/openai/v1/images/generations");
    let prompt = "a fox [[fault:429:2:50]]";
    for expected in [429, 429, 200, 200] {
        let (status, _) = post(url.clone(), OPENAI, openai(prompt)).await;
        assert_eq!(status, expected);
    }
    assert_eq!(fake.ledger().images_charged("openai"), 2);
    let (status, answer) = post(url.clone(), OPENAI, openai("x [[fault:moderation]]")).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (400, &json!("moderation_blocked"))
    );
    let (status, _) = post(url, ("authorization", "Bearer bad"), openai("x")).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn requests_are_recorded_without_keys_and_pictures() {
    let fake = FakeImageApi::start();
    post(
        fake.url("/openai/v1/images/generations"),
        OPENAI,
        openai("a fox"),
    )
    .await;
    let picture = BASE64_STANDARD.encode(fake_image_api::picture::make(
        &fake_image_api::picture::Wish {
            width: 8,
            height: 4,
            format: "png",
            transparent: false,
            prompt: "",
            index: 0,
        },
    ));
    let body = json!({"contents": [{"parts": [{"text": "a fox"}, {"inlineData": {"mimeType": "image/png", "data": picture}}]}]});
    let url = fake.url("/gemini/v1beta/models/gemini-nano-banana-2.1:generateContent");
    let (status, answer) = post(url, ("x-goog-api-key", "AIza-test"), body).await;
    assert_eq!(status, 200, "{answer}");
    let recorded = serde_json::to_string(&fake.ledger().requests()).unwrap();
    assert!(
        !recorded.contains("sk-test") && !recorded.contains("AIza"),
        "{recorded}"
    );
    assert!(recorded.contains("(image/png 8x4)"), "{recorded}");
    let admin: Value = reqwest::get(fake.url("/__admin/requests"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(admin.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_dropped_connection_is_charged_and_says_nothing() {
    let fake = FakeImageApi::start();
    let url = fake.url("/openai/v1/images/generations");
    let request = Client::new()
        .post(url)
        .header(OPENAI.0, OPENAI.1)
        .json(&openai("x [[fault:drop]]"));
    assert!(request.send().await.is_err());
    assert_eq!(fake.ledger().images_charged("openai"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_cancels() {
    let fake = FakeImageApi::start();
    let mut body = openai("x [[fault:slow:60000]]");
    body["stream"] = json!(true);
    body["partial_images"] = json!(2);
    let url = fake.url("/openai/v1/images/generations");
    let request = Client::new()
        .post(url)
        .header(OPENAI.0, OPENAI.1)
        .json(&body);
    drop(request.send().await.unwrap());
    let ledger = fake.ledger();
    assert!(ledger.wait_for_cancellation("openai"));
}
