//! The Stable Diffusion web UI, and stable-diffusion.cpp.

use image_tools::providers::cost::Cost;
use image_tools::providers::request::GenerateRequest;

use crate::session::{Session, picture};

fn session() -> Session {
    Session::new(&[
        ("SD_WEBUI_HOST", "/sd/"),
        ("SD_WEBUI_MODEL", "flux1-schnell"),
    ])
}

#[test]
fn a_checkpoint_is_used_as_its_family_wants() {
    let session = session();
    let request = GenerateRequest {
        negative_prompt: Some("dogs".to_owned()),
        seed: Some(7),
        n: 2,
        ..GenerateRequest::new("a fox")
    };
    let made = session.generate("sd_webui", &request).unwrap();
    assert_eq!(made.images.len(), 2);
    assert_eq!(made.cost, Some(Cost::FREE));
    assert_eq!(session.size(&made.images[0].bytes), (1024, 1024));
    assert_eq!(made.images[1].metadata["seed"], 8);
    let request = GenerateRequest {
        model: Some("v1-5-pruned-emaonly".to_owned()),
        aspect_ratio: "16:9".to_owned(),
        ..request
    };
    let made = session.generate("sd_webui", &request).unwrap();
    assert_eq!(session.size(&made.images[0].bytes), (912, 512));
    insta::assert_json_snapshot!("sd_webui_txt2img", session.asked());
}

#[test]
fn pictures_are_changed_where_the_mask_lets_them() {
    let session = session();
    let request = GenerateRequest {
        references: vec![picture(64, 48)],
        mask: Some(picture(64, 48)),
        strength: Some(0.0),
        ..GenerateRequest::new("winter")
    };
    let made = session.generate("sd_webui", &request).unwrap();
    assert_eq!(made.images[0].metadata["strength"], 0.0);
    insta::assert_json_snapshot!("sd_webui_img2img", session.asked());
}

#[test]
fn progress_is_that_of_the_sampler() {
    let session = session();
    session
        .generate(
            "sd_webui",
            &GenerateRequest::new("a fox [[fault:slow:5000]]"),
        )
        .unwrap();
    let steps = session.steps.borrow();
    assert!(
        steps
            .iter()
            .any(|(_, message)| message.starts_with("step ") && message.contains(" of 4 (")),
        "{steps:?}"
    );
}

#[test]
fn who_leaves_interrupts_the_work() {
    let mut session = session();
    session.patience = 1;
    let error = session
        .generate(
            "sd_webui",
            &GenerateRequest::new("a fox [[fault:slow:60000]]"),
        )
        .unwrap_err();
    assert_eq!(error.code.as_str(), "cancelled");
    assert!(session.fake.ledger().wait_for_cancellation("sd_webui"));
    assert_eq!(
        session
            .fake
            .ledger()
            .requests_to("/sd/sdapi/v1/interrupt")
            .len(),
        1
    );
}

#[test]
fn every_failure_has_its_code() {
    let session = session();
    let cases = [
        ("401", "auth", false, None),
        ("404", "invalid_request", false, Some("HTTPException")),
        ("422", "invalid_request", false, None),
        (
            "500",
            "upstream_unavailable",
            false,
            Some("OutOfMemoryError"),
        ),
        ("503", "upstream_unavailable", false, Some("HTTPException")),
        ("empty", "no_image", false, None),
        ("truncated", "upstream_unavailable", true, None),
        ("html", "upstream_unavailable", true, None),
        ("cut", "upstream_unavailable", true, None),
        ("drop", "upstream_unavailable", true, None),
    ];
    for (fault, code, may_have_cost, own) in cases {
        let found = session.failure("sd_webui", &format!("a fox [[fault:{fault}]]"));
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
    let error = session.generate("sd_webui", &request).unwrap_err();
    assert_eq!(error.code.as_str(), "model_unavailable");
}

#[test]
fn checkpoints_are_discovered_with_their_presets() {
    let session = session();
    let models = session.provider("sd_webui").discover().unwrap();
    let facts: Vec<_> = models
        .iter()
        .map(|model| {
            format!(
                "{} {:?} {:?}",
                model.display_name,
                model.default_steps.unwrap(),
                model.prompt_style.unwrap()
            )
        })
        .collect();
    insta::assert_json_snapshot!(facts, @r#"
    [
      "The checkpoint that is loaded 4 NaturalLanguage",
      "v1-5-pruned-emaonly 30 Clip",
      "sd_xl_base_1.0 35 Clip",
      "dreamshaperXL_lightning 6 Clip",
      "flux1-dev-bnb-nf4 20 NaturalLanguage",
      "flux1-schnell 4 NaturalLanguage",
      "sd3_medium 28 NaturalLanguage"
    ]
    "#);
}

#[test]
fn a_password_is_sent_and_a_wrong_one_is_told() {
    let session = Session::new(&[
        ("SD_WEBUI_HOST", "/sd-auth"),
        ("SD_WEBUI_AUTH", "artist:secret"),
    ]);
    session
        .generate("sd_webui", &GenerateRequest::new("a fox"))
        .unwrap();
    let session = Session::new(&[("SD_WEBUI_HOST", "/sd-auth")]);
    let error = session.provider("sd_webui").discover().unwrap_err();
    assert_eq!(error.code.as_str(), "auth");
}

#[test]
fn stable_diffusion_cpp_is_enough() {
    let session = Session::new(&[("SD_WEBUI_HOST", "/sdcpp")]);
    let request = GenerateRequest {
        seed: Some(5),
        ..GenerateRequest::new("a fox [[fault:slow:3000]]")
    };
    let made = session.generate("sd_webui", &request).unwrap();
    assert_eq!(made.images[0].metadata["seed"], 5);
    // No progress there: it is asked for once.
    assert_eq!(
        session
            .fake
            .ledger()
            .requests_to("/sdcpp/sdapi/v1/progress")
            .len(),
        1
    );
    let models = session.provider("sd_webui").discover().unwrap();
    assert_eq!(models.len(), 2);
}
