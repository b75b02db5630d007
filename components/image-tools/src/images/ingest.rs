//! Bytes from outside on their way into the gallery: format by signature, limits, orientation and
//! colours, and a full decode, so that what is stored can be shown.

use super::decode::{DecodeError, decode, inspect_all};
use super::format::Format;
use super::metadata::{self, Metadata};
use super::picture::Picture;
use super::shape::Size;

/// An image that was found good. The bytes are those that came: what is stored loses nothing.
#[derive(Debug)]
pub struct Ingested {
    /// The file, as it came.
    pub bytes: Vec<u8>,
    /// Its format, by its signature.
    pub format: Format,
    /// Its size as it is shown: with its EXIF orientation applied.
    pub size: Size,
    /// The EXIF orientation, 1 to 8; 1 is upright.
    pub orientation: u8,
    /// Whether it has a colour profile other than sRGB.
    pub has_profile: bool,
    /// What is written in the file about the image.
    pub metadata: Metadata,
    /// The pixels: upright, sRGB, the first frame. For the preview; nothing has to decode again.
    pub picture: Picture,
}

/// Checks an image.
///
/// # Errors
/// Another format, damaged data, or more pixels than the limits allow.
pub fn ingest(bytes: Vec<u8>) -> Result<Ingested, DecodeError> {
    let header = inspect_all(&bytes)?;
    let picture = decode(&bytes)?;
    let metadata = metadata::read(&bytes, header.format);
    Ok(Ingested {
        format: header.format,
        size: header.size,
        orientation: header.orientation,
        has_profile: header.has_profile,
        metadata,
        picture,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::super::encode::{Encoding, encode};
    use super::*;

    /// 40x20, the left half red.
    fn jpeg() -> Vec<u8> {
        let pixels = RgbImage::from_fn(40, 20, |x, _| {
            Rgb(if x < 20 { [250, 0, 0] } else { [0, 0, 250] })
        });
        let encoding = Encoding {
            format: Format::Jpeg,
            quality: 95,
        };
        encode(&Picture::Rgb(pixels), encoding).unwrap()
    }

    fn is_red(picture: &Picture, x: u32, y: u32) -> bool {
        let Picture::Rgb(pixels) = picture else {
            panic!("expected RGB")
        };
        let [red, _, blue] = pixels.get_pixel(x, y).0;
        red > blue
    }

    #[test]
    fn orientation_is_applied_and_the_file_is_kept() {
        // Where the red half ends up: EXIF 2.32, tag 0x0112.
        let cases = [
            (1, (40, 20), (5, 10)),
            (2, (40, 20), (35, 10)),
            (3, (40, 20), (35, 10)),
            (4, (40, 20), (5, 10)),
            (5, (20, 40), (10, 5)),
            (6, (20, 40), (10, 5)),
            (7, (20, 40), (10, 35)),
            (8, (20, 40), (10, 35)),
        ];
        for (orientation, (width, height), (x, y)) in cases {
            let file = metadata::jpeg::with_orientation(&jpeg(), orientation).unwrap();
            let ingested = ingest(file.clone()).unwrap();
            assert_eq!(ingested.orientation, orientation);
            assert_eq!(ingested.size, Size { width, height }, "{orientation}");
            assert_eq!(ingested.picture.size(), ingested.size, "{orientation}");
            assert!(is_red(&ingested.picture, x, y), "{orientation}");
            assert_eq!(ingested.bytes, file);
        }
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        let mut cut = jpeg();
        cut.truncate(200);
        assert!(matches!(ingest(cut), Err(DecodeError::Damaged(_))));
        for bytes in [&b""[..], b"GIF89a", b"<svg/>", b"\x89PNG"] {
            assert!(matches!(
                ingest(bytes.to_vec()),
                Err(DecodeError::UnknownFormat)
            ));
        }
    }
}
