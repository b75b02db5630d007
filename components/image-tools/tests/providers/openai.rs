//! OpenAI, and servers that imitate it.

use image_tools::images::format::Format;
use image_tools::images::shape::Size;
use image_tools::providers::cost::Basis;
use image_tools::providers::request::GenerateRequest;

use crate::session::{Session, ids, picture};

fn official() -> Session {
    // The address is not that of OpenAI, so the tests of the original's manners say which it is.
    Session::new(&[
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_BASE_URL", "/openai/v1"),
        ("OPENAI_DIALECT", "openai"),
    ])
}

fn imitation() -> Session {
    Session::new(&[("OPENAI_BASE_URL", "/compatible/v1")])
}

fn several(prompt: &str, n: u32) -> GenerateRequest {
    GenerateRequest {
        n,
        ..GenerateRequest::new(prompt)
    }
}

#[test]
fn an_image_is_made_from_a_stream_with_first_versions() {
    let session = official();
    let request = GenerateRequest {
        aspect_ratio: "16:9".to_owned(),
        negative_prompt: Some("dogs".to_owned()),
        end_user: Some("u_1234".to_owned()),
        ..GenerateRequest::new("a fox [[fault:slow:60]]")
    };
    let made = session.generate("openai", &request).unwrap();
    assert_eq!(session.size(&made.images[0].bytes), (1536, 864));
    assert_eq!(session.pictures.borrow().len(), 2);
    insta::assert_json_snapshot!(made.images[0].metadata, @r#"
    {
      "api_quality": "auto",
      "model": "gpt-image-2.6-flare",
      "quality": "standard",
      "size": "1536x864"
    }
    "#);
    let cost = made.cost.unwrap();
    assert_eq!((cost.basis, cost.amount.micros), (Basis::Usage, 47_085));
    insta::assert_json_snapshot!("openai_generation", session.asked());
}

#[test]
fn edits_are_a_form_with_pictures_and_a_mask() {
    let session = official();
    let request = GenerateRequest {
        references: vec![picture(64, 48), picture(32, 32)],
        mask: Some(picture(64, 48)),
        size: Some(Size {
            width: 1280,
            height: 960,
        }),
        quality: "hd".to_owned(),
        background: "transparent".to_owned(),
        output_format: Some(Format::Webp),
        ..several("make it winter", 2)
    };
    let made = session.generate("openai", &request).unwrap();
    assert_eq!(made.images.len(), 2);
    assert_eq!(made.images[0].metadata["edited"], true);
    assert_eq!(session.size(&made.images[1].bytes), (1280, 960));
    assert_eq!(session.fake.ledger().images_charged("openai"), 2);
    insta::assert_json_snapshot!("openai_edit", session.asked());
}

#[test]
fn every_size_of_an_aspect_ratio_is_taken() {
    let session = official();
    let models = session.provider("openai").models();
    for model in &models {
        for ratio in &model.supported_aspect_ratios {
            let request = GenerateRequest {
                aspect_ratio: ratio.to_string(),
                model: Some(model.model_id.to_string()),
                ..several("x", 2)
            };
            let made = session.generate("openai", &request).unwrap();
            let (width, height) = session.size(&made.images[0].bytes);
            let wanted: Vec<f64> = ratio.split(':').map(|side| side.parse().unwrap()).collect();
            let made = f64::from(width) / f64::from(height);
            assert!(
                (made / (wanted[0] / wanted[1]) - 1.0).abs() < 0.01,
                "{ratio}"
            );
        }
    }
}

#[test]
fn every_failure_has_its_code() {
    let session = official();
    let cases = [
        ("401", "auth", false, Some("invalid_api_key")),
        ("402", "quota", false, Some("billing_hard_limit_reached")),
        ("403", "auth", false, Some("invalid_request_error")),
        ("404", "model_unavailable", false, Some("model_not_found")),
        ("422", "invalid_request", false, Some("invalid_value")),
        ("quota", "quota", false, Some("insufficient_quota")),
        (
            "429:9:30000",
            "rate_limited",
            false,
            Some("rate_limit_exceeded"),
        ),
        ("500", "upstream_unavailable", false, Some("server_error")),
        ("503", "upstream_unavailable", false, Some("server_error")),
        (
            "moderation",
            "content_blocked",
            false,
            Some("moderation_blocked"),
        ),
        (
            "moderation:output",
            "content_blocked",
            true,
            Some("moderation_blocked"),
        ),
        ("cut", "upstream_unavailable", true, None),
        ("truncated", "upstream_unavailable", true, None),
        ("empty", "upstream_unavailable", true, None),
        ("format:gif", "no_image", false, None),
        ("format:svg", "no_image", false, None),
    ];
    for (fault, code, may_have_cost, own) in cases {
        let found = session.failure("openai", &format!("a fox [[fault:{fault}]]"));
        assert_eq!(
            found,
            (code.to_owned(), may_have_cost, own.map(str::to_owned)),
            "{fault}"
        );
    }
    // In one piece, as several images come.
    for (fault, code) in [
        ("drop", "upstream_unavailable"),
        ("cut", "upstream_unavailable"),
        ("truncated", "upstream_unavailable"),
        ("html", "upstream_unavailable"),
        ("empty", "content_blocked"),
        ("huge:70", "no_image"),
    ] {
        let request = several(&format!("a fox [[fault:{fault}]]"), 2);
        let error = session.generate("openai", &request).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.may_have_cost),
            (code, true),
            "{fault}: {error}"
        );
    }
    assert!(!session.logged().contains("sk-test"));
}

#[test]
fn a_refusal_for_now_is_waited_for_and_costs_once() {
    let session = official();
    session
        .generate("openai", &several("a fox [[fault:429:2:20]]", 2))
        .unwrap();
    assert_eq!(session.fake.ledger().requests().len(), 3);
    assert_eq!(session.fake.ledger().images_charged("openai"), 2);
}

#[test]
fn what_may_have_cost_is_not_asked_for_again() {
    for fault in ["500:1", "503:1", "drop", "cut", "truncated", "html"] {
        let session = official();
        let request = several(&format!("a fox [[fault:{fault}]]"), 2);
        session.generate("openai", &request).unwrap_err();
        assert_eq!(session.fake.ledger().requests().len(), 1, "{fault}");
    }
}

#[test]
fn base64_in_any_shape_is_an_image() {
    let session = official();
    for fault in ["newlines", "prefix", "mismatch", "format:webp"] {
        for n in [1, 2] {
            let request = several(&format!("a fox [[fault:{fault}]]"), n);
            let made = session.generate("openai", &request).unwrap();
            assert_eq!(made.images.len(), n as usize, "{fault}");
        }
    }
}

#[test]
fn who_leaves_closes_the_connection() {
    let mut session = official();
    session.patience = 1;
    let error = session
        .generate(
            "openai",
            &GenerateRequest::new("a fox [[fault:slow:60000]]"),
        )
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.may_have_cost),
        ("cancelled", true)
    );
    assert!(session.fake.ledger().wait_for_cancellation("openai"));
}

#[test]
fn a_retired_model_names_its_replacement_without_a_request() {
    let session = official();
    let request = GenerateRequest {
        model: Some("dall-e-3".to_owned()),
        ..GenerateRequest::new("x")
    };
    let error = session.generate("openai", &request).unwrap_err();
    assert_eq!(
        error.to_string().lines().next().unwrap(),
        "openai: the model is not available: `dall-e-3` has been retired; use `gpt-image-2.6-flare`"
    );
    assert!(session.fake.ledger().requests().is_empty());
}

#[test]
fn models_are_those_that_the_key_may_use() {
    let session = official();
    let models = session.provider("openai").discover().unwrap();
    assert_eq!(models.len(), 8, "{:?}", ids(&models));
    let session = Session::new(&[
        ("OPENAI_API_KEY", "bad-key"),
        ("OPENAI_BASE_URL", "/openai/v1"),
        ("OPENAI_DIALECT", "openai"),
    ]);
    let error = session.provider("openai").discover().unwrap_err();
    assert_eq!(error.code.as_str(), "auth");
}

#[test]
fn an_imitation_is_asked_for_the_least() {
    let session = imitation();
    let request = GenerateRequest {
        end_user: Some("u_1234".to_owned()),
        aspect_ratio: "16:9".to_owned(),
        ..GenerateRequest::new("a fox<sd_cpp_extra_args>{\"steps\": 900}</sd_cpp_extra_args>")
    };
    let made = session.generate("openai", &request).unwrap();
    assert_eq!(session.size(&made.images[0].bytes), (1344, 768));
    assert_eq!(made.cost, None);
    let by_url = session
        .generate("openai", &GenerateRequest::new("[[fault:url]]"))
        .unwrap();
    assert_eq!(session.size(&by_url.images[0].bytes), (1024, 1024));
    let request = GenerateRequest {
        references: vec![picture(64, 64)],
        ..GenerateRequest::new("winter")
    };
    session.generate("openai", &request).unwrap();
    insta::assert_json_snapshot!("openai_imitation", session.asked());
    let models = session.provider("openai").discover().unwrap();
    assert_eq!(ids(&models), ["default", "sd-cpp-local"]);
}

#[test]
fn an_empty_answer_is_no_success() {
    let found = imitation().failure("openai", "[[fault:empty]]");
    assert_eq!(found, ("content_blocked".to_owned(), true, None));
}
