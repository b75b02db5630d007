//! What must hold for any bytes from outside: an image is shown or refused, without a panic and
//! inside the limits. The fuzz targets run these; the test here replays their seeds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use image_tools::images::data_uri;
use image_tools::images::decode::inspect;
use image_tools::images::format::Format;
use image_tools::images::geometry::Geometry;
use image_tools::images::ingest::ingest;
use image_tools::images::limits::{MAX_OUTPUT_PIXELS, MAX_SOURCE_PIXELS};
use image_tools::images::metadata::{self, Metadata};
use image_tools::images::query;
use image_tools::images::shape::Size;

/// Files with more pixels than this take too long to be fuzzed with.
const PIXELS: u64 = 1 << 20;

/// A file as it comes.
pub fn ingested(data: &[u8]) {
    for format in Format::ALL {
        let _ = metadata::read(data, format);
        let _ = metadata::strip(data, format);
    }
    if inspect(data).is_ok_and(|(_, size)| size.pixels() > PIXELS) {
        return;
    }
    let Ok(ingested) = ingest(data.to_vec()) else {
        return;
    };
    assert!(ingested.size.pixels() <= MAX_SOURCE_PIXELS);
    assert_eq!(ingested.picture.size(), ingested.size);
    assert_eq!(ingested.bytes, data);
    let note = Metadata::default().with("parameters", "a note");
    if let Ok(written) = metadata::embed(data, ingested.format, &note) {
        let read = metadata::read(&written, ingested.format);
        assert_eq!(read.text("parameters"), Some("a note"));
    }
}

/// A text as it comes.
pub fn data_uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(inline) = data_uri::parse(text, 1000) {
        assert!((1..=1000).contains(&inline.bytes.len()));
    }
}

/// A query as it comes, for an image of some size.
pub fn transform(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(wanted) = query::parse(text) else {
        return;
    };
    for (width, height) in [(1, 1), (640, 480), (16_384, 7)] {
        let image = Size { width, height };
        if let Ok(geometry) = Geometry::plan(image, &wanted.shape) {
            let output = geometry.output();
            assert!(output.pixels() >= 1 && output.pixels() <= MAX_OUTPUT_PIXELS);
            let crop = geometry.crop();
            assert!(crop.x + crop.size.width <= width && crop.y + crop.size.height <= height);
        }
    }
}

#[cfg(test)]
mod tests {
    type Target = fn(&[u8]);

    #[test]
    fn seeds_are_harmless() {
        let targets: [(&str, Target); 3] = [
            ("ingest", super::ingested),
            ("data_uri", super::data_uri),
            ("transform", super::transform),
        ];
        for (name, target) in targets {
            let folder = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
            let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
            assert!(!files.is_empty(), "no seeds of `{name}`");
            for file in files {
                target(&std::fs::read(file.unwrap().path()).unwrap());
            }
        }
    }
}
