//! Orders of several images, again, and with a key; stopping them; making them anew.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::cell::Cell;
use std::rc::Rc;

use crate::support::flag::{ID, flag, gallery, sidecar, store};
use crate::support::memory::Memory;
use crate::support::{
    call, failure, known, request, request_as, structured, structured_as, writable,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

fn metadata(memory: &Memory, answer: &Value) -> Value {
    let answer = request(
        memory,
        "resources/read",
        json!({"uri": answer["metadata_uri"]}),
    );
    serde_json::from_str(answer["result"]["contents"][0]["text"].as_str().unwrap()).unwrap()
}

#[test]
fn variants_have_ids_of_their_own() {
    let memory = writable();
    let result = call(&memory, "generate_image", json!({"prompt": "x", "n": 3}));
    let answer = &result["structuredContent"];
    let images = answer["images"].as_array().unwrap();
    assert_eq!(
        (answer["status"].as_str(), images.len()),
        (Some("completed"), 3)
    );
    assert_eq!(images[0]["image_id"], answer["image_id"]);
    let mut ids: Vec<_> = images
        .iter()
        .map(|one| one["image_id"].as_str().unwrap())
        .collect();
    for id in &ids {
        let status = structured(&memory, "check_generation_status", json!({"image_id": id}));
        assert_eq!(status["status"], "completed");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let blocks: Vec<_> = result["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block["type"].clone())
        .collect();
    assert_eq!(
        blocks,
        [
            "text",
            "image",
            "image",
            "image",
            "resource_link",
            "resource_link",
            "resource_link"
        ]
    );
    assert_eq!(structured(&memory, "browse_gallery", json!({}))["total"], 3);
    assert!(
        !memory.keys_now().iter().any(|key| key.starts_with("job/")),
        "no job is left"
    );
    for n in [0, 9] {
        assert!(failure(&memory, "generate_image", json!({"prompt": "x", "n": n})).contains("`n`"));
    }
}

#[test]
fn a_handle_names_every_variant() {
    let memory = writable();
    let answer = structured(
        &memory,
        "generate_image",
        json!({"prompt": "x", "n": 2, "wait_seconds": 0}),
    );
    assert_eq!(answer["status"], "generating");
    assert_eq!(answer["images"].as_array().unwrap().len(), 2);
}

#[test]
fn the_same_key_gets_the_same_images() {
    let memory = writable();
    let order = json!({"prompt": "x", "n": 2, "idempotency_key": "anna's order 1\n"});
    let first = structured(&memory, "generate_image", order.clone());
    let mut again = order.clone();
    again["wait_seconds"] = json!(0);
    let second = structured(&memory, "generate_image", again);
    assert_eq!(
        (&second["image_id"], &second["replayed"]),
        (&first["image_id"], &json!(true))
    );
    assert_eq!(structured(&memory, "browse_gallery", json!({}))["total"], 2);
    let mut other = order.clone();
    other["prompt"] = json!("y");
    assert!(failure(&memory, "generate_image", other).starts_with("idempotency_conflict: "));
    // The key of one is not the key of another.
    let anna = structured_as(&known("anna"), &memory, "generate_image", order);
    assert_ne!(anna["image_id"], first["image_id"]);
}

#[test]
fn a_key_of_what_failed_can_be_used_again() {
    let memory = writable();
    let order = json!({"prompt": "x", "idempotency_key": "k"});
    memory.fail_blob_writes(true);
    failure(&memory, "generate_image", order.clone());
    memory.fail_blob_writes(false);
    let answer = structured(&memory, "generate_image", order);
    assert_eq!(
        (&answer["status"], &answer["replayed"]),
        (&json!("completed"), &Value::Null)
    );
}

#[test]
fn what_is_finished_when_the_rest_fails_is_kept() {
    let memory = writable();
    // The original, its sidecar and its thumbnail; then the disk is full.
    memory.fail_blob_writes_after(3);
    let answer = structured(&memory, "generate_image", json!({"prompt": "x", "n": 2}));
    let states: Vec<_> = answer["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"].clone())
        .collect();
    assert_eq!(
        (answer["status"].as_str(), states),
        (Some("partial"), vec![json!("completed"), json!("failed")])
    );
    assert_eq!(answer["error_code"], "no_space");
    let failed = structured(
        &memory,
        "check_generation_status",
        json!({"image_id": answer["images"][1]["image_id"]}),
    );
    assert_eq!(
        (&failed["status"], &failed["error_code"]),
        (&json!("failed"), &json!("no_space"))
    );
}

#[test]
fn a_generation_can_be_cancelled_by_its_owner_only() {
    let memory = writable().with_setting("PLACEHOLDER_DELAY_MS", "20000");
    let rounds = Rc::new(Cell::new(0));
    let counted = Rc::clone(&rounds);
    memory.on_sleep(move |memory| {
        counted.set(counted.get() + 1);
        let job = memory
            .keys_now()
            .into_iter()
            .find(|key| key.starts_with("job/"))
            .unwrap();
        let arguments = json!({"image_id": job.rsplit('/').next().unwrap()});
        let status = |subject| {
            structured_as(
                &known(subject),
                memory,
                "cancel_generation",
                arguments.clone(),
            )["status"]
                .clone()
        };
        match counted.get() {
            1 => assert_eq!(status("bert"), "unknown"),
            3 => assert_eq!(status("anna"), "cancelling"),
            _ => {}
        }
    });
    let params = json!({"name": "generate_image", "arguments": {"prompt": "x"}});
    let answer = request_as(&known("anna"), &memory, "tools/call", params);
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("cancelled: "), "{text}");
    assert!(rounds.get() < 8, "stopped soon: {}", rounds.get());
    assert!(memory.blob_names().is_empty());
}

#[test]
fn nothing_is_left_to_cancel_when_it_is_over() {
    let memory = gallery();
    let cancel = |id: &str| {
        structured(&memory, "cancel_generation", json!({"image_id": id}))["status"].clone()
    };
    assert_eq!(
        (cancel(ID), cancel("eeeeeeeeeeee"), cancel("../x")),
        (json!("completed"), json!("unknown"), json!("unknown"))
    );
}

#[test]
fn an_image_is_made_again_with_what_is_changed() {
    let memory = writable();
    let made = structured(
        &memory,
        "generate_image",
        json!({
            "prompt": "a fox", "negative_prompt": "dogs", "aspect_ratio": "16:9", "background": "transparent", "seed": 7
        }),
    );
    let again = structured(
        &memory,
        "regenerate_image",
        json!({"image_id": made["image_id"], "prompt": "a cat"}),
    );
    assert_ne!(again["image_id"], made["image_id"]);
    assert_eq!(again["regenerated_from"], made["image_id"]);
    let (old, new) = (metadata(&memory, &made), metadata(&memory, &again));
    for key in [
        "negative_prompt",
        "aspect_ratio",
        "background",
        "provider",
        "quality",
    ] {
        assert_eq!(old[key], new[key], "{key}");
    }
    assert_eq!(new["prompt"], "a cat");
    assert_eq!(
        new["provider_metadata"]["regenerated_from"],
        made["image_id"]
    );
    assert_eq!(new["provider_metadata"]["recipe"]["seed"], 7);
    let square = structured(
        &memory,
        "regenerate_image",
        json!({"image_id": made["image_id"], "aspect_ratio": "1:1"}),
    );
    assert_eq!(metadata(&memory, &square)["aspect_ratio"], "1:1");
}

#[test]
fn what_was_not_generated_here_has_no_recipe() {
    let memory = gallery();
    store(&memory, "ffffffffffff", flag());
    let mut imported = sidecar("ffffffffffff", "ffffffffffff-original.png");
    imported["origin"] = json!("imported");
    imported["origin_source"] = json!("upload");
    memory.put_blob("images/ffffffffffff.json", imported.to_string());
    let text = failure(
        &memory,
        "regenerate_image",
        json!({"image_id": "ffffffffffff"}),
    );
    assert!(text.contains("transform_image"), "{text}");
    assert!(
        failure(
            &memory,
            "regenerate_image",
            json!({"image_id": "eeeeeeeeeeee"})
        )
        .starts_with("not_found: ")
    );
    // An image of the Python server has no recipe of ours, but all that is needed.
    let again = structured(&memory, "regenerate_image", json!({"image_id": ID}));
    assert_eq!(again["prompt"], "a flag");
}

#[test]
fn transforming_checks_everything_before_it_starts() {
    let memory = gallery();
    let png = memory.blob(&format!("images/{ID}-original.png")).unwrap();
    let data = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png));
    for (arguments, expected) in [
        (
            json!({"prompt": "x", "reference_images": []}),
            "`reference_images`",
        ),
        (
            json!({"prompt": "x", "reference_images": [ID], "strength": 1.5}),
            "`strength`",
        ),
        (
            json!({"prompt": "x", "reference_images": [ID], "quality": "best"}),
            "`quality`",
        ),
        (
            json!({"prompt": "x", "reference_images": [ID, data]}),
            "no configured provider takes images",
        ),
    ] {
        let text = failure(&memory, "transform_image", arguments.clone());
        assert!(text.contains(expected), "{arguments}: {text}");
    }
    assert!(!memory.keys_now().iter().any(|key| key.starts_with("job/")));
}
