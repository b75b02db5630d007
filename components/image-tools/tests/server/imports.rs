//! Images that come in, and edits that cost nothing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::flag::{BLUE, GREEN, ID, RED, flag, gallery};
use crate::support::memory::Memory;
use crate::support::{call, failure, request, structured, writable};
use base64::prelude::{BASE64_STANDARD, Engine};
use guest::web::{WebError, WebResponse};
use image_tools::images::encode::{Encoding, encode};
use image_tools::images::format::Format;
use serde_json::{Value, json};

const URL: &str = "https://example.com/flag.png";

fn png() -> Vec<u8> {
    encode(
        &flag(),
        Encoding {
            format: Format::Png,
            quality: 90,
        },
    )
    .unwrap()
}

fn metadata(memory: &Memory, answer: &Value) -> Value {
    let uri = format!("image://{}/metadata", answer["image_id"].as_str().unwrap());
    let answer = request(memory, "resources/read", json!({"uri": uri}));
    serde_json::from_str(answer["result"]["contents"][0]["text"].as_str().unwrap()).unwrap()
}

fn publish(memory: &Memory, status: u16, body: impl Into<Vec<u8>>) {
    memory.publish(
        URL,
        Ok(WebResponse {
            status,
            body: body.into(),
        }),
    );
}

#[test]
fn an_image_of_the_web_becomes_one_of_the_gallery() {
    let memory = writable();
    memory.publish(
        "https://example.com/flag.png?token=secret#x",
        Ok(WebResponse {
            status: 200,
            body: png(),
        }),
    );
    let arguments = json!({"url": "https://user:pw@example.com/flag.png?token=secret#x"});
    let result = call(&memory, "fetch_image", arguments);
    let answer = &result["structuredContent"];
    assert_eq!(
        (&answer["origin"], &answer["dimensions"]),
        (&json!("imported"), &json!([80, 40]))
    );
    assert_eq!(
        answer["origin_source"],
        "fetch:https://example.com/flag.png"
    );
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(
        text.contains(answer["original_uri"].as_str().unwrap()),
        "{text}"
    );
    let sidecar = metadata(&memory, answer);
    for key in ["prompt", "provider", "aspect_ratio", "quality"] {
        assert_eq!(sidecar[key], "", "{key}");
    }
    assert_eq!(
        structured(&memory, "browse_gallery", json!({"origin": "imported"}))["total"],
        1
    );
    assert_eq!(structured(&memory, "browse_gallery", json!({}))["total"], 0);
}

#[test]
fn the_same_image_is_imported_once() {
    let memory = writable();
    publish(&memory, 200, png());
    let first = structured(&memory, "fetch_image", json!({"url": URL}));
    let second = structured(
        &memory,
        "ingest_base64_image",
        json!({"data": BASE64_STANDARD.encode(png())}),
    );
    assert_eq!(first["image_id"], second["image_id"]);
    assert_eq!(
        structured(&memory, "browse_gallery", json!({"origin": "all"}))["total"],
        1
    );
}

#[test]
fn what_cannot_be_fetched_is_an_error_that_says_why() {
    let memory = writable().with_setting("MAX_INPUT_IMAGE_BYTES", "5000");
    let fetch = |answer| {
        memory.publish(URL, answer);
        failure(&memory, "fetch_image", json!({"url": URL}))
    };
    let found = |status, body: &[u8]| {
        Ok(WebResponse {
            status,
            body: body.to_vec(),
        })
    };
    for (answer, code, reason) in [
        (found(404, b""), "upstream_status", "HTTP 404"),
        (
            found(302, b""),
            "upstream_status",
            "redirects are not followed",
        ),
        (
            found(200, b"<html>"),
            "invalid_request",
            "PNG, JPEG and WebP",
        ),
        (
            found(200, b"GIF89a\x01\x00\x01\x00"),
            "invalid_request",
            "PNG, JPEG and WebP",
        ),
        (
            found(200, png().get(..60).unwrap()),
            "invalid_request",
            "damaged",
        ),
        (found(200, &[0; 6000]), "too_large", "more than 5000 bytes"),
        (
            Err(WebError::AddressRefused("10.0.0.1".to_owned())),
            "not_allowed",
            "public address",
        ),
        (
            Err(WebError::Refused("port".to_owned())),
            "not_allowed",
            "does not fetch",
        ),
        (Err(WebError::Timeout), "timeout", "too long"),
        (
            Err(WebError::Connection("tls".to_owned())),
            "upstream_unavailable",
            "connection",
        ),
    ] {
        let text = fetch(answer);
        assert!(
            text.starts_with(&format!("{code}: could not fetch the image: ")),
            "{text}"
        );
        assert!(
            text.contains(reason) && !text.contains("10.0.0.1"),
            "{text}"
        );
    }
    for url in [
        "http://example.com/x.png",
        "file:///etc/passwd",
        "ftp://x",
        "https",
        "//example.com",
    ] {
        let text = failure(&memory, "fetch_image", json!({"url": url}));
        assert!(text.contains("`https://`"), "{url}: {text}");
    }
    assert!(memory.blob_names().is_empty());
}

#[test]
fn base64_is_taken_in_every_wrapping() {
    let encoded = BASE64_STANDARD.encode(png());
    let (first, second) = encoded.split_at(30);
    let mut ids = Vec::new();
    for data in [
        encoded.clone(),
        format!("data:image/png;base64,{encoded}"),
        format!("DATA:image/png;BASE64,{encoded}"),
        format!("  {first}\n {second}\r\n"),
    ] {
        ids.push(
            structured(&writable(), "ingest_base64_image", json!({"data": data}))["image_id"]
                .clone(),
        );
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[test]
fn base64_that_is_none_is_an_error_that_says_why() {
    let memory = writable().with_setting("MAX_INPUT_IMAGE_BYTES", "1024");
    for (data, code, reason) in [
        ("not base64!".to_owned(), "invalid_request", "not base64"),
        ("_-8=".to_owned(), "invalid_request", "not base64"),
        (
            "data:image/png,abc".to_owned(),
            "invalid_request",
            "not base64",
        ),
        (
            BASE64_STANDARD.encode("hello"),
            "invalid_request",
            "PNG, JPEG and WebP",
        ),
        (
            BASE64_STANDARD.encode([0; 2000]),
            "too_large",
            "at most 1024",
        ),
    ] {
        let text = failure(&memory, "ingest_base64_image", json!({"data": data}));
        assert!(
            text.starts_with(&format!("{code}: could not decode the image: ")),
            "{text}"
        );
        assert!(text.contains(reason), "{text}");
    }
    assert!(memory.blob_names().is_empty());
}

#[test]
fn the_editor_gets_what_clients_can_take() {
    let memory = gallery();
    let result = call(&memory, "edit_image", json!({"image_id": ID}));
    let answer = &result["structuredContent"];
    assert_eq!(
        (&answer["editable"], &answer["dimensions"]),
        (&json!(true), &json!([80, 40]))
    );
    assert_eq!(result["content"][1]["type"], "image");
    assert!(
        failure(&memory, "edit_image", json!({"image_id": "eeeeeeeeeeee"}))
            .starts_with("not_found: ")
    );
}

#[test]
fn an_edit_is_a_new_image_cut_then_turned_then_mirrored() {
    let memory = gallery();
    let before = memory.blob(&format!("images/{ID}-original.png")).unwrap();
    let edit = |arguments: Value| {
        let mut all = json!({"source_image_id": ID});
        for (name, value) in arguments.as_object().unwrap() {
            all[name] = value.clone();
        }
        let answer = structured(&memory, "_save_edited_image", all);
        let id = answer["image_id"].as_str().unwrap().to_owned();
        assert_eq!(
            (
                answer["source_image_id"].as_str(),
                answer["original_uri"].as_str()
            ),
            (Some(ID), Some(&*format!("image://{id}/view")))
        );
        let file = memory.blob(&format!("images/{id}-original.png")).unwrap();
        let pixels = image::load_from_memory(&file).unwrap().to_rgb8();
        (metadata(&memory, &answer), pixels)
    };
    let (sidecar, turned) = edit(json!({"rotate": 90}));
    assert_eq!(
        (sidecar["provider"].as_str(), sidecar["prompt"].as_str()),
        (Some("edited"), Some("a flag"))
    );
    assert_eq!(
        (&sidecar["source_image_ids"], &sidecar["origin"]),
        (&json!([ID]), &json!("generated"))
    );
    assert_eq!(turned.dimensions(), (40, 80));
    assert_eq!(
        turned.get_pixel(39, 40).0,
        GREEN,
        "clockwise: the top edge is at the right"
    );
    let (_, cut) =
        edit(json!({"crop": {"x": 30, "y": 10, "w": 20, "h": 10}, "flip_horizontal": true}));
    assert_eq!(cut.dimensions(), (20, 10));
    assert_eq!((cut.get_pixel(0, 5).0, cut.get_pixel(19, 5).0), (BLUE, RED));
    let (_, both) = edit(json!({"flip_horizontal": true, "flip_vertical": true}));
    assert_eq!(
        (both.get_pixel(0, 0).0, both.get_pixel(0, 39).0),
        (BLUE, GREEN)
    );
    assert_eq!(
        memory.blob(&format!("images/{ID}-original.png")).unwrap(),
        before,
        "the source stays"
    );
    for (arguments, expected) in [
        (json!({"source_image_id": ID, "rotate": 45}), "`rotate`"),
        (
            json!({"source_image_id": ID, "crop": {"x": 0, "y": 0, "w": 5}}),
            "`crop.h`",
        ),
        (
            json!({"source_image_id": ID, "crop": {"x": 70, "y": 0, "w": 20, "h": 5}}),
            "not inside the image",
        ),
        (json!({"source_image_id": "eeeeeeeeeeee"}), "not_found: "),
    ] {
        let text = failure(&memory, "_save_edited_image", arguments);
        assert!(text.contains(expected), "{text}");
    }
}
