//! Black Forest Labs.

use image_tools::images::format::Format;
use image_tools::providers::cost::Basis;
use image_tools::providers::request::GenerateRequest;

use crate::session::{Session, picture};

fn session() -> Session {
    Session::new(&[("BFL_API_KEY", "bfl-secret"), ("BFL_BASE_URL", "/bfl/v1")])
}

#[test]
fn an_image_is_submitted_polled_and_fetched() {
    let session = session();
    let request = GenerateRequest {
        aspect_ratio: "16:9".to_owned(),
        seed: Some(7),
        references: vec![picture(64, 48), picture(32, 32)],
        ..GenerateRequest::new("a fox [[fault:slow:30]]")
    };
    let made = session.generate("bfl", &request).unwrap();
    assert_eq!(session.size(&made.images[0].bytes), (1360, 768));
    assert_eq!(made.images[0].metadata["seed"], 7);
    let cost = made.cost.unwrap();
    assert_eq!((cost.basis, cost.amount.micros), (Basis::Charged, 30_000));
    let asked = session.asked();
    let asked = asked.as_array().unwrap();
    // The first, the last poll and the file: how many polls there are depends on the machine.
    let polls = &asked[1..asked.len() - 1];
    assert!(
        polls
            .iter()
            .all(|one| one["to"] == "GET /bfl/v1/get_result")
    );
    insta::assert_json_snapshot!(
        "bfl_submit",
        [&asked[0], &asked[1], &asked[asked.len() - 1]]
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
            "moderation",
            "content_blocked",
            false,
            Some("Request Moderated"),
        ),
        (
            "moderation:output",
            "content_blocked",
            true,
            Some("Content Moderated"),
        ),
        ("text", "upstream_unavailable", false, Some("Error")),
        ("empty", "no_image", true, None),
        ("drop", "upstream_unavailable", true, None),
        ("truncated", "upstream_unavailable", true, None),
        ("format:gif", "no_image", true, None),
        ("redirect", "upstream_unavailable", true, None),
    ];
    for (fault, code, may_have_cost, own) in cases {
        let found = session.failure("bfl", &format!("a fox [[fault:{fault}]]"));
        assert_eq!(
            found,
            (code.to_owned(), may_have_cost, own.map(str::to_owned)),
            "{fault}"
        );
    }
}

#[test]
fn the_key_stays_with_the_service() {
    let session = session();
    let request = GenerateRequest {
        output_format: Some(Format::Jpeg),
        ..GenerateRequest::new("a fox")
    };
    session.generate("bfl", &request).unwrap();
    let fetched = &session.fake.ledger().requests_to("/delivery")[0];
    assert!(!fetched.headers.contains_key("x-key"), "{fetched:?}");
    session.provider("bfl").discover().unwrap();
    let session = Session::new(&[("BFL_API_KEY", "bad"), ("BFL_BASE_URL", "/bfl/v1")]);
    assert_eq!(
        session
            .provider("bfl")
            .discover()
            .unwrap_err()
            .code
            .as_str(),
        "auth"
    );
}

#[test]
fn who_leaves_is_told_that_it_is_paid() {
    let mut session = session();
    session.patience = 5;
    let error = session
        .generate("bfl", &GenerateRequest::new("a fox [[fault:never]]"))
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.may_have_cost),
        ("cancelled", true)
    );
}
