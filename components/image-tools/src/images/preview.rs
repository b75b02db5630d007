//! The one small picture that a tool result may carry: at most 512 pixels a side and 256 KiB of
//! base64. JPEG, or WebP without loss when something shows through.

use super::encode::{EncodeError, Encoding, encode};
use super::format::Format;
use super::limits::{PREVIEW_BYTES, PREVIEW_SIDE};
use super::picture::Picture;
use super::shape::Size;

/// A preview, encoded.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The image file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: Format,
    /// Its size in pixels.
    pub size: Size,
}

/// Qualities that are tried before the picture is made smaller.
const QUALITIES: [u8; 3] = [80, 65, 50];

/// Below this many pixels a side a preview shows nothing; it is then left out.
const SMALLEST_SIDE: u32 = 64;

/// Makes the preview, first with less quality and then with fewer pixels until it fits the budget.
/// `None` when nothing fits.
///
/// # Errors
/// When the encoder fails, which no picture of this size can cause.
pub fn preview(picture: Picture) -> Result<Option<Preview>, EncodeError> {
    fitting(picture, PREVIEW_SIDE, PREVIEW_BYTES)
}

/// The same for another longest side and another size of the file.
///
/// # Errors
/// When the encoder fails, which no picture of this size can cause.
pub fn fitting(
    picture: Picture,
    side: u32,
    max_bytes: usize,
) -> Result<Option<Preview>, EncodeError> {
    let mut side = side;
    let mut small = picture;
    while side >= SMALLEST_SIDE {
        let size = small.size().shrunk_to(side);
        let Ok(resized) = small.covering(size) else {
            return Ok(None);
        };
        small = resized;
        let (format, qualities) = if small.is_translucent() {
            (Format::Webp, &[100][..])
        } else {
            (Format::Jpeg, &QUALITIES[..])
        };
        for &quality in qualities {
            let bytes = encode(&small, Encoding { format, quality })?;
            if bytes.len() <= max_bytes {
                return Ok(Some(Preview {
                    bytes,
                    format,
                    size,
                }));
            }
        }
        side /= 2;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::super::limits::fits_preview;
    use super::*;

    /// What no encoder can make small.
    fn noise(x: u32, y: u32, salt: u32) -> u8 {
        let mut value = x.wrapping_mul(0x9e37_79b9)
            ^ y.wrapping_mul(0x85eb_ca6b)
            ^ salt.wrapping_mul(0xc2b2_ae35);
        value ^= value >> 15;
        value = value.wrapping_mul(0x2c1b_3c6d);
        (value >> 24) as u8
    }

    #[test]
    fn an_opaque_picture_becomes_jpeg() {
        let wide = RgbImage::from_fn(2000, 500, |x, y| {
            Rgb([noise(x, y, 1), noise(x, y, 2), noise(x, y, 3)])
        });
        let preview = preview(Picture::Rgb(wide)).unwrap().unwrap();
        assert_eq!(
            (preview.format, preview.size),
            (
                Format::Jpeg,
                Size {
                    width: 512,
                    height: 128
                }
            )
        );
        assert!(fits_preview(preview.bytes.len()));
    }

    #[test]
    fn translucent_noise_shrinks_until_it_fits() {
        let glass = RgbaImage::from_fn(600, 600, |x, y| {
            Rgba([
                noise(x, y, 1),
                noise(x, y, 2),
                noise(x, y, 3),
                noise(x, y, 4),
            ])
        });
        let preview = preview(Picture::Rgba(glass)).unwrap().unwrap();
        assert_eq!(preview.format, Format::Webp);
        assert!(preview.size.width < 512, "{:?}", preview.size);
        assert!(fits_preview(preview.bytes.len()));
    }

    #[test]
    fn alpha_that_shows_nothing_does_not_matter() {
        let solid = RgbaImage::from_pixel(20, 10, Rgba([1, 2, 3, 255]));
        let preview = preview(Picture::Rgba(solid)).unwrap().unwrap();
        assert_eq!(
            (preview.format, preview.size),
            (
                Format::Jpeg,
                Size {
                    width: 20,
                    height: 10
                }
            )
        );
    }
}
