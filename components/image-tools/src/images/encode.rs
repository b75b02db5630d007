//! Pixels to bytes: PNG, JPEG (baseline) and WebP without loss.

use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder};

use super::format::Format;
use super::picture::Picture;

/// Quality of JPEG when nobody asks for another.
pub const DEFAULT_QUALITY: u8 = 90;

/// How pixels are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// The format.
    pub format: Format,
    /// 1 to 100; only JPEG has a use for it.
    pub quality: u8,
}

/// The encoder refused the picture, which happens only beyond 65535 pixels a side.
#[derive(Debug, thiserror::Error)]
#[error("could not encode the image: {0}")]
pub struct EncodeError(String);

/// Writes a picture. JPEG has no alpha: a translucent picture is laid on white.
///
/// # Errors
/// When the format cannot hold the picture.
pub fn encode(picture: Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    match encoding.format {
        Format::Jpeg => {
            let (width, height) = jpeg_size(&picture)?;
            let pixels = picture.on_white();
            Encoder::new(&mut bytes, encoding.quality.clamp(1, 100))
                .encode(pixels.as_raw(), width, height, ColorType::Rgb)
                .map_err(|error| EncodeError(error.to_string()))?;
        }
        Format::Png => write(PngEncoder::new(&mut bytes), &picture)?,
        Format::Webp => write(WebPEncoder::new_lossless(&mut bytes), &picture)?,
    }
    Ok(bytes)
}

fn write(encoder: impl ImageEncoder, picture: &Picture) -> Result<(), EncodeError> {
    let size = picture.size();
    let written = match picture {
        Picture::Rgb(pixels) => {
            encoder.write_image(pixels, size.width, size.height, ExtendedColorType::Rgb8)
        }
        Picture::Rgba(pixels) => {
            encoder.write_image(pixels, size.width, size.height, ExtendedColorType::Rgba8)
        }
    };
    written.map_err(|error| EncodeError(error.to_string()))
}

fn jpeg_size(picture: &Picture) -> Result<(u16, u16), EncodeError> {
    let size = picture.size();
    match (u16::try_from(size.width), u16::try_from(size.height)) {
        (Ok(width), Ok(height)) => Ok((width, height)),
        _ => Err(EncodeError(format!(
            "{}x{} is too large for JPEG",
            size.width, size.height
        ))),
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::super::decode::decode;
    use super::*;

    #[test]
    fn lossless_formats_keep_every_pixel() {
        let pixels = RgbaImage::from_fn(33, 17, |x, y| {
            Rgba([x as u8 * 7, y as u8 * 15, 3, (x * y) as u8])
        });
        for format in [Format::Png, Format::Webp] {
            let bytes = encode(
                Picture::Rgba(pixels.clone()),
                Encoding { format, quality: 1 },
            )
            .unwrap();
            assert_eq!(Format::sniff(&bytes), Some(format));
            assert_eq!(decode(&bytes).unwrap(), Picture::Rgba(pixels.clone()));
        }
    }

    #[test]
    fn jpeg_lies_on_white_and_obeys_quality() {
        let noise = RgbaImage::from_fn(64, 64, |x, y| {
            Rgba([(x * y * 37) as u8, (x * 91) as u8, (y * 53) as u8, 255])
        });
        let size = |quality| {
            encode(
                Picture::Rgba(noise.clone()),
                Encoding {
                    format: Format::Jpeg,
                    quality,
                },
            )
            .unwrap()
            .len()
        };
        assert!(size(20) < size(95));
        let glass = Picture::Rgba(RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 0])));
        let bytes = encode(
            glass,
            Encoding {
                format: Format::Jpeg,
                quality: 90,
            },
        )
        .unwrap();
        let Picture::Rgb(flat) = decode(&bytes).unwrap() else {
            panic!("expected RGB")
        };
        assert_eq!(flat.get_pixel(8, 8).0, [255; 3]);
    }
}
