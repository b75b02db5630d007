//! The model `svg`: whoever calls writes a drawing, and it is drawn here. A drawing cannot reach
//! anything: no file, no address, no font but ours, no script; and it cannot cost more than its
//! budget, which is worked out before the first pixel.

mod budget;
mod check;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

use crate::fonts;
use crate::raster::{self, Raster, Size};

/// Bytes of a source.
pub const MAX_SOURCE_BYTES: usize = 512 * 1024;

/// Why a source is not drawn. Always the fault of whoever wrote it; the text says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SvgError {
    /// No XML, or XML that is no SVG.
    #[error(
        "not an SVG drawing: {0}\nhint: the source is one `<svg xmlns=\"http://www.w3.org/2000/svg\" ...>` element"
    )]
    Syntax(String),
    /// The source has more of something than is drawn.
    #[error("the drawing has too many or too large {what}: at most {max}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        max: u64,
    },
    /// It refers to something outside of itself, or to what is not drawn.
    #[error(
        "{what} is not allowed: `{found}`\nhint: a drawing refers only to its own elements, as `#id`"
    )]
    Refused {
        /// What was found.
        what: &'static str,
        /// Its text, shortened.
        found: String,
    },
    /// Elements that contain each other by reference.
    #[error("the element `#{0}` refers to itself")]
    Loop(String),
    /// A size of 0, or more pixels than are drawn.
    #[error(
        "cannot draw at {}x{}\nhint: at most {} pixels a side and {} in all",
        .0.width, .0.height, raster::MAX_SIDE, raster::MAX_PIXELS
    )]
    Size(Size),
}

/// A source that was read and found affordable.
#[derive(Debug)]
pub struct Svg {
    tree: Tree,
}

impl Svg {
    /// Reads a source.
    ///
    /// # Errors
    /// See [`SvgError`].
    pub fn parse(source: &str) -> Result<Self, SvgError> {
        if source.len() > MAX_SOURCE_BYTES {
            return Err(SvgError::TooMuch {
                what: "bytes",
                max: u64::try_from(MAX_SOURCE_BYTES).unwrap_or(u64::MAX),
            });
        }
        let source = source.trim_start_matches('\u{feff}').trim();
        let document = check::parse(source)?;
        let tree = Tree::from_xmltree(&document, &options()).map_err(|error| {
            SvgError::Syntax(match error {
                resvg::usvg::Error::InvalidSize => {
                    "it has no size: set `width` and `height`, or `viewBox`".to_owned()
                }
                other => other.to_string(),
            })
        })?;
        Ok(Self { tree })
    }

    /// The largest size of the drawing's own proportions inside a size.
    pub fn size_inside(&self, size: Size) -> Size {
        let own = self.tree.size();
        let (width, height) = (pixels(size.width), pixels(size.height));
        let scale = (width / own.width()).min(height / own.height());
        let side = |length: f32, most: u32| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "at most a side of the size"
            )]
            let side = (length * scale).round() as u32;
            side.clamp(1, most.max(1))
        };
        Size {
            width: side(own.width(), size.width),
            height: side(own.height(), size.height),
        }
    }

    /// Draws at a size; the drawing keeps its proportions and is centred. Without a background
    /// whatever it leaves free is transparent.
    ///
    /// # Errors
    /// A size that is not drawn, or a drawing that costs too much at that size.
    pub fn draw(&self, size: Size, background: Option<[u8; 3]>) -> Result<Raster, SvgError> {
        if !size.is_drawable() {
            return Err(SvgError::Size(size));
        }
        let own = self.tree.size();
        let (width, height) = (pixels(size.width), pixels(size.height));
        let scale = (width / own.width()).min(height / own.height());
        if !scale.is_finite() || scale <= 0.0 {
            return Err(SvgError::Size(size));
        }
        budget::check(&self.tree, size, scale)?;
        let mut pixmap = Pixmap::new(size.width, size.height).ok_or(SvgError::Size(size))?;
        if let Some(colour) = background {
            raster::fill(&mut pixmap, colour);
        }
        let left = (width - own.width() * scale) / 2.0;
        let top = (height - own.height() * scale) / 2.0;
        let transform = Transform::from_row(scale, 0.0, 0.0, scale, left, top);
        resvg::render(&self.tree, transform, &mut pixmap.as_mut());
        Ok(Raster::from_pixmap(pixmap))
    }
}

#[expect(clippy::cast_precision_loss, reason = "sides of a picture")]
fn pixels(side: u32) -> f32 {
    side as f32
}

/// Our fonts, and nothing that an `image` could show.
fn options() -> Options<'static> {
    Options {
        font_family: fonts::SANS.to_owned(),
        fontdb: fonts::database(),
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    }
}

#[cfg(test)]
#[path = "svg/tests.rs"]
mod tests;
