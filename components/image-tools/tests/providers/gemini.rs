//! Gemini.

use image_tools::providers::cost::Basis;
use image_tools::providers::request::GenerateRequest;

use crate::session::{Session, ids, picture};

fn session() -> Session {
    Session::new(&[
        ("GOOGLE_API_KEY", "AIza-test"),
        ("GEMINI_BASE_URL", "/gemini/v1beta"),
    ])
}

#[test]
fn an_image_is_made_from_words_and_pictures() {
    let session = session();
    let request = GenerateRequest {
        references: vec![picture(64, 48), picture(32, 32)],
        aspect_ratio: "16:9".to_owned(),
        quality: "hd".to_owned(),
        negative_prompt: Some("dogs".to_owned()),
        seed: Some(7),
        ..GenerateRequest::new("a fox")
    };
    let made = session.generate("gemini", &request).unwrap();
    assert_eq!(session.size(&made.images[0].bytes), (2752, 1536));
    let cost = made.cost.unwrap();
    // 1700 tokens out at 30, 526 in at 1.5 dollars for a million.
    assert_eq!((cost.basis, cost.amount.micros), (Basis::Usage, 51_789));
    insta::assert_json_snapshot!(made.images[0].metadata, @r#"
    {
      "aspect_ratio": "16:9",
      "edited": true,
      "model": "gemini-nano-banana-2.1",
      "model_version": "gemini-nano-banana-2.1",
      "quality": "hd",
      "seed": 7,
      "watermark": "synthid"
    }
    "#);
    insta::assert_json_snapshot!("gemini_generate_content", session.asked());
}

#[test]
fn every_ratio_of_the_table_is_one_of_the_service() {
    let session = session();
    for model in session.provider("gemini").models() {
        for ratio in &model.supported_aspect_ratios {
            let request = GenerateRequest {
                aspect_ratio: ratio.to_string(),
                model: Some(model.model_id.to_string()),
                ..GenerateRequest::new("x")
            };
            session.generate("gemini", &request).unwrap();
        }
    }
}

#[test]
fn every_failure_has_its_code() {
    let session = session();
    let cases = [
        ("401", "auth", false, Some("API_KEY_INVALID")),
        ("403", "auth", false, Some("PERMISSION_DENIED")),
        ("404", "model_unavailable", false, Some("NOT_FOUND")),
        ("422", "invalid_request", false, Some("INVALID_ARGUMENT")),
        ("quota", "quota", false, Some("RESOURCE_EXHAUSTED")),
        (
            "429:9:30000",
            "rate_limited",
            false,
            Some("RESOURCE_EXHAUSTED"),
        ),
        ("500", "upstream_unavailable", false, Some("INTERNAL")),
        ("503", "upstream_unavailable", false, Some("UNAVAILABLE")),
        ("moderation", "content_blocked", false, Some("SAFETY")),
        (
            "blocked",
            "content_blocked",
            false,
            Some("PROHIBITED_CONTENT"),
        ),
        (
            "blocked:candidate",
            "content_blocked",
            true,
            Some("IMAGE_SAFETY"),
        ),
        ("empty", "no_image", true, Some("NO_IMAGE")),
        ("text", "no_image", true, Some("STOP")),
        ("truncated", "upstream_unavailable", true, None),
        ("html", "upstream_unavailable", true, None),
        ("cut", "upstream_unavailable", true, None),
        ("drop", "upstream_unavailable", true, None),
        ("format:gif", "no_image", false, None),
    ];
    for (fault, code, may_have_cost, own) in cases {
        let found = session.failure("gemini", &format!("a fox [[fault:{fault}]]"));
        assert_eq!(
            found,
            (code.to_owned(), may_have_cost, own.map(str::to_owned)),
            "{fault}"
        );
    }
    let request = GenerateRequest::new("a fox [[fault:text]]");
    let error = session.generate("gemini", &request).unwrap_err();
    assert!(
        error.to_string().contains("I can describe a fox"),
        "{error}"
    );
    assert_eq!(error.request_id.as_deref(), Some("resp_fake"));
}

#[test]
fn a_refusal_for_now_is_waited_for_and_costs_once() {
    let session = session();
    session
        .generate("gemini", &GenerateRequest::new("a fox [[fault:429:2:20]]"))
        .unwrap();
    assert_eq!(session.fake.ledger().requests().len(), 3);
    assert_eq!(session.fake.ledger().images_charged("gemini"), 1);
}

#[test]
fn who_leaves_closes_the_connection() {
    let mut session = session();
    session.patience = 1;
    let error = session
        .generate(
            "gemini",
            &GenerateRequest::new("a fox [[fault:slow:60000]]"),
        )
        .unwrap_err();
    assert_eq!(error.code.as_str(), "cancelled");
    assert!(session.fake.ledger().wait_for_cancellation("gemini"));
}

#[test]
fn models_are_those_that_the_key_may_use() {
    let session = session();
    let models = session.provider("gemini").discover().unwrap();
    assert_eq!(models.len(), 4, "{:?}", ids(&models));
    let session = Session::new(&[
        ("GOOGLE_API_KEY", "bad"),
        ("GEMINI_BASE_URL", "/gemini/v1beta"),
    ]);
    let error = session.provider("gemini").discover().unwrap_err();
    assert_eq!(error.code.as_str(), "auth");
}
