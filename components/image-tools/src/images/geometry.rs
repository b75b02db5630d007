//! The arithmetic of a transform: which part of the image is taken, how it is turned, and how
//! large it becomes. Sizes only, no pixels.
//!
//! The order is crop, rotate, flip, resize: each step works on what the step before it made.

use super::limits::{MAX_OUTPUT_PIXELS, MAX_OUTPUT_SIDE};
use super::shape::{CropBox, Fit, Flip, Rotation, Shape, Size, ratio};

/// A shape that was checked against an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    crop: CropBox,
    rotate: Option<Rotation>,
    flip: Option<Flip>,
    output: Size,
}

/// Why a shape does not fit an image. Always the client's fault.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// The box reaches outside the image.
    #[error(
        "crop box `{},{} {}x{}` is not inside the image: `{}x{}`",
        crop.x, crop.y, crop.size.width, crop.size.height, image.width, image.height
    )]
    CropOutside {
        /// The box.
        crop: CropBox,
        /// The image.
        image: Size,
    },
    /// The result would be larger than a transform may make.
    #[error(
        "the result would be too large: {width}x{height}\nhint: at most {MAX_OUTPUT_SIDE} pixels a side and \
         {MAX_OUTPUT_PIXELS} pixels in all"
    )]
    TooLarge {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
}

impl Geometry {
    /// Checks a shape against the size of an image.
    ///
    /// # Errors
    /// A crop box outside the image, or a result above the limits.
    pub fn plan(image: Size, shape: &Shape) -> Result<Self, GeometryError> {
        let crop = match shape.crop {
            None => CropBox {
                x: 0,
                y: 0,
                size: image,
            },
            Some(crop) if is_inside(crop, image) => crop,
            Some(crop) => return Err(GeometryError::CropOutside { crop, image }),
        };
        let current = if turns(shape.rotate) {
            crop.size.turned()
        } else {
            crop.size
        };
        let (width, height) = match shape.fit {
            Fit::Keep => (u64::from(current.width), u64::from(current.height)),
            Fit::Width(width) => (
                u64::from(width),
                ratio(current.height, width, current.width),
            ),
            Fit::Height(height) => (
                ratio(current.width, height, current.height),
                u64::from(height),
            ),
            Fit::Cover(size) => (u64::from(size.width), u64::from(size.height)),
        };
        // An image that is not resized was already inside the limits of what is decoded.
        let side = if shape.fit == Fit::Keep {
            u64::from(u32::MAX)
        } else {
            u64::from(MAX_OUTPUT_SIDE)
        };
        match (u32::try_from(width), u32::try_from(height)) {
            (Ok(w), Ok(h))
                if width <= side && height <= side && width * height <= MAX_OUTPUT_PIXELS =>
            {
                Ok(Self {
                    crop,
                    rotate: shape.rotate,
                    flip: shape.flip,
                    output: Size {
                        width: w,
                        height: h,
                    },
                })
            }
            _ => Err(GeometryError::TooLarge { width, height }),
        }
    }

    /// The same picture, made small enough for a preview.
    pub fn shrunk_to(self, side: u32) -> Self {
        Self {
            output: self.output.shrunk_to(side),
            ..self
        }
    }

    /// The part of the image that is taken.
    pub fn crop(&self) -> CropBox {
        self.crop
    }

    /// The rotation.
    pub fn rotate(&self) -> Option<Rotation> {
        self.rotate
    }

    /// The mirror image.
    pub fn flip(&self) -> Option<Flip> {
        self.flip
    }

    /// The size of the result.
    pub fn output(&self) -> Size {
        self.output
    }

    /// The size of the result before it is turned.
    pub fn unturned_output(&self) -> Size {
        if turns(self.rotate) {
            self.output.turned()
        } else {
            self.output
        }
    }
}

fn turns(rotate: Option<Rotation>) -> bool {
    matches!(rotate, Some(Rotation::Clockwise90 | Rotation::Clockwise270))
}

fn is_inside(crop: CropBox, image: Size) -> bool {
    let inside = |start: u32, length: u32, whole: u32| {
        length > 0 && start.checked_add(length).is_some_and(|end| end <= whole)
    };
    inside(crop.x, crop.size.width, image.width) && inside(crop.y, crop.size.height, image.height)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WIDE: Size = Size {
        width: 400,
        height: 200,
    };

    fn output(shape: Shape) -> Result<(u32, u32), GeometryError> {
        Geometry::plan(WIDE, &shape).map(|geometry| (geometry.output.width, geometry.output.height))
    }

    #[test]
    fn one_side_keeps_the_proportions_of_the_current_image() {
        let turned = Shape {
            rotate: Some(Rotation::Clockwise90),
            fit: Fit::Width(100),
            ..Shape::default()
        };
        assert_eq!(output(turned), Ok((100, 200)));
        let crop = CropBox {
            x: 0,
            y: 0,
            size: Size {
                width: 100,
                height: 50,
            },
        };
        let cropped = Shape {
            crop: Some(crop),
            fit: Fit::Height(100),
            ..Shape::default()
        };
        assert_eq!(output(cropped), Ok((200, 100)));
        assert_eq!(
            output(Shape {
                fit: Fit::Width(1),
                ..Shape::default()
            }),
            Ok((1, 1))
        );
    }

    #[test]
    fn results_are_bounded() {
        let sides = Shape {
            fit: Fit::Cover(Size {
                width: 8193,
                height: 1,
            }),
            ..Shape::default()
        };
        assert_eq!(
            output(sides),
            Err(GeometryError::TooLarge {
                width: 8193,
                height: 1
            })
        );
        let pixels = Shape {
            fit: Fit::Cover(Size {
                width: 8192,
                height: 8192,
            }),
            ..Shape::default()
        };
        assert!(matches!(
            output(pixels),
            Err(GeometryError::TooLarge { .. })
        ));
        let tall = Shape {
            fit: Fit::Height(8000),
            ..Shape::default()
        };
        assert_eq!(
            output(tall),
            Err(GeometryError::TooLarge {
                width: 16_000,
                height: 8000
            })
        );
        let limit = Shape {
            fit: Fit::Cover(Size {
                width: 8192,
                height: 2048,
            }),
            ..Shape::default()
        };
        assert_eq!(output(limit), Ok((8192, 2048)));
    }

    proptest! {
        #[test]
        fn a_plan_stays_inside(
            image in (1..5000_u32, 1..3000_u32),
            crop in proptest::option::of((any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>())),
            small_crop in any::<bool>(),
            rotate in 0..4_u8,
            fit in 0..4_u8,
            side in (any::<u32>(), any::<u32>()),
        ) {
            let image = Size { width: image.0, height: image.1 };
            let crop = crop.map(|(x, y, width, height)| {
                let scale = |value: u32| if small_crop { value % 3000 } else { value };
                CropBox { x: scale(x), y: scale(y), size: Size { width: scale(width), height: scale(height) } }
            });
            let rotate = [None, Some(Rotation::Clockwise90), Some(Rotation::Half180), Some(Rotation::Clockwise270)]
                [usize::from(rotate)];
            let size = Size { width: side.0 % 10_000 + 1, height: side.1 % 10_000 + 1 };
            let fit = [Fit::Keep, Fit::Width(size.width), Fit::Height(size.height), Fit::Cover(size)][usize::from(fit)];
            if let Ok(geometry) = Geometry::plan(image, &Shape { crop, rotate, flip: None, fit }) {
                prop_assert!(is_inside(geometry.crop, image));
                prop_assert!(geometry.output.width > 0 && geometry.output.height > 0);
                prop_assert!(geometry.output.pixels() <= MAX_OUTPUT_PIXELS);
                let small = geometry.shrunk_to(512).output();
                prop_assert!(small.width <= 512 && small.height <= 512 && small.pixels() > 0);
                prop_assert!(small.width <= geometry.output.width && small.height <= geometry.output.height);
            }
        }
    }
}
