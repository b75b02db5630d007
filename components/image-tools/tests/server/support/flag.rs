//! A gallery with one known image in it.

use image::{Rgb, RgbImage};
use image_tools::images::encode::{Encoding, encode};
use image_tools::images::format::Format;
use image_tools::images::picture::Picture;
use serde_json::{Value, json};

use super::memory::Memory;
use super::writable;

pub const ID: &str = "0123456789ab";
pub const RED: [u8; 3] = [255, 0, 0];
pub const GREEN: [u8; 3] = [0, 255, 0];
pub const BLUE: [u8; 3] = [0, 0, 255];

pub fn sidecar(id: &str, file: &str) -> Value {
    json!({
        "id": id, "prompt": "a flag", "negative_prompt": null, "provider": "placeholder", "aspect_ratio": "1:1",
        "quality": "standard", "background": "opaque", "content_type": "image/png", "original_filename": file,
        "original_size_bytes": 1, "original_dimensions": [80, 40], "provider_metadata": {"model": "solid"},
        "created_at": "2026-07-10T12:34:56+00:00", "source_image_ids": [], "origin": "generated", "origin_source": null
    })
}

pub fn store(memory: &Memory, id: &str, picture: Picture) {
    let bytes = encode(
        &picture,
        Encoding {
            format: Format::Png,
            quality: 90,
        },
    )
    .unwrap();
    let file = format!("{id}-original.png");
    memory.put_blob(&format!("images/{file}"), bytes);
    memory.put_blob(&format!("images/{id}.json"), sidecar(id, &file).to_string());
}

/// 80x40: a green stripe on top, red at the left, blue at the right.
pub fn flag() -> Picture {
    Picture::Rgb(RgbImage::from_fn(80, 40, |x, y| {
        Rgb(if y < 8 {
            GREEN
        } else if x < 40 {
            RED
        } else {
            BLUE
        })
    }))
}

pub fn gallery() -> Memory {
    let memory = writable();
    store(&memory, ID, flag());
    memory
}
