//! Pixels to bytes: PNG, JPEG (baseline) and WebP without loss.

use std::io::{self, Write};

use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder};

use super::format::Format;
use super::limits::MAX_DELIVERED_BYTES;
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

/// Why a picture was not written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The file would be larger than anybody gets.
    #[error(
        "the image file would be larger than {MAX_DELIVERED_BYTES} bytes\nhint: ask for `format=jpeg` or a smaller size"
    )]
    TooLarge,
    /// The encoder refused the picture, which happens only beyond 65535 pixels a side.
    #[error("could not encode the image: {0}")]
    Refused(String),
}

/// Writes a picture. JPEG has no alpha: a translucent picture is laid on white.
///
/// # Errors
/// When the format cannot hold the picture, or the file would be too large.
pub fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    let mut file = File::default();
    let written = match encoding.format {
        Format::Jpeg => {
            let (width, height) = jpeg_size(picture)?;
            let pixels = picture.on_white();
            Encoder::new(&mut file, encoding.quality.clamp(1, 100))
                .encode(pixels.as_raw(), width, height, ColorType::Rgb)
                .map_err(|error| error.to_string())
        }
        Format::Png => write(PngEncoder::new(&mut file), picture),
        Format::Webp => write(WebPEncoder::new_lossless(&mut file), picture),
    };
    match written {
        Ok(()) => Ok(file.bytes),
        Err(_) if file.is_full => Err(EncodeError::TooLarge),
        Err(reason) => Err(EncodeError::Refused(reason)),
    }
}

/// A file in memory that does not grow beyond what is delivered.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    is_full: bool,
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_DELIVERED_BYTES {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(encoder: impl ImageEncoder, picture: &Picture) -> Result<(), String> {
    let size = picture.size();
    let (pixels, color) = match picture {
        Picture::Rgb(pixels) => (pixels.as_raw(), ExtendedColorType::Rgb8),
        Picture::Rgba(pixels) => (pixels.as_raw(), ExtendedColorType::Rgba8),
    };
    let written = encoder.write_image(pixels, size.width, size.height, color);
    written.map_err(|error| error.to_string())
}

fn jpeg_size(picture: &Picture) -> Result<(u16, u16), EncodeError> {
    let size = picture.size();
    match (u16::try_from(size.width), u16::try_from(size.height)) {
        (Ok(width), Ok(height)) => Ok((width, height)),
        _ => Err(EncodeError::Refused(format!(
            "{}x{} is too large for JPEG",
            size.width, size.height
        ))),
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::super::decode::decode;
    use super::*;

    #[test]
    fn lossless_formats_keep_every_pixel() {
        let pixels = RgbaImage::from_fn(33, 17, |x, y| {
            Rgba([x as u8 * 7, y as u8 * 15, 3, (x * y) as u8])
        });
        for format in [Format::Png, Format::Webp] {
            let bytes = encode(
                &Picture::Rgba(pixels.clone()),
                Encoding { format, quality: 1 },
            )
            .unwrap();
            assert_eq!(Format::sniff(&bytes), Some(format));
            assert_eq!(decode(&bytes).unwrap(), Picture::Rgba(pixels.clone()));
        }
    }

    #[test]
    fn a_file_that_nobody_gets_is_not_made() {
        let mut state = 1_u32;
        let noise = RgbImage::from_fn(4096, 3600, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
        });
        let encoding = Encoding {
            format: Format::Webp,
            quality: 90,
        };
        assert!(matches!(
            encode(&Picture::Rgb(noise), encoding),
            Err(EncodeError::TooLarge)
        ));
    }

    #[test]
    fn jpeg_lies_on_white_and_obeys_quality() {
        let noise = RgbaImage::from_fn(64, 64, |x, y| {
            Rgba([(x * y * 37) as u8, (x * 91) as u8, (y * 53) as u8, 255])
        });
        let size = |quality| {
            encode(
                &Picture::Rgba(noise.clone()),
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
            &glass,
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
