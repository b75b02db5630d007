//! Pixels as the models deliver them.

use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};

/// Longest side of a drawing, in pixels.
pub const MAX_SIDE: u32 = 4096;

/// Pixels of a drawing.
pub const MAX_PIXELS: u64 = 2048 * 2048;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Pixels of red, green, blue and alpha, 8 bits each, not premultiplied, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    /// Width and height.
    pub size: Size,
    /// Four bytes a pixel.
    pub rgba: Vec<u8>,
}

impl Size {
    /// Pixels in all.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Whether a drawing may have this size.
    pub fn is_drawable(self) -> bool {
        let is_side = |side| (1..=MAX_SIDE).contains(&side);
        is_side(self.width) && is_side(self.height) && self.pixels() <= MAX_PIXELS
    }
}

impl Raster {
    /// Whether every pixel hides what is below.
    pub fn is_opaque(&self) -> bool {
        self.rgba
            .iter()
            .skip(3)
            .step_by(4)
            .all(|alpha| *alpha == u8::MAX)
    }

    pub(crate) fn from_pixmap(pixmap: Pixmap) -> Self {
        let size = Size {
            width: pixmap.width(),
            height: pixmap.height(),
        };
        Self {
            size,
            rgba: pixmap.take_demultiplied(),
        }
    }
}

/// Fills with one opaque colour.
pub(crate) fn fill(pixmap: &mut Pixmap, [red, green, blue]: [u8; 3]) {
    if let Some(colour) = PremultipliedColorU8::from_rgba(red, green, blue, u8::MAX) {
        pixmap.pixels_mut().fill(colour);
    }
}
