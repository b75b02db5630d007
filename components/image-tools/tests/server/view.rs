//! Looking at a stored image: as it is, changed, as a preview, through the bridge.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::flag::{BLUE, GREEN, ID, RED, gallery, sidecar, store};
use crate::support::memory::Memory;
use crate::support::{call, failure, request, writable};
use base64::prelude::{BASE64_STANDARD, Engine};
use image::{RgbImage, Rgba, RgbaImage};
use image_tools::images::decode::decode;
use image_tools::images::format::Format;
use image_tools::images::picture::Picture;
use serde_json::{Value, json};

/// The image at a URI, and its MIME type.
fn view(memory: &Memory, query: &str) -> (RgbImage, String) {
    let answer = request(
        memory,
        "resources/read",
        json!({"uri": format!("image://{ID}/view{query}")}),
    );
    let contents = &answer["result"]["contents"][0];
    let bytes = BASE64_STANDARD
        .decode(
            contents["blob"]
                .as_str()
                .unwrap_or_else(|| panic!("{query}: {answer}")),
        )
        .unwrap();
    let mime = contents["mimeType"].as_str().unwrap().to_owned();
    assert_eq!(
        Format::sniff(&bytes).map(Format::mime),
        Some(mime.as_str()),
        "{query}"
    );
    (decode(&bytes).unwrap().on_white().into_owned(), mime)
}

fn pixel(image: &RgbImage, x: u32, y: u32) -> [u8; 3] {
    image.get_pixel(x, y).0
}

#[test]
fn without_parameters_the_bytes_are_the_stored_ones() {
    let memory = gallery();
    let answer = request(
        &memory,
        "resources/read",
        json!({"uri": format!("image://{ID}/view")}),
    );
    let blob = BASE64_STANDARD
        .decode(answer["result"]["contents"][0]["blob"].as_str().unwrap())
        .unwrap();
    assert_eq!(
        Some(blob),
        memory.blob(&format!("images/{ID}-original.png"))
    );
}

#[test]
fn rotation_is_clockwise() {
    let memory = gallery();
    let (quarter, _) = view(&memory, "?rotate=90");
    assert_eq!(quarter.dimensions(), (40, 80));
    assert_eq!(
        pixel(&quarter, 39, 40),
        GREEN,
        "the top edge is at the right"
    );
    assert_eq!((pixel(&quarter, 5, 5), pixel(&quarter, 5, 75)), (RED, BLUE));
    let (half, _) = view(&memory, "?rotate=180");
    assert_eq!(
        (
            pixel(&half, 40, 39),
            pixel(&half, 5, 5),
            pixel(&half, 75, 5)
        ),
        (GREEN, BLUE, RED)
    );
    let (three, _) = view(&memory, "?rotate=270");
    assert_eq!(
        (
            pixel(&three, 0, 40),
            pixel(&three, 20, 5),
            pixel(&three, 20, 75)
        ),
        (GREEN, BLUE, RED)
    );
}

#[test]
fn flips_crops_and_sizes_do_what_they_say() {
    let memory = gallery();
    let (mirrored, _) = view(&memory, "?flip=horizontal");
    assert_eq!(
        (pixel(&mirrored, 5, 20), pixel(&mirrored, 5, 0)),
        (BLUE, GREEN)
    );
    let (upside_down, _) = view(&memory, "?flip=vertical");
    assert_eq!(
        (pixel(&upside_down, 5, 39), pixel(&upside_down, 5, 5)),
        (GREEN, RED)
    );
    let (cropped, _) = view(&memory, "?crop_x=40&crop_y=8&crop_w=40&crop_h=32");
    assert_eq!(cropped.dimensions(), (40, 32));
    assert!(cropped.pixels().all(|pixel| pixel.0 == BLUE));
    // Scaled to cover, then cut around the centre: all rows stay, the outer columns go.
    let (square, _) = view(&memory, "?width=20&height=20");
    assert_eq!(square.dimensions(), (20, 20));
    assert_eq!(
        (
            pixel(&square, 10, 0),
            pixel(&square, 2, 15),
            pixel(&square, 17, 15)
        ),
        (GREEN, RED, BLUE)
    );
    // Proportional to the turned image, not to the stored one.
    let (turned, _) = view(&memory, "?rotate=90&width=20");
    assert_eq!(turned.dimensions(), (20, 40));
    let (high, _) = view(&memory, "?height=80");
    assert_eq!(high.dimensions(), (160, 80));
}

#[test]
fn formats_have_their_mime_types() {
    let memory = gallery();
    for (name, mime) in [
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("jpeg", "image/jpeg"),
        ("JPG", "image/jpeg"),
    ] {
        let (image, actual) = view(&memory, &format!("?format={name}&quality=95"));
        assert_eq!((actual.as_str(), image.dimensions()), (mime, (80, 40)));
    }
}

#[test]
fn wrong_parameters_are_errors_of_the_client() {
    let memory = gallery();
    let code = |uri: &str| {
        let answer = request(&memory, "resources/read", json!({"uri": uri}));
        (
            answer["error"]["code"]
                .as_i64()
                .unwrap_or_else(|| panic!("{uri}: {answer}")),
            answer["error"].to_string(),
        )
    };
    for query in [
        "width=abc",
        "rotate=45",
        "flip=up",
        "width=8193",
        "crop_x=70&crop_w=20&crop_h=5",
        "other=1",
        "height=8000",
    ] {
        let (code, text) = code(&format!("image://{ID}/view?{query}"));
        assert_eq!(code, -32602, "{query}: {text}");
    }
    let (code, text) = code("image://ffffffffffff/view");
    assert_eq!(code, -32602);
    assert!(text.contains("image://ffffffffffff/view"), "{text}");
}

#[test]
fn show_image_honours_every_transform() {
    let memory = gallery();
    let uri = format!(
        "image://{ID}/view?crop_x=40&crop_y=0&crop_w=40&crop_h=40&rotate=90&flip=horizontal&width=20&format=webp"
    );
    let result = call(&memory, "show_image", json!({"uri": uri}));
    let answer = &result["structuredContent"];
    assert_eq!(answer["dimensions"], json!([20, 20]));
    assert_eq!(answer["thumbnail_dimensions"], json!([20, 20]));
    assert_eq!(answer["format"], "image/webp");
    let applied = json!({
        "crop_x": 40, "crop_y": 0, "crop_w": 40, "crop_h": 40, "rotate": 90, "flip": "horizontal", "width": 20,
        "format": "webp"
    });
    assert_eq!(answer["transforms_applied"], applied);
    assert_eq!(
        (&answer["prompt"], &answer["model"]),
        (&json!("a flag"), &json!("solid"))
    );
    let picture = &result["content"][0];
    assert_eq!(
        (&picture["type"], &picture["mimeType"]),
        (&json!("image"), &json!("image/jpeg"))
    );
    let bytes = BASE64_STANDARD
        .decode(picture["data"].as_str().unwrap())
        .unwrap();
    let shown = decode(&bytes).unwrap().on_white().into_owned();
    let [red, green, blue] = pixel(&shown, 0, 10);
    assert!(
        green > 150 && red < 90 && blue < 120,
        "green is at the left: {red} {green} {blue}"
    );
    assert_eq!(result["content"][2]["uri"], format!("image://{ID}/view"));
}

#[test]
fn show_image_says_what_is_wrong() {
    let memory = gallery();
    let cases = [
        ("https://example.com/x.png", "not the URI of an image"),
        (
            "image://0123456789ab/view?width=abc",
            "`width` must be a whole number",
        ),
        (
            "image://0123456789ab/view?crop_x=79&crop_w=9&crop_h=9",
            "not inside the image",
        ),
        ("image://ffffffffffff/view", "no image has this id"),
    ];
    for (uri, expected) in cases {
        let text = failure(&memory, "show_image", json!({"uri": uri}));
        assert!(text.contains(expected), "{uri}: {text}");
    }
}

#[test]
fn a_translucent_image_is_shown_as_webp() {
    let memory = writable();
    store(
        &memory,
        ID,
        Picture::Rgba(RgbaImage::from_pixel(1000, 500, Rgba([1, 2, 3, 100]))),
    );
    let result = call(
        &memory,
        "show_image",
        json!({"uri": format!("image://{ID}")}),
    );
    assert_eq!(result["content"][0]["mimeType"], "image/webp");
    assert_eq!(
        result["structuredContent"]["thumbnail_dimensions"],
        json!([512, 256])
    );
    assert_eq!(
        result["structuredContent"]["dimensions"],
        json!([1000, 500])
    );
}

#[test]
fn the_bridge_reads_what_resources_read_reads() {
    let memory = gallery();
    let result = call(
        &memory,
        "read_resource",
        json!({"uri": format!("image://{ID}/view?rotate=90")}),
    );
    assert_eq!(result["structuredContent"]["dimensions"], json!([40, 80]));
    assert_eq!(result["structuredContent"]["complete"], true);
    assert_eq!(result["content"][1]["mimeType"], "image/png");
    // Too large to show as it is: a preview and the link.
    let large = call(
        &memory,
        "read_resource",
        json!({"uri": format!("image://{ID}/view?width=2000")}),
    );
    assert_eq!(large["structuredContent"]["complete"], false);
    assert_eq!(
        large["structuredContent"]["dimensions"],
        json!([2000, 1000])
    );
    assert_eq!(large["content"][1]["mimeType"], "image/jpeg");
    assert_eq!(large["content"][2]["type"], "resource_link");
    let metadata = call(
        &memory,
        "read_resource",
        json!({"uri": format!("image://{ID}/metadata")}),
    );
    let text: Value =
        serde_json::from_str(metadata["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, sidecar(ID, &format!("{ID}-original.png")));
    let providers = call(&memory, "read_resource", json!({"uri": "info://providers"}));
    let text: Value =
        serde_json::from_str(providers["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text["supported_quality_levels"], json!(["standard", "hd"]));
    assert!(
        failure(&memory, "read_resource", json!({"uri": "style://x"})).starts_with("not_found: ")
    );
}
