//! Masks in the forms that backends want. Ours are PNGs that are transparent where the picture may
//! change, which is OpenAI's form.

use image::{GrayImage, Luma};

use crate::images::decode::decode;
use crate::images::encode::{DEFAULT_QUALITY, Encoding, encode};
use crate::images::format::Format;
use crate::images::picture::Picture;

/// A PNG that is white where the mask is transparent and black elsewhere; `None` for what is no
/// image. A mask without any transparency is taken as it is: white is where it may change.
pub fn white_where_transparent(mask: &[u8]) -> Option<Vec<u8>> {
    let (width, height, values): (u32, u32, Vec<u8>) = match decode(mask).ok()? {
        Picture::Rgba(pixels) => (
            pixels.width(),
            pixels.height(),
            pixels.pixels().map(|pixel| 255 - pixel.0[3]).collect(),
        ),
        Picture::Rgb(pixels) => (
            pixels.width(),
            pixels.height(),
            pixels.pixels().map(|pixel| pixel.0[0]).collect(),
        ),
    };
    let gray = GrayImage::from_vec(width, height, values)?;
    let mut pixels = image::RgbImage::new(width, height);
    for (target, Luma([value])) in pixels.pixels_mut().zip(gray.pixels()) {
        target.0 = [*value; 3];
    }
    let encoding = Encoding {
        format: Format::Png,
        quality: DEFAULT_QUALITY,
    };
    encode(&Picture::Rgb(pixels), encoding).ok()
}
