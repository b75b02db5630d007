//! Edits without a model, and what is written into files.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::flag::{BLUE, GREEN, ID, RED, flag, gallery, store};
use crate::support::memory::Memory;
use crate::support::{call, failure, structured, writable};
use image::RgbImage;
use serde_json::{Value, json};

fn compose(memory: &Memory, operations: Value) -> (Value, RgbImage) {
    let answer = structured(
        memory,
        "compose_image",
        json!({"image_id": ID, "operations": operations}),
    );
    let id = answer["image_id"].as_str().unwrap();
    let file = memory.blob(&format!("images/{id}-original.png")).unwrap();
    (
        answer.clone(),
        image::load_from_memory(&file).unwrap().to_rgb8(),
    )
}

#[test]
fn steps_are_done_in_their_order() {
    let memory = gallery();
    let (answer, pixels) = compose(
        &memory,
        json!([
            {"op": "crop", "x": 0, "y": 8, "width": 80, "height": 32},
            {"op": "rotate", "degrees": 90},
            {"op": "resize", "width": 64}
        ]),
    );
    assert_eq!(
        (&answer["dimensions"], &answer["source_image_ids"]),
        (&json!([64, 160]), &json!([ID]))
    );
    assert_eq!(
        (pixels.get_pixel(30, 10).0, pixels.get_pixel(30, 150).0),
        (RED, BLUE)
    );
    let (_, other) = compose(
        &memory,
        json!([
            {"op": "resize", "width": 40, "height": 40, "mode": "pad", "background": "#00ff00"},
            {"op": "flip", "direction": "horizontal"}
        ]),
    );
    assert_eq!(
        (other.dimensions(), other.get_pixel(1, 1).0),
        ((40, 40), GREEN)
    );
    assert_eq!(
        (other.get_pixel(2, 25).0, other.get_pixel(37, 25).0),
        (BLUE, RED)
    );
}

#[test]
fn pictures_and_words_are_laid_on_top() {
    let memory = gallery();
    store(&memory, "ffffffffffff", flag());
    let (answer, pixels) = compose(
        &memory,
        json!([
            {"op": "overlay", "image": "ffffffffffff", "anchor": "top-left", "max_percent": 50},
            {"op": "text", "text": "hello", "anchor": "bottom", "size": 12},
            {"op": "watermark", "text": "draft", "opacity": 0.5}
        ]),
    );
    assert_eq!(answer["source_image_ids"], json!([ID, "ffffffffffff"]));
    let before =
        image::load_from_memory(&memory.blob(&format!("images/{ID}-original.png")).unwrap())
            .unwrap()
            .to_rgb8();
    assert_ne!(pixels, before);
}

#[test]
fn images_are_converted() {
    let memory = gallery();
    let answer = structured(
        &memory,
        "compose_image",
        json!({"image_id": ID, "output_format": "webp"}),
    );
    assert_eq!(answer["content_type"], "image/webp");
}

#[test]
fn a_contact_sheet_shows_several() {
    let memory = gallery();
    store(&memory, "ffffffffffff", flag());
    let result = call(
        &memory,
        "compose_image",
        json!({"image_ids": [ID, "ffffffffffff"], "columns": 2}),
    );
    let answer = &result["structuredContent"];
    assert_eq!(answer["source_image_ids"], json!([ID, "ffffffffffff"]));
    assert!(answer["dimensions"][0].as_u64() > answer["dimensions"][1].as_u64());
    assert_eq!(result["content"][1]["type"], "image");
}

#[test]
fn what_cannot_be_is_told_before_anything_is_stored() {
    let memory = gallery();
    for (arguments, expected) in [
        (json!({"image_id": ID, "image_ids": [ID]}), "either"),
        (json!({}), "either"),
        (
            json!({"image_id": ID, "operations": [{"op": "crop", "width": 5}]}),
            "`height`",
        ),
        (
            json!({"image_id": ID, "operations": [{"op": "crop", "x": 79, "width": 5, "height": 5}]}),
            "not inside",
        ),
        (
            json!({"image_id": ID, "operations": [{"op": "resize"}]}),
            "`width`",
        ),
        (
            json!({"image_id": ID, "operations": [{"op": "text", "text": "x", "colour": "no colour"}]}),
            "invalid_request: ",
        ),
        (
            json!({"image_id": ID, "operations": [{"op": "explode"}]}),
            "\"crop\"",
        ),
        (
            json!({"image_id": ID, "operations": [{"op": "overlay", "image": "eeeeeeeeeeee"}]}),
            "not_found: ",
        ),
        (
            json!({"image_id": ID, "operations": [{"op": "resize", "width": 8000, "height": 8000, "mode": "fill"}]}),
            "invalid_request: ",
        ),
    ] {
        let text = failure(&memory, "compose_image", arguments.clone());
        assert!(text.contains(expected), "{arguments}: {text}");
    }
    assert_eq!(memory.blob_names().len(), 2);
}

#[test]
fn a_generated_file_says_how_it_was_made() {
    let made = |memory: &Memory| {
        let answer = structured(
            memory,
            "generate_image",
            json!({"prompt": "a fox", "negative_prompt": "dogs"}),
        );
        let id = answer["image_id"].as_str().unwrap().to_owned();
        memory.blob(&format!("images/{id}-original.png")).unwrap()
    };
    let contains =
        |file: &[u8], text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    let file = made(&writable());
    for text in [
        "parameters",
        "a fox\nNegative prompt: dogs\nProvider: placeholder",
    ] {
        assert!(contains(&file, text), "{text}");
    }
    assert!(image::load_from_memory(&file).is_ok());
    assert!(!contains(
        &made(&writable().with_setting("EMBED_METADATA", "false")),
        "a fox"
    ));
}
