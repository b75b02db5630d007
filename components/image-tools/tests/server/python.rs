//! A gallery as the Python server leaves it, with everything that its versions wrote: it is read,
//! listed, changed and deleted, and nothing is lost that nobody asked to delete.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::flag::flag;
use crate::support::memory::Memory;
use crate::support::{request, structured, writable};
use image_tools::images::encode::{Encoding, encode};
use image_tools::images::format::Format;
use serde_json::{Value, json};

/// In the layout of `json.dump(..., indent=2)`.
fn written(sidecar: &Value) -> String {
    serde_json::to_string_pretty(sidecar).unwrap()
}

fn sidecars() -> Vec<(&'static str, &'static str, Value)> {
    let full = |id: &str, file: &str, kind: &str| {
        json!({
            "id": id, "prompt": "a fox in \u{201e}snow\u{201c} \u{1f98a}", "negative_prompt": "blur", "provider": "openai",
            "aspect_ratio": "16:9", "quality": "hd", "background": "transparent", "content_type": kind,
            "original_filename": file, "original_size_bytes": 1234, "original_dimensions": [80, 40],
            "provider_metadata": {"model": "gpt-image-1", "size": "1536x1024", "revised_prompt": "a fox", "nested": {"a": [1, null]}},
            "created_at": "2026-01-02T03:04:05.678901+00:00", "source_image_ids": ["abcdefabcdef"],
            "origin": "generated", "origin_source": null
        })
    };
    let mut imported = full("111111111111", "111111111111-original.jpg", "image/jpeg");
    for key in ["prompt", "provider", "aspect_ratio", "quality"] {
        imported[key] = json!("");
    }
    imported["origin"] = json!("imported");
    imported["origin_source"] = json!("fetch:https://example.com/a.jpg");
    let mut old = full("222222222222", "222222222222-original.webp", "image/webp");
    let fields = old.as_object_mut().unwrap();
    for key in [
        "origin",
        "origin_source",
        "source_image_ids",
        "background",
        "negative_prompt",
    ] {
        fields.remove(key);
    }
    fields.insert("source_image_id".to_owned(), json!("abcdefabcdef"));
    fields.insert("future_field".to_owned(), json!({"kept": true}));
    vec![
        (
            "000000000000",
            "000000000000-original.png",
            full("000000000000", "000000000000-original.png", "image/png"),
        ),
        ("111111111111", "111111111111-original.jpg", imported),
        ("222222222222", "222222222222-original.webp", old),
    ]
}

fn python() -> Memory {
    let memory = writable();
    for (id, file, sidecar) in sidecars() {
        let format = Format::from_mime(sidecar["content_type"].as_str().unwrap()).unwrap();
        memory.put_blob(
            &format!("images/{file}"),
            encode(
                &flag(),
                Encoding {
                    format,
                    quality: 90,
                },
            )
            .unwrap(),
        );
        memory.put_blob(&format!("images/{id}.json"), written(&sidecar));
    }
    memory.put_blob(
        "styles/noir.md",
        "---\nname: noir\ntags: [\"a\"]\naspect_ratio: \"16:9\"\n---\n\nDark.\n",
    );
    memory
}

#[test]
fn everything_is_listed_with_its_origin() {
    let memory = python();
    let ids = |origin: &str| {
        let page = structured(&memory, "gallery_page", json!({"origin": origin}));
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["image_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("generated"), ["222222222222", "000000000000"]);
    assert_eq!(ids("imported"), ["111111111111"]);
    assert_eq!(ids("all").len(), 3);
}

#[test]
fn sidecars_are_told_as_they_are_in_the_file() {
    let memory = python();
    for (id, _, sidecar) in sidecars() {
        let uri = format!("image://{id}/metadata");
        let answer = request(&memory, "resources/read", json!({"uri": uri}));
        assert_eq!(
            answer["result"]["contents"][0]["text"],
            written(&sidecar),
            "{id}"
        );
    }
}

#[test]
fn images_are_changed_and_the_files_stay_as_they_are() {
    let memory = python();
    let before: Vec<_> = sidecars()
        .iter()
        .map(|(id, file, _)| {
            (
                memory.blob(&format!("images/{file}")).unwrap(),
                memory.blob(&format!("images/{id}.json")).unwrap(),
            )
        })
        .collect();
    for (id, _, _) in sidecars() {
        let uri = format!("image://{id}/view?width=20&format=png&rotate=90");
        assert!(request(&memory, "resources/read", json!({"uri": uri}))["result"].is_object());
        structured(
            &memory,
            "show_image",
            json!({"uri": format!("image://{id}/view")}),
        );
        structured(
            &memory,
            "_save_edited_image",
            json!({"source_image_id": id, "rotate": 180}),
        );
        structured(&memory, "browse_gallery", json!({"origin": "all"}));
    }
    let after: Vec<_> = sidecars()
        .iter()
        .map(|(id, file, _)| {
            (
                memory.blob(&format!("images/{file}")).unwrap(),
                memory.blob(&format!("images/{id}.json")).unwrap(),
            )
        })
        .collect();
    assert_eq!(before, after);
}

#[test]
fn deleting_takes_one_image_and_nothing_else() {
    let memory = python();
    structured(&memory, "browse_gallery", json!({"origin": "all"}));
    for (id, file, _) in sidecars() {
        structured(&memory, "delete_image", json!({"image_id": id}));
        assert!(
            !memory.blob_names().iter().any(|name| name.contains(id)),
            "{file}"
        );
    }
    assert_eq!(memory.blob_names(), ["styles/noir.md"]);
    structured(&memory, "delete_style", json!({"name": "noir"}));
    assert!(memory.blob_names().is_empty());
}
