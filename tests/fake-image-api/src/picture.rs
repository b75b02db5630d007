//! Small image files that are real: of the size and format that was asked for, with two colours
//! that follow the prompt.

use std::io::Cursor;

use image::{ExtendedColorType, ImageEncoder as _};
use sha2::{Digest as _, Sha256};

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// `png`, `jpeg`, `webp`, `gif` or `svg`.
    pub format: &'a str,
    /// Whether the upper half is transparent.
    pub transparent: bool,
    /// What the colours follow.
    pub prompt: &'a str,
    /// Which of several.
    pub index: u64,
}

/// The file.
///
/// # Panics
/// When there is no such format.
#[must_use]
pub fn make(wish: &Wish<'_>) -> Vec<u8> {
    match wish.format {
        "png" => png(wish),
        "jpeg" | "jpg" => jpeg(wish),
        "webp" => webp(wish),
        "gif" => gif(wish),
        "svg" => svg(wish),
        other => panic!("no such format: {other}"),
    }
}

/// A PNG of 60000x60000 pixels in a few bytes of rubbish: whoever trusts the header allocates
/// 14 GB.
#[must_use]
pub fn bomb() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 60_000, 60_000);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a header can be written");
    // zlib, one empty block: the rest is missing.
    writer
        .write_chunk(png::chunk::IDAT, &[0x78, 0x9c, 0x03, 0, 0, 0, 0, 1])
        .expect("a chunk can be written");
    drop(writer);
    file
}

/// `(image/png 64x64)`, or the number of bytes.
#[must_use]
pub fn described(bytes: &[u8]) -> String {
    let text = match (bytes, bytes.get(16..24)) {
        ([0x89, b'P', b'N', b'G', ..], Some(&[a, b, c, d, e, f, g, h])) => {
            let width = u32::from_be_bytes([a, b, c, d]);
            let height = u32::from_be_bytes([e, f, g, h]);
            format!("image/png {width}x{height}")
        }
        ([0xff, 0xd8, 0xff, ..], _) => "image/jpeg".to_owned(),
        ([b'R', b'I', b'F', b'F', ..], _) => "image/webp".to_owned(),
        _ => format!("{} bytes", bytes.len()),
    };
    format!("({text})")
}

fn colors(wish: &Wish<'_>) -> [[u8; 3]; 2] {
    let digest = Sha256::digest(format!("{}/{}", wish.prompt, wish.index));
    [
        [digest[0], digest[1], digest[2]],
        [digest[3], digest[4], digest[5]],
    ]
}

fn png(wish: &Wish<'_>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, wish.width, wish.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_palette(colors(wish).concat());
    if wish.transparent {
        encoder.set_trns(vec![0, 255]);
    }
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("a header can be written");
    let row = wish.width.div_ceil(8) as usize;
    let mut rows = vec![0; row * wish.height as usize];
    let half = row * (wish.height / 2) as usize;
    rows[half..].fill(0xff);
    writer
        .write_image_data(&rows)
        .expect("pixels can be written");
    drop(writer);
    file
}

fn pixels(wish: &Wish<'_>) -> Vec<u8> {
    let count = wish.width as usize * wish.height as usize;
    let [first, second] = colors(wish);
    let mut pixels = first.repeat(count / 2);
    pixels.extend(second.repeat(count - count / 2));
    pixels
}

fn jpeg(wish: &Wish<'_>) -> Vec<u8> {
    let mut file = Vec::new();
    let (Ok(width), Ok(height)) = (wish.width.try_into(), wish.height.try_into()) else {
        panic!("too large for a JPEG");
    };
    jpeg_encoder::Encoder::new(&mut file, 80)
        .encode(&pixels(wish), width, height, jpeg_encoder::ColorType::Rgb)
        .expect("pixels can be written");
    file
}

fn webp(wish: &Wish<'_>) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image::codecs::webp::WebPEncoder::new_lossless(&mut file)
        .write_image(
            &pixels(wish),
            wish.width,
            wish.height,
            ExtendedColorType::Rgb8,
        )
        .expect("pixels can be written");
    file.into_inner()
}

/// One pixel, whatever was asked for: nobody here reads GIFs.
fn gif(_: &Wish<'_>) -> Vec<u8> {
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;".to_vec()
}

fn svg(wish: &Wish<'_>) -> Vec<u8> {
    let [[r, g, b], _] = colors(wish);
    let (width, height) = (wish.width, wish.height);
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\"><rect width=\"100%\" height=\"100%\" fill=\"#{r:02x}{g:02x}{b:02x}\"/></svg>").into_bytes()
}
