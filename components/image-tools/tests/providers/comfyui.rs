//! ComfyUI.

use image_tools::providers::cost::Cost;
use image_tools::providers::request::GenerateRequest;

use crate::session::{Session, ids, picture};

fn session() -> Session {
    Session::new(&[("COMFYUI_HOST", "/comfyui")])
}

#[test]
fn a_graph_is_queued_and_its_files_are_fetched() {
    let session = session();
    let request = GenerateRequest {
        negative_prompt: Some("dogs".to_owned()),
        seed: Some(7),
        n: 2,
        ..GenerateRequest::new("a fox")
    };
    let made = session.generate("comfyui", &request).unwrap();
    assert_eq!(made.images.len(), 2);
    assert_eq!(made.cost, Some(Cost::FREE));
    assert_eq!(session.size(&made.images[0].bytes), (1024, 1024));
    assert_eq!(made.images[1].metadata["batch_index"], 1);
    insta::assert_json_snapshot!("comfyui_txt2img", session.asked());
}

#[test]
fn pictures_and_masks_are_uploaded_first() {
    let session = session();
    let request = GenerateRequest {
        references: vec![picture(64, 48)],
        mask: Some(picture(64, 48)),
        model: Some("flux1-dev-fp8.safetensors".to_owned()),
        ..GenerateRequest::new("winter")
    };
    session.generate("comfyui", &request).unwrap();
    let uploads = session.fake.ledger().requests_to("/comfyui/upload/image");
    assert_eq!(uploads.len(), 2);
    let graph = &session.fake.ledger().requests_to("/comfyui/prompt")[0].body["prompt"];
    assert_eq!(
        graph["10"]["inputs"]["image"],
        uploads[0].body[0]["file_name"]
    );
    assert_eq!(
        graph["13"]["inputs"]["image"],
        uploads[1].body[0]["file_name"]
    );
    assert_eq!(graph["3"]["inputs"]["steps"], 20);
}

#[test]
fn every_failure_has_its_code() {
    let session = session();
    let cases = [
        ("401", "auth", false, None),
        ("422", "invalid_request", false, Some("invalid_prompt")),
        ("500", "upstream_unavailable", false, None),
        ("503", "upstream_unavailable", false, None),
        (
            "text",
            "upstream_unavailable",
            false,
            Some("torch.OutOfMemoryError"),
        ),
        ("empty", "no_image", false, None),
        ("drop", "upstream_unavailable", true, None),
        ("truncated", "upstream_unavailable", true, None),
        ("format:gif", "no_image", false, None),
    ];
    for (fault, code, may_have_cost, own) in cases {
        let found = session.failure("comfyui", &format!("a fox [[fault:{fault}]]"));
        assert_eq!(
            found,
            (code.to_owned(), may_have_cost, own.map(str::to_owned)),
            "{fault}"
        );
    }
    let request = GenerateRequest {
        model: Some("nobody.safetensors".to_owned()),
        ..GenerateRequest::new("x")
    };
    let error = session.generate("comfyui", &request).unwrap_err();
    assert_eq!(error.code.as_str(), "model_unavailable");
}

#[test]
fn who_leaves_takes_the_work_from_the_queue() {
    let mut session = session();
    session.patience = 5;
    let error = session
        .generate("comfyui", &GenerateRequest::new("a fox [[fault:never]]"))
        .unwrap_err();
    assert_eq!(error.code.as_str(), "cancelled");
    assert!(session.fake.ledger().wait_for_cancellation("comfyui"));
    assert!(
        session
            .steps
            .borrow()
            .iter()
            .any(|(_, message)| message == "running")
    );
}

#[test]
fn checkpoints_are_discovered() {
    let session = session();
    let models = session.provider("comfyui").discover().unwrap();
    assert_eq!(
        ids(&models),
        [
            "default",
            "sd_xl_base_1.0.safetensors",
            "flux1-dev-fp8.safetensors"
        ]
    );
}
