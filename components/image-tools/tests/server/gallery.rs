//! What becomes of a stored image: listed, deleted, damaged, completed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::flag::{ID, flag, gallery, sidecar, store};
use crate::support::memory::Memory;
use crate::support::{call, failure, request, structured, writable};
use guest::log::Level;
use image_tools::client_limits::TEXT_CHARS;
use serde_json::{Value, json};

fn list(memory: &Memory) -> Vec<Value> {
    let answer = request(memory, "resources/read", json!({"uri": "image://list"}));
    serde_json::from_str(answer["result"]["contents"][0]["text"].as_str().unwrap()).unwrap()
}

#[test]
fn the_list_has_the_keys_that_clients_know() {
    let memory = gallery();
    let expected = json!([{
        "image_id": ID, "status": "completed", "origin": "generated", "origin_source": null,
        "provider": "placeholder", "content_type": "image/png", "original_dimensions": [80, 40],
        "original_uri": format!("image://{ID}/view"), "metadata_uri": format!("image://{ID}/metadata"),
        "resource_template": format!(
            "image://{ID}/view{{?format,width,height,quality,crop_x,crop_y,crop_w,crop_h,rotate,flip}}"
        ),
        "prompt": "a flag", "created_at": "2026-07-10T12:34:56+00:00"
    }]);
    assert_eq!(json!(list(&memory)), expected);
}

#[test]
fn damaged_entries_hide_nothing_and_stay() {
    let memory = gallery();
    for id in ["000000000001", "ffffffffffff"] {
        store(&memory, id, flag());
    }
    let damaged = [
        ("images/00000000000a.json", "{".to_owned()),
        (
            "images/00000000000b.json",
            sidecar("00000000000b", "../../etc/passwd").to_string(),
        ),
        (
            "images/00000000000c.json",
            sidecar("00000000000c", "00000000000c-original.png").to_string(),
        ),
        (
            "images/00000000000d.json",
            sidecar(ID, "0123456789ab-original.png").to_string(),
        ),
        ("images/00000000000e.json", "x".repeat(2_000_000)),
        ("images/00000000000f.json", "\u{0}\u{1}".to_owned()),
    ];
    for (name, text) in &damaged {
        memory.put_blob(name, text.clone());
    }
    memory.put_blob("images/notes.json", "not ours");
    let ids: Vec<_> = list(&memory)
        .iter()
        .map(|entry| entry["image_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["ffffffffffff", ID, "000000000001"]);
    assert_eq!(
        memory.logged(Level::Warn).len(),
        damaged.len(),
        "each is reported"
    );
    for (name, text) in &damaged {
        let id = name
            .strip_prefix("images/")
            .unwrap()
            .strip_suffix(".json")
            .unwrap();
        let show = failure(
            &memory,
            "show_image",
            json!({"uri": format!("image://{id}")}),
        );
        assert!(show.starts_with("damaged: "), "{show}");
        call(&memory, "delete_image", json!({"image_id": id}));
        let kept = id == "00000000000c"
            || memory
                .blob(name)
                .is_some_and(|bytes| bytes == text.as_bytes());
        assert!(kept, "{id} is still there");
    }
    assert_eq!(list(&memory).len(), 3);
}

#[test]
fn a_list_that_is_too_long_for_a_tool_is_cut_and_says_so() {
    let memory = gallery();
    for number in 0..200 {
        let id = format!("{number:012x}");
        let file = format!("{id}-original.png");
        memory.put_blob(&format!("images/{file}"), "any");
        memory.put_blob(
            &format!("images/{id}.json"),
            sidecar(&id, &file).to_string(),
        );
    }
    assert_eq!(list(&memory).len(), 201);
    let result = call(&memory, "read_resource", json!({"uri": "image://list"}));
    assert_eq!(result["structuredContent"]["complete"], false);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.len() <= TEXT_CHARS, "{}", text.len());
    let entries: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(entries.len() > 50, "{}", entries.len());
}

#[test]
fn an_image_file_that_is_no_image_is_damage() {
    let memory = gallery();
    memory.put_blob(&format!("images/{ID}-original.png"), "hello");
    let text = failure(
        &memory,
        "show_image",
        json!({"uri": format!("image://{ID}")}),
    );
    assert!(text.starts_with("damaged: "), "{text}");
    let answer = request(
        &memory,
        "resources/read",
        json!({"uri": format!("image://{ID}/view")}),
    );
    assert_eq!(answer["error"]["code"], -32603);
}

#[test]
fn deleting_removes_the_image_and_its_sidecar_only() {
    let memory = gallery();
    store(&memory, "ffffffffffff", flag());
    let result = call(&memory, "delete_image", json!({"image_id": ID}));
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(
        text,
        "Deleted image 0123456789ab: \"a flag\" (placeholder)."
    );
    assert_eq!(
        memory.blob_names(),
        [
            "images/ffffffffffff-original.png",
            "images/ffffffffffff.json"
        ]
    );
    assert!(failure(&memory, "delete_image", json!({"image_id": ID})).starts_with("not_found: "));
    assert!(
        failure(&memory, "delete_image", json!({"image_id": "../x"})).starts_with("not_found: ")
    );
}

#[test]
fn a_generated_image_can_be_deleted_and_leaves_no_job() {
    let memory = writable();
    let made = structured(&memory, "generate_image", json!({"prompt": "x"}));
    structured(
        &memory,
        "delete_image",
        json!({"image_id": made["image_id"]}),
    );
    let status = structured(
        &memory,
        "check_generation_status",
        json!({"image_id": made["image_id"]}),
    );
    assert_eq!(status["status"], "unknown");
    assert!(memory.blob_names().is_empty() && memory.keys_now().is_empty());
}

#[test]
fn completion_knows_ids_and_choices() {
    let memory = gallery();
    store(&memory, "ffffffffffff", flag());
    let complete = |name: &str, value: &str| {
        let uri = "image://{image_id}/view{?format,width,height,quality,crop_x,crop_y,crop_w,crop_h,rotate,flip}";
        let params = json!({"ref": {"type": "ref/resource", "uri": uri}, "argument": {"name": name, "value": value}});
        request(&memory, "completion/complete", params)["result"]["completion"]["values"].clone()
    };
    assert_eq!(complete("image_id", ""), json!([ID, "ffffffffffff"]));
    assert_eq!(complete("image_id", "f"), json!(["ffffffffffff"]));
    assert_eq!(complete("flip", "v"), json!(["vertical"]));
    assert_eq!(complete("width", "1"), json!([]));
}
