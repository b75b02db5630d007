//! The arithmetic of a transform: which part of the image is taken, how it is turned, and how
//! large it becomes. Sizes only, no pixels.
//!
//! The order is crop, rotate, flip, resize: each step works on what the step before it made.

use super::limits::{MAX_OUTPUT_PIXELS, MAX_OUTPUT_SIDE};

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A box inside an image, in pixels from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropBox {
    /// Columns left of the box.
    pub x: u32,
    /// Rows above the box.
    pub y: u32,
    /// What the box holds; neither side is 0.
    pub size: Size,
}

/// A clockwise rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// A quarter turn clockwise: the top edge becomes the right edge.
    Clockwise90,
    /// Half a turn.
    Half180,
    /// Three quarter turns clockwise: the top edge becomes the left edge.
    Clockwise270,
}

/// A mirror image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flip {
    /// Left and right change places.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
}

/// How the image gets its final size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// As it is.
    #[default]
    Keep,
    /// This width, and the height that keeps the proportions.
    Width(u32),
    /// This height, and the width that keeps the proportions.
    Height(u32),
    /// Exactly this size: scaled until it covers the size, then cut around the centre.
    Cover(Size),
}

/// What a user asks for, apart from the encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The part to take; `None` for all of it.
    pub crop: Option<CropBox>,
    /// The rotation.
    pub rotate: Option<Rotation>,
    /// The mirror image.
    pub flip: Option<Flip>,
    /// The final size.
    pub fit: Fit,
}

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

impl Size {
    /// Pixels in all.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The largest size of the same proportions with no side longer than `side`; never larger
    /// than it is already.
    pub fn shrunk_to(self, side: u32) -> Self {
        if self.width <= side && self.height <= side {
            self
        } else if self.width >= self.height {
            Self {
                width: side,
                height: proportional(self.height, side, self.width),
            }
        } else {
            Self {
                width: proportional(self.width, side, self.height),
                height: side,
            }
        }
    }

    fn turned(self) -> Self {
        Self {
            width: self.height,
            height: self.width,
        }
    }
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

impl Rotation {
    /// Degrees clockwise.
    pub fn degrees(self) -> u32 {
        match self {
            Self::Clockwise90 => 90,
            Self::Half180 => 180,
            Self::Clockwise270 => 270,
        }
    }
}

impl Flip {
    /// The name that the `flip` parameter takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Horizontal => "horizontal",
            Self::Vertical => "vertical",
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

/// `side * numerator / denominator`, rounded, at least 1.
fn ratio(side: u32, numerator: u32, denominator: u32) -> u64 {
    let denominator = u64::from(denominator.max(1));
    ((u64::from(side) * u64::from(numerator) + denominator / 2) / denominator).max(1)
}

/// A ratio that makes a side smaller, so that it stays a `u32`.
fn proportional(side: u32, numerator: u32, denominator: u32) -> u32 {
    u32::try_from(ratio(side, numerator, denominator)).unwrap_or(u32::MAX)
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
