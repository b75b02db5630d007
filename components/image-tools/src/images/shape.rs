//! The words of a transform: a part of the image, a rotation, a mirror image, a size. What a user
//! asks for, before it is held against an image.

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

    /// Width and height exchanged.
    pub fn turned(self) -> Self {
        Self {
            width: self.height,
            height: self.width,
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

/// `side * numerator / denominator`, rounded, at least 1.
pub(super) fn ratio(side: u32, numerator: u32, denominator: u32) -> u64 {
    let denominator = u64::from(denominator.max(1));
    ((u64::from(side) * u64::from(numerator) + denominator / 2) / denominator).max(1)
}

/// A ratio that makes a side smaller, so that it stays a `u32`.
fn proportional(side: u32, numerator: u32, denominator: u32) -> u32 {
    u32::try_from(ratio(side, numerator, denominator)).unwrap_or(u32::MAX)
}
