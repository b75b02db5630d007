//! A transform: a shape and an encoding, applied to a stored image with one final encode.

use super::decode::{DecodeError, decode};
use super::encode::{DEFAULT_QUALITY, EncodeError, Encoding, encode};
use super::format::Format;
use super::geometry::{Geometry, GeometryError};
use super::picture::Picture;
use super::shape::Shape;

/// What a user asks for. The default is the image as it was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transform {
    /// Crop, rotation, flip and size.
    pub shape: Shape,
    /// The format; `None` keeps the stored one.
    pub format: Option<Format>,
    /// 1 to 100; `None` is [`DEFAULT_QUALITY`].
    pub quality: Option<u8>,
}

/// Why a transform did not happen.
#[derive(Debug, thiserror::Error)]
pub enum TransformError {
    /// The stored bytes are not a usable image.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The shape does not fit the image.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// The format cannot hold the result.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The resizer failed, which no input can cause.
    #[error("could not resize the image: {0}")]
    Resize(String),
}

impl Transform {
    /// Whether the stored bytes are the answer, as they are: nothing about the pixels changes and
    /// writing the same format again could only lose quality.
    pub fn keeps(&self, stored: Format) -> bool {
        let same_format = self.format.is_none_or(|format| format == stored);
        let same_quality = self.quality.is_none() || stored != Format::Jpeg;
        self.shape == Shape::default() && same_format && same_quality
    }

    /// How the result is written.
    pub fn encoding(&self, stored: Format) -> Encoding {
        Encoding {
            format: self.format.unwrap_or(stored),
            quality: self.quality.unwrap_or(DEFAULT_QUALITY),
        }
    }

    /// Decodes, changes and encodes an image. Takes the file, as there may not be room for it and
    /// the result.
    ///
    /// # Errors
    /// See [`TransformError`].
    pub fn apply(&self, bytes: Vec<u8>, stored: Format) -> Result<Vec<u8>, TransformError> {
        let picture = decode(&bytes)?;
        drop(bytes);
        let geometry = Geometry::plan(picture.size(), &self.shape)?;
        Ok(encode(&shape(picture, &geometry)?, self.encoding(stored))?)
    }
}

/// Changes pixels as planned. Resizing goes before turning, on fewer pixels; the result is the
/// same, since the resampling treats rows and columns alike.
///
/// # Errors
/// Only [`TransformError::Resize`].
pub fn shape(picture: Picture, geometry: &Geometry) -> Result<Picture, TransformError> {
    let mut picture = picture
        .cropped(geometry.crop())
        .covering(geometry.unturned_output())
        .map_err(TransformError::Resize)?;
    if let Some(rotation) = geometry.rotate() {
        picture = picture.rotated(rotation);
    }
    if let Some(flip) = geometry.flip() {
        picture = picture.flipped(flip);
    }
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;

    use super::super::shape::{CropBox, Fit, Flip, Rotation, Size};
    use super::*;

    /// 80x40: the left half red, the right half blue, with a green top row of 8.
    fn flag() -> Vec<u8> {
        let pixels = RgbImage::from_fn(80, 40, |x, y| {
            Rgb(if y < 8 {
                [0, 255, 0]
            } else if x < 40 {
                [255, 0, 0]
            } else {
                [0, 0, 255]
            })
        });
        encode(
            &Picture::Rgb(pixels),
            Encoding {
                format: Format::Png,
                quality: 90,
            },
        )
        .unwrap()
    }

    fn apply(shape: Shape) -> RgbImage {
        let bytes = Transform {
            shape,
            ..Transform::default()
        }
        .apply(flag(), Format::Png)
        .unwrap();
        let Picture::Rgb(pixels) = decode(&bytes).unwrap() else {
            panic!("expected RGB")
        };
        pixels
    }

    #[test]
    fn order_is_crop_rotate_flip_resize() {
        // The right half is 40x40 with green above blue; turned clockwise, green is at the right;
        // mirrored, at the left; then made half as large.
        let crop = CropBox {
            x: 40,
            y: 0,
            size: Size {
                width: 40,
                height: 40,
            },
        };
        let pixels = apply(Shape {
            crop: Some(crop),
            rotate: Some(Rotation::Clockwise90),
            flip: Some(Flip::Horizontal),
            fit: Fit::Width(20),
        });
        assert_eq!(pixels.dimensions(), (20, 20));
        assert_eq!(pixels.get_pixel(0, 10).0, [0, 255, 0]);
        assert_eq!(pixels.get_pixel(18, 10).0, [0, 0, 255]);
    }

    #[test]
    fn a_crop_takes_nothing_from_outside() {
        let crop = CropBox {
            x: 40,
            y: 8,
            size: Size {
                width: 8,
                height: 8,
            },
        };
        let pixels = apply(Shape {
            crop: Some(crop),
            fit: Fit::Width(64),
            ..Shape::default()
        });
        assert!(pixels.pixels().all(|pixel| pixel.0 == [0, 0, 255]));
    }

    #[test]
    fn turning_swaps_the_sides_of_the_fit() {
        let pixels = apply(Shape {
            rotate: Some(Rotation::Clockwise270),
            fit: Fit::Height(40),
            ..Shape::default()
        });
        assert_eq!(pixels.dimensions(), (20, 40));
        assert_eq!(
            pixels.get_pixel(0, 20).0,
            [0, 255, 0],
            "the top edge is at the left"
        );
    }

    #[test]
    fn nothing_to_do_keeps_the_stored_bytes() {
        let transform = |format, quality| Transform {
            format,
            quality,
            ..Transform::default()
        };
        assert!(Transform::default().keeps(Format::Jpeg));
        assert!(transform(Some(Format::Png), Some(50)).keeps(Format::Png));
        assert!(!transform(Some(Format::Jpeg), Some(50)).keeps(Format::Jpeg));
        assert!(!transform(Some(Format::Webp), None).keeps(Format::Png));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_have_the_planned_size(
            crop in (0..60_u32, 0..30_u32, 1..20_u32, 1..10_u32),
            turn in 0..4_usize,
            fit in 0..4_u8,
            side in (1..90_u32, 1..90_u32),
        ) {
            let crop = CropBox { x: crop.0, y: crop.1, size: Size { width: crop.2, height: crop.3 } };
            let rotate = [None, Some(Rotation::Clockwise90), Some(Rotation::Half180), Some(Rotation::Clockwise270)][turn];
            let size = Size { width: side.0, height: side.1 };
            let fit = [Fit::Keep, Fit::Width(side.0), Fit::Height(side.1), Fit::Cover(size)][usize::from(fit)];
            let wanted = Shape { crop: Some(crop), rotate, flip: None, fit };
            let geometry = Geometry::plan(Size { width: 80, height: 40 }, &wanted).unwrap();
            let pixels = apply(wanted);
            let output = geometry.output();
            prop_assert_eq!(pixels.dimensions(), (output.width, output.height));
        }
    }
}
