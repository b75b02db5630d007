//! Bytes to pixels. The header is read and judged before anything is allocated for the pixels.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use super::format::Format;
use super::limits::{MAX_DECODED_BYTES, MAX_SOURCE_PIXELS, MAX_SOURCE_SIDE};
use super::picture::Picture;
use super::profile;
use super::shape::Size;

/// Why bytes are not an image that can be used.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Another format, or no image at all.
    #[error("not an image in a supported format\nhint: PNG, JPEG and WebP are supported")]
    UnknownFormat,
    /// It starts like an image and does not go on like one. The text is for the log.
    #[error("the image is damaged: {0}")]
    Damaged(String),
    /// More pixels than are ever decoded.
    #[error(
        "the image is too large: {}x{}\nhint: at most {MAX_SOURCE_SIDE} pixels a side and {MAX_SOURCE_PIXELS} pixels in all",
        .0.width, .0.height
    )]
    TooLarge(Size),
}

/// What the header of an image says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format, by its signature.
    pub format: Format,
    /// The size as it is shown: with the EXIF orientation applied.
    pub size: Size,
    /// The EXIF orientation, 1 to 8; 1 is upright.
    pub orientation: u8,
    /// Whether there is a colour profile other than sRGB.
    pub has_profile: bool,
}

/// Format and size as the header says, without decoding pixels. The size is that of the image as
/// it is shown: with its EXIF orientation applied.
///
/// # Errors
/// Anything that [`decode`] would refuse because of its header.
pub fn inspect(bytes: &[u8]) -> Result<(Format, Size), DecodeError> {
    let (format, mut decoder) = open(bytes)?;
    let size = checked_size(&decoder)?;
    Ok((format, upright(size, orientation(&mut decoder))))
}

/// All that the header says, without decoding pixels.
///
/// # Errors
/// Anything that [`decode`] would refuse because of its header.
pub fn inspect_all(bytes: &[u8]) -> Result<Header, DecodeError> {
    let (format, mut decoder) = open(bytes)?;
    let size = checked_size(&decoder)?;
    let orientation = orientation(&mut decoder);
    Ok(Header {
        format,
        size: upright(size, orientation),
        orientation: orientation.to_exif(),
        has_profile: icc(&mut decoder).is_some_and(|icc| profile::is_foreign(&icc)),
    })
}

/// The pixels of a PNG, JPEG or WebP image, at 8 bits a channel, upright and in sRGB; the first
/// frame of an animation.
///
/// # Errors
/// Another format, damaged data, or more pixels than the limits allow.
pub fn decode(bytes: &[u8]) -> Result<Picture, DecodeError> {
    let (_, mut decoder) = open(bytes)?;
    checked_size(&decoder)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SOURCE_SIDE);
    limits.max_image_height = Some(MAX_SOURCE_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    decoder.set_limits(limits).map_err(damaged)?;
    let has_alpha = decoder.color_type().has_alpha();
    let orientation = orientation(&mut decoder);
    let icc = icc(&mut decoder);
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    decoded.apply_orientation(orientation);
    let picture = if has_alpha {
        Picture::Rgba(decoded.into_rgba8())
    } else {
        Picture::Rgb(decoded.into_rgb8())
    };
    Ok(match icc {
        Some(icc) => profile::to_srgb(picture, &icc),
        None => picture,
    })
}

/// Upright when the file does not say, or says it wrongly.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

/// A profile that cannot be read is none.
fn icc(decoder: &mut impl ImageDecoder) -> Option<Vec<u8>> {
    decoder.icc_profile().ok().flatten()
}

fn upright(size: Size, orientation: Orientation) -> Size {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => size.turned(),
        _ => size,
    }
}

fn open(bytes: &[u8]) -> Result<(Format, impl ImageDecoder + '_), DecodeError> {
    let format = Format::sniff(bytes).ok_or(DecodeError::UnknownFormat)?;
    let library_format = match format {
        Format::Png => image::ImageFormat::Png,
        Format::Jpeg => image::ImageFormat::Jpeg,
        Format::Webp => image::ImageFormat::WebP,
    };
    let decoder = ImageReader::with_format(Cursor::new(bytes), library_format)
        .into_decoder()
        .map_err(damaged)?;
    Ok((format, decoder))
}

fn checked_size(decoder: &impl ImageDecoder) -> Result<Size, DecodeError> {
    let (width, height) = decoder.dimensions();
    let size = Size { width, height };
    if size.pixels() == 0 {
        return Err(DecodeError::Damaged("it has no pixels".to_owned()));
    }
    let too_long = width > MAX_SOURCE_SIDE || height > MAX_SOURCE_SIDE;
    let too_many = size.pixels() > MAX_SOURCE_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES;
    if too_long || too_many {
        return Err(DecodeError::TooLarge(size));
    }
    Ok(size)
}

fn damaged(error: image::ImageError) -> DecodeError {
    DecodeError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode::{Encoding, encode};
    use super::*;

    fn sample(format: Format) -> Vec<u8> {
        let pixels =
            image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, 90]));
        encode(
            &Picture::Rgb(pixels),
            Encoding {
                format,
                quality: 90,
            },
        )
        .unwrap()
    }

    /// A PNG that declares a size and holds no pixels.
    fn declared_png(width: u32, height: u32) -> Vec<u8> {
        let mut png = sample(Format::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        png
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 {
                    (crc >> 1) ^ 0xedb8_8320
                } else {
                    crc >> 1
                }
            })
        })
    }

    #[test]
    fn a_declared_bomb_is_refused_before_it_is_decoded() {
        for (width, height) in [(100_000, 100_000), (16_385, 1), (4097, 4096)] {
            let bomb = declared_png(width, height);
            assert!(
                matches!(inspect(&bomb), Err(DecodeError::TooLarge(_))),
                "{width}x{height}"
            );
            assert!(
                matches!(decode(&bomb), Err(DecodeError::TooLarge(_))),
                "{width}x{height}"
            );
        }
        assert!(matches!(
            decode(&declared_png(0, 5)),
            Err(DecodeError::Damaged(_))
        ));
    }

    #[test]
    fn deep_pixels_count_for_what_they_take() {
        let mut deep = declared_png(4096, 4096);
        deep[24] = 16;
        let crc = crc32(&deep[12..29]);
        deep[29..33].copy_from_slice(&crc.to_be_bytes());
        assert!(matches!(inspect(&deep), Err(DecodeError::TooLarge(_))));
        assert!(inspect(&declared_png(4096, 4096)).is_ok());
    }

    #[test]
    fn truncated_data_is_damaged() {
        let png = sample(Format::Png);
        assert!(matches!(
            decode(&png[..png.len() / 2]),
            Err(DecodeError::Damaged(_))
        ));
        assert!(matches!(decode(b"GIF89a"), Err(DecodeError::UnknownFormat)));
    }

    #[test]
    fn sixteen_bits_and_grey_become_eight_bit_colour() {
        let mut png = Vec::new();
        let grey = image::ImageBuffer::<image::LumaA<u16>, _>::from_pixel(
            3,
            2,
            image::LumaA([0x8000, 0xffff]),
        );
        DynamicImage::ImageLumaA16(grey)
            .write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png)
            .unwrap();
        let Picture::Rgba(pixels) = decode(&png).unwrap() else {
            panic!("expected alpha")
        };
        assert_eq!(pixels.get_pixel(0, 0).0, [128, 128, 128, 255]);
    }

    proptest! {
        #[test]
        fn damaged_images_never_panic(
            format in 0..3_usize,
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = sample(Format::ALL[format]);
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(cut.index(bytes.len() * 2));
            let _ = decode(&bytes);
        }
    }
}
