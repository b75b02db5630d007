//! What the free edits have in common: their limits, and what can go wrong.

use super::limits::{MAX_OUTPUT_PIXELS, MAX_OUTPUT_SIDE};
use super::shape::Size;

/// Why an edit did not happen.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A side of 0, or more pixels than an edit may make. The client's fault.
    #[error(
        "the result would be {width}x{height}\nhint: each side must be at least 1 and at most {MAX_OUTPUT_SIDE} pixels, \
         and all in all at most {MAX_OUTPUT_PIXELS}"
    )]
    Size {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
    /// A box that is not inside the image. The client's fault.
    #[error(transparent)]
    Geometry(#[from] super::geometry::GeometryError),
    /// An angle that is no number. The client's fault.
    #[error("the angle must be a number of degrees")]
    Angle,
    /// No text, or too much of it. The client's fault.
    #[error("the text must have 1 to {max} characters: it has {found}")]
    Text {
        /// Characters that it may have.
        max: usize,
        /// Characters that it has.
        found: usize,
    },
    /// Fewer images than the edit needs, or more than it takes. The client's fault.
    #[error("expected 1 to {max} images, not {found}")]
    Count {
        /// Images that it takes.
        max: usize,
        /// Images that it got.
        found: usize,
    },
    /// The resizer failed, which no input can cause.
    #[error("could not resize the image: {0}")]
    Resize(String),
    /// The text could not be drawn, which no input can cause.
    #[error("could not draw the text: {0}")]
    Draw(String),
}

/// The size, if an edit may make such a picture.
///
/// # Errors
/// [`EditError::Size`].
pub fn bounded(width: u64, height: u64) -> Result<Size, EditError> {
    let is_side = |side: u64| (1..=u64::from(MAX_OUTPUT_SIDE)).contains(&side);
    match (u32::try_from(width), u32::try_from(height)) {
        (Ok(w), Ok(h))
            if is_side(width) && is_side(height) && width * height <= MAX_OUTPUT_PIXELS =>
        {
            Ok(Size {
                width: w,
                height: h,
            })
        }
        _ => Err(EditError::Size { width, height }),
    }
}
