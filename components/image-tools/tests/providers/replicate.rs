//! Replicate.

use image_tools::providers::cost::Basis;
use image_tools::providers::request::GenerateRequest;

use crate::session::{Session, picture};

fn session() -> Session {
    Session::new(&[
        ("REPLICATE_API_TOKEN", "r8_secret"),
        ("REPLICATE_BASE_URL", "/replicate/v1"),
    ])
}

#[test]
fn several_images_come_from_one_prediction() {
    let session = session();
    let request = GenerateRequest {
        aspect_ratio: "16:9".to_owned(),
        seed: Some(7),
        n: 2,
        ..GenerateRequest::new("a fox")
    };
    let made = session.generate("replicate", &request).unwrap();
    assert_eq!(made.images.len(), 2);
    assert_eq!(session.size(&made.images[0].bytes), (1344, 768));
    let cost = made.cost.unwrap();
    assert_eq!((cost.basis, cost.amount.micros), (Basis::Estimate, 6000));
    insta::assert_json_snapshot!("replicate_prediction", session.asked());
}

#[test]
fn a_model_that_nobody_listed_is_asked_by_its_name() {
    let session = session();
    let request = GenerateRequest {
        model: Some("black-forest-labs/flux-kontext-pro".to_owned()),
        references: vec![picture(64, 48)],
        ..GenerateRequest::new("winter")
    };
    session.generate("replicate", &request).unwrap();
    let request = GenerateRequest {
        model: Some("someone/new-model".to_owned()),
        ..GenerateRequest::new("a fox")
    };
    let made = session.generate("replicate", &request).unwrap();
    assert_eq!(made.cost, None);
    for model in ["../account", "nobody", "nobody/gone"] {
        let request = GenerateRequest {
            model: Some(model.to_owned()),
            ..GenerateRequest::new("a fox")
        };
        let error = session.generate("replicate", &request).unwrap_err();
        assert_eq!(error.code.as_str(), "model_unavailable", "{model}");
    }
    assert_eq!(
        session
            .fake
            .ledger()
            .requests_to("/replicate/v1/account")
            .len(),
        0
    );
}

#[test]
fn every_failure_has_its_code() {
    let session = session();
    let cases = [
        ("401", "auth", false, None),
        ("402", "quota", false, None),
        ("404", "model_unavailable", false, None),
        ("422", "invalid_request", false, None),
        ("429:9:30000", "rate_limited", false, None),
        ("500", "upstream_unavailable", false, None),
        ("503", "upstream_unavailable", false, None),
        (
            "moderation:output",
            "content_blocked",
            false,
            Some("failed"),
        ),
        ("text", "upstream_unavailable", false, Some("failed")),
        ("empty", "no_image", true, None),
        ("drop", "upstream_unavailable", true, None),
        ("truncated", "upstream_unavailable", true, None),
        ("format:svg", "no_image", true, None),
    ];
    for (fault, code, may_have_cost, own) in cases {
        // Waiting for half a minute is the client's choice.
        if fault.starts_with("429") {
            continue;
        }
        let found = session.failure("replicate", &format!("a fox [[fault:{fault}]]"));
        assert_eq!(
            found,
            (code.to_owned(), may_have_cost, own.map(str::to_owned)),
            "{fault}"
        );
    }
}

#[test]
fn who_leaves_cancels_the_prediction() {
    let mut session = session();
    session.patience = 5;
    let error = session
        .generate("replicate", &GenerateRequest::new("a fox [[fault:never]]"))
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.may_have_cost),
        ("cancelled", true)
    );
    assert!(session.fake.ledger().wait_for_cancellation("replicate"));
}
