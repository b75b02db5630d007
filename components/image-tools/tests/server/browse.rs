//! Looking through a gallery: pages, thumbnails, the index, and whose images one sees.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use crate::support::flag::{ID, flag, gallery, sidecar, store};
use crate::support::memory::Memory;
use crate::support::{failure, known, request, request_as, structured, structured_as, writable};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

fn ids(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["image_id"].as_str().unwrap())
        .collect()
}

/// A gallery with images that were made one second after the other, the id being the number.
fn many(count: u32) -> Memory {
    let memory = writable();
    for number in 0..count {
        let id = format!("{number:012x}");
        let mut text = sidecar(&id, &format!("{id}-original.png"));
        let (minute, second) = (number / 60, number % 60);
        text["created_at"] = json!(format!("2026-07-10T12:{minute:02}:{second:02}+00:00"));
        if number % 3 == 0 {
            text["origin"] = json!("imported");
            text["origin_source"] = json!("upload");
        }
        memory.put_blob(&format!("images/{id}-original.png"), "never decoded");
        memory.put_blob(&format!("images/{id}-thumbnail"), thumbnail());
        memory.put_blob(&format!("images/{id}.json"), text.to_string());
    }
    memory
}

/// A real thumbnail.
fn thumbnail() -> Vec<u8> {
    let memory = gallery();
    structured(&memory, "browse_gallery", json!({}));
    memory.blob(&format!("images/{ID}-thumbnail")).unwrap()
}

#[test]
fn the_first_page_has_the_keys_that_clients_know() {
    let memory = gallery();
    let page = structured(&memory, "browse_gallery", json!({}));
    let item = &page["items"][0];
    let thumbnail = BASE64_STANDARD
        .decode(item["thumbnail_b64"].as_str().unwrap())
        .unwrap();
    let small = image::load_from_memory(&thumbnail).unwrap();
    assert_eq!((small.width(), small.height()), (80, 40));
    let expected = json!({
        "total": 1, "page": 1, "page_size": 12, "origin": "generated", "read_only": false,
        "items": [{
            "image_id": ID, "status": "completed", "prompt": "a flag", "provider": "placeholder",
            "dimensions": [80, 40], "created_at": "2026-07-10T12:34:56+00:00", "content_type": "image/png",
            "thumbnail_b64": item["thumbnail_b64"], "thumbnail_content_type": "image/jpeg", "origin": "generated"
        }]
    });
    assert_eq!(page, expected);
    let plain = structured(&memory, "browse_gallery", json!({"thumbnails": false}));
    assert!(!plain.to_string().contains("thumbnail"), "{plain}");
}

#[test]
fn pages_are_filtered_first_and_clamped() {
    let memory = many(40);
    let page = |arguments: Value| structured(&memory, "gallery_page", arguments);
    let first = page(json!({"page_size": 5, "origin": "all"}));
    assert_eq!(first["total"], 40);
    assert_eq!(
        ids(&first),
        [
            "000000000027",
            "000000000026",
            "000000000025",
            "000000000024",
            "000000000023"
        ]
    );
    let last = page(json!({"page": 8, "page_size": 5, "origin": "all"}));
    assert_eq!(
        ids(&last),
        [
            "000000000004",
            "000000000003",
            "000000000002",
            "000000000001",
            "000000000000"
        ]
    );
    let imported = page(json!({"page_size": 2, "origin": "imported"}));
    assert_eq!(
        (imported["total"].clone(), ids(&imported)),
        (json!(14), vec!["000000000027", "000000000024"])
    );
    assert!(ids(&page(json!({"page": 99}))).is_empty());
    for (asked, given) in [
        (json!({"page": -3, "page_size": 0}), (1, 1)),
        (
            json!({"page": i64::MAX, "page_size": 500}),
            (i64::from(u32::MAX >> 1), 24),
        ),
    ] {
        let page = page(asked);
        assert_eq!(
            (
                page["page"].as_i64().unwrap(),
                page["page_size"].as_i64().unwrap()
            ),
            given
        );
    }
    assert!(
        failure(&memory, "gallery_page", json!({"origin": "x"})).starts_with("invalid_request: ")
    );
}

#[test]
fn a_page_costs_what_is_on_it_and_decodes_no_original() {
    let cost = |count: u32| {
        let memory = many(count);
        structured(&memory, "browse_gallery", json!({"origin": "all"}));
        structured(&memory, "browse_gallery", json!({"origin": "all"}));
        memory.take_calls();
        let page = structured(&memory, "browse_gallery", json!({"origin": "all"}));
        // "never decoded" would have no thumbnail.
        assert!(page["items"][11]["thumbnail_b64"].is_string());
        memory.take_calls()
    };
    let (small, large) = (cost(15), cost(300));
    assert_eq!(small, large, "calls to the host");
}

#[test]
fn the_index_follows_what_happens_here_and_elsewhere() {
    let memory = many(4);
    let now = |memory: &Memory| {
        let page = structured(memory, "browse_gallery", json!({"origin": "all"}));
        ids(&page)
            .iter()
            .map(|id| (*id).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(now(&memory).len(), 4);
    let made = structured(&memory, "generate_image", json!({"prompt": "x"}));
    assert_eq!(now(&memory)[0], made["image_id"].as_str().unwrap());
    structured(&memory, "delete_image", json!({"image_id": "000000000002"}));
    assert_eq!(now(&memory).len(), 4);
    assert!(
        !memory
            .blob_names()
            .iter()
            .any(|name| name.contains("000000000002"))
    );
    // Somebody else writes into the directory and removes from it.
    store(&memory, "ffffffffffff", flag());
    memory.remove_blob("images/000000000003.json");
    memory.advance(Duration::from_secs(61));
    assert_eq!(now(&memory).len(), 3, "what is gone is not shown");
    let after = now(&memory);
    assert!(after.contains(&"ffffffffffff".to_owned()), "{after:?}");
    let total = structured(&memory, "browse_gallery", json!({"origin": "all"}))["total"].clone();
    assert_eq!(total, 4);
}

#[test]
fn a_lost_or_damaged_index_is_built_anew() {
    let memory = many(5);
    structured(&memory, "browse_gallery", json!({}));
    let key = memory
        .keys_now()
        .into_iter()
        .find(|key| key.starts_with("index/"))
        .unwrap();
    memory.put_state(&key, b"\xffgarbage");
    memory.advance(Duration::from_secs(61));
    structured(&memory, "browse_gallery", json!({}));
    assert_eq!(
        structured(&memory, "browse_gallery", json!({"origin": "all"}))["total"],
        5
    );
}

#[test]
fn a_large_image_is_made_small_enough_for_clients() {
    let memory = gallery();
    let noise = image::RgbImage::from_fn(1600, 1200, |x, y| {
        let value = (x * 7919 + y * 104_729) ^ (x * y);
        image::Rgb([value as u8, (value >> 3) as u8, (value >> 5) as u8])
    });
    store(
        &memory,
        "ffffffffffff",
        image_tools::images::picture::Picture::Rgb(noise),
    );
    let full = structured(
        &memory,
        "gallery_full_image",
        json!({"image_id": "ffffffffffff"}),
    );
    let bytes = BASE64_STANDARD
        .decode(full["b64"].as_str().unwrap())
        .unwrap();
    let image = image::load_from_memory(&bytes).unwrap();
    assert!(
        image.width() <= 1024 && bytes.len() <= 330 * 1024,
        "{}",
        bytes.len()
    );
    let small = structured(&memory, "gallery_full_image", json!({"image_id": ID}));
    let original = memory.blob(&format!("images/{ID}-original.png")).unwrap();
    assert_eq!(
        BASE64_STANDARD
            .decode(small["b64"].as_str().unwrap())
            .unwrap(),
        original
    );
    let unknown = failure(
        &memory,
        "gallery_full_image",
        json!({"image_id": "eeeeeeeeeeee"}),
    );
    assert!(unknown.starts_with("not_found: "), "{unknown}");
}

#[test]
fn nobody_sees_the_images_of_somebody_else() {
    let memory = gallery();
    let (anna, bert) = (known("anna"), known("bert"));
    let made = structured_as(
        &anna,
        &memory,
        "generate_image",
        json!({"prompt": "secret of anna"}),
    );
    let id = made["image_id"].as_str().unwrap();
    assert_eq!(
        structured_as(&anna, &memory, "browse_gallery", json!({}))["total"],
        1
    );
    for uri in ["view", "metadata", "view?width=10"] {
        let uri = format!("image://{id}/{uri}");
        let read = |policy| request_as(policy, &memory, "resources/read", json!({"uri": uri}));
        assert!(read(&anna)["result"].is_object(), "{uri}");
        let (denied, unknown) = (
            read(&bert),
            request_as(
                &bert,
                &memory,
                "resources/read",
                json!({"uri": uri.replace(id, "eeeeeeeeeeee")}),
            ),
        );
        assert_eq!(denied["error"]["code"], unknown["error"]["code"], "{uri}");
        assert!(denied["result"].is_null());
    }
    for (tool, arguments) in [
        ("show_image", json!({"uri": made["original_uri"]})),
        ("gallery_full_image", json!({"image_id": id})),
        ("delete_image", json!({"image_id": id})),
    ] {
        let answer = request_as(
            &bert,
            &memory,
            "tools/call",
            json!({"name": tool, "arguments": arguments}),
        );
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("not_found: "), "{tool}: {text}");
    }
    let status = structured_as(
        &bert,
        &memory,
        "check_generation_status",
        json!({"image_id": id}),
    );
    assert_eq!(status["status"], "unknown");
    assert_eq!(
        structured_as(&bert, &memory, "browse_gallery", json!({"origin": "all"}))["total"],
        0
    );
    let list = request_as(
        &bert,
        &memory,
        "resources/read",
        json!({"uri": "image://list"}),
    );
    assert_eq!(list["result"]["contents"][0]["text"], "[]");
    // Nor does the gallery that all share show what belongs to somebody.
    let shared = request(&memory, "resources/read", json!({"uri": "image://list"})).to_string();
    assert!(shared.contains(ID) && !shared.contains(id));
    let complete = |policy| {
        let params = json!({
            "ref": {"type": "ref/resource", "uri": "image://{image_id}/metadata"},
            "argument": {"name": "image_id", "value": ""}
        });
        request_as(policy, &memory, "completion/complete", params)["result"]["completion"]["values"]
            .clone()
    };
    assert_eq!((complete(&anna), complete(&bert)), (json!([id]), json!([])));
}

#[test]
fn the_jobs_of_a_subject_are_theirs() {
    let memory = writable().with_setting("PLACEHOLDER_DELAY_MS", "1000");
    let (anna, bert) = (known("anna"), known("bert"));
    memory.stop_writing_after_jobs(1);
    let params = json!({"name": "generate_image", "arguments": {"prompt": "x", "wait_seconds": 0}});
    let handle =
        request_as(&anna, &memory, "tools/call", params)["result"]["structuredContent"].clone();
    let status = |policy| {
        structured_as(
            policy,
            &memory,
            "check_generation_status",
            json!({"image_id": handle["image_id"]}),
        )
    };
    assert_eq!(status(&bert)["status"], "unknown");
    assert_ne!(status(&anna)["status"], "unknown");
    assert_eq!(
        structured_as(&bert, &memory, "browse_gallery", json!({"origin": "all"}))["total"],
        0
    );
}

#[test]
fn a_deployment_can_share_one_gallery() {
    let memory = gallery().with_setting("GALLERY", "shared");
    let page = structured_as(&known("anna"), &memory, "browse_gallery", json!({}));
    assert_eq!(ids(&page), [ID]);
}
