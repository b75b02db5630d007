//! One picture on another: where it goes, how large it is, and how much of it shows.

use image::{Rgba, RgbaImage};

use super::edit::EditError;
use super::picture::Picture;
use super::resize::{Mode, fitted, resize};
use super::shape::Size;

/// A place on a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    /// Top left.
    TopLeft,
    /// The middle of the top edge.
    Top,
    /// Top right.
    TopRight,
    /// The middle of the left edge.
    Left,
    /// The middle.
    Centre,
    /// The middle of the right edge.
    Right,
    /// Bottom left.
    BottomLeft,
    /// The middle of the bottom edge.
    Bottom,
    /// Bottom right.
    #[default]
    BottomRight,
}

/// How the upper picture lies on the lower one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlay {
    /// Where.
    pub anchor: Anchor,
    /// Pixels between the edges of both.
    pub margin: u32,
    /// How large at most, as shares of the lower picture's sides in percent; `None` for as it is.
    pub max_percent: Option<u32>,
    /// How much of it shows: 0 nothing, 255 all.
    pub opacity: u8,
}

impl Default for Overlay {
    fn default() -> Self {
        Self {
            anchor: Anchor::default(),
            margin: 0,
            max_percent: None,
            opacity: u8::MAX,
        }
    }
}

impl Anchor {
    /// Each, with the name that an `anchor` parameter takes.
    pub const NAMES: [(&'static str, Self); 9] = [
        ("top-left", Self::TopLeft),
        ("top", Self::Top),
        ("top-right", Self::TopRight),
        ("left", Self::Left),
        ("center", Self::Centre),
        ("right", Self::Right),
        ("bottom-left", Self::BottomLeft),
        ("bottom", Self::Bottom),
        ("bottom-right", Self::BottomRight),
    ];

    /// The place that a user names; `_` and `-` are the same.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase().replace('_', "-");
        let name = if name == "centre" { "center" } else { &name };
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, anchor)| *anchor)
    }

    /// The top left corner of a box of size `inner` at this place of one of size `outer`. Negative
    /// when the box is the larger one.
    pub fn position(self, inner: Size, outer: Size, margin: u32) -> (i64, i64) {
        let (column, row) = match self {
            Self::TopLeft => (0, 0),
            Self::Top => (1, 0),
            Self::TopRight => (2, 0),
            Self::Left => (0, 1),
            Self::Centre => (1, 1),
            Self::Right => (2, 1),
            Self::BottomLeft => (0, 2),
            Self::Bottom => (1, 2),
            Self::BottomRight => (2, 2),
        };
        let along = |step: u8, inner: u32, outer: u32| {
            let (inner, outer, margin) = (i64::from(inner), i64::from(outer), i64::from(margin));
            match step {
                0 => margin,
                1 => (outer - inner) / 2,
                _ => outer - inner - margin,
            }
        };
        (
            along(column, inner.width, outer.width),
            along(row, inner.height, outer.height),
        )
    }
}

/// Lays `upper` on `lower`. The result has the size of `lower`; what lies outside is cut off.
///
/// # Errors
/// Only [`EditError::Resize`].
pub fn composite(lower: Picture, upper: Picture, overlay: Overlay) -> Result<Picture, EditError> {
    let outer = lower.size();
    let upper = match overlay.max_percent {
        None => upper,
        Some(percent) => within(upper, outer, percent)?,
    };
    let at = overlay.anchor.position(upper.size(), outer, overlay.margin);
    Ok(laid(lower, &upper.into_rgba(), at, overlay.opacity))
}

/// Lays pixels on a picture at a place; what lies outside is cut off.
pub fn laid(lower: Picture, upper: &RgbaImage, at: (i64, i64), opacity: u8) -> Picture {
    let size = lower.size();
    let place = |x: u32, y: u32| {
        let column = u32::try_from(i64::from(x) + at.0).ok()?;
        let row = u32::try_from(i64::from(y) + at.1).ok()?;
        (column < size.width && row < size.height).then_some((column, row))
    };
    match lower {
        Picture::Rgb(mut pixels) => {
            for (x, y, above) in upper.enumerate_pixels() {
                if let Some((column, row)) = place(x, y) {
                    let below = pixels.get_pixel_mut(column, row);
                    let [red, green, blue] = below.0;
                    let [red, green, blue, _] = over(above.0, [red, green, blue, 255], opacity);
                    below.0 = [red, green, blue];
                }
            }
            Picture::Rgb(pixels)
        }
        Picture::Rgba(mut pixels) => {
            for (x, y, above) in upper.enumerate_pixels() {
                if let Some((column, row)) = place(x, y) {
                    let below = pixels.get_pixel_mut(column, row);
                    *below = Rgba(over(above.0, below.0, opacity));
                }
            }
            Picture::Rgba(pixels)
        }
    }
}

/// No larger than that share of the outer size; never larger than it is.
fn within(picture: Picture, outer: Size, percent: u32) -> Result<Picture, EditError> {
    let share = |side: u32| {
        let part = u64::from(side) * u64::from(percent.clamp(1, 100)) / 100;
        u32::try_from(part).unwrap_or(side).max(1)
    };
    let limit = Size {
        width: share(outer.width),
        height: share(outer.height),
    };
    let size = picture.size();
    if size.width <= limit.width && size.height <= limit.height {
        return Ok(picture);
    }
    resize(picture, fitted(size, limit), Mode::Fill)
}

/// Porter and Duff's "over" on bytes that are not premultiplied.
fn over(above: [u8; 4], below: [u8; 4], opacity: u8) -> [u8; 4] {
    let above_alpha = u32::from(above[3]) * u32::from(opacity);
    let below_alpha = u32::from(below[3]) * (255 * 255 - above_alpha) / 255;
    let alpha = above_alpha + below_alpha;
    if alpha == 0 {
        return [0; 4];
    }
    let [r, g, b, _] = above;
    let [lower_r, lower_g, lower_b, _] = below;
    let mixed = |upper: u8, lower: u8| {
        let sum = u64::from(upper) * u64::from(above_alpha)
            + u64::from(lower) * u64::from(below_alpha)
            + u64::from(alpha / 2);
        u8::try_from(sum / u64::from(alpha)).unwrap_or(u8::MAX)
    };
    let alpha = u8::try_from((alpha + 127) / 255).unwrap_or(u8::MAX);
    [
        mixed(r, lower_r),
        mixed(g, lower_g),
        mixed(b, lower_b),
        alpha,
    ]
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;

    use super::*;

    fn red(width: u32, height: u32) -> Picture {
        Picture::Rgb(RgbImage::from_pixel(width, height, Rgb([255, 0, 0])))
    }

    fn blue(width: u32, height: u32) -> Picture {
        Picture::Rgb(RgbImage::from_pixel(width, height, Rgb([0, 0, 255])))
    }

    #[test]
    fn an_anchor_says_where() {
        let overlay = Overlay {
            margin: 1,
            ..Overlay::default()
        };
        let Picture::Rgb(pixels) = composite(red(10, 10), blue(2, 2), overlay).unwrap() else {
            panic!("expected RGB")
        };
        let blues: Vec<_> = pixels
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0 == [0, 0, 255])
            .map(|(x, y, _)| (x, y))
            .collect();
        assert_eq!(blues, [(7, 7), (8, 7), (7, 8), (8, 8)]);
    }

    #[test]
    fn opacity_mixes() {
        let overlay = Overlay {
            opacity: 51,
            ..Overlay::default()
        };
        let Picture::Rgb(pixels) = composite(red(1, 1), blue(1, 1), overlay).unwrap() else {
            panic!("expected RGB")
        };
        assert_eq!(pixels.get_pixel(0, 0).0, [204, 0, 51]);
        let glass = Picture::Rgba(RgbaImage::new(1, 1));
        let Picture::Rgba(pixels) = composite(glass, blue(1, 1), overlay).unwrap() else {
            panic!("expected RGBA")
        };
        assert_eq!(pixels.get_pixel(0, 0).0, [0, 0, 255, 51]);
    }

    #[test]
    fn names_are_those_of_the_parameter() {
        for (name, anchor) in Anchor::NAMES {
            assert_eq!(Anchor::from_name(&name.to_uppercase()), Some(anchor));
        }
        assert_eq!(Anchor::from_name("Bottom_Left"), Some(Anchor::BottomLeft));
        assert_eq!(Anchor::from_name("nowhere"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_place_keeps_the_size_and_never_panics(
            lower in (1..30_u32, 1..30_u32), upper in (1..50_u32, 1..50_u32),
            anchor in 0..9_usize, margin in 0..40_u32, percent in proptest::option::of(0..120_u32), opacity: u8,
        ) {
            let overlay = Overlay { anchor: Anchor::NAMES[anchor].1, margin, max_percent: percent, opacity };
            let result = composite(red(lower.0, lower.1), blue(upper.0, upper.1), overlay).unwrap();
            prop_assert_eq!(result.size(), Size { width: lower.0, height: lower.1 });
        }

        #[test]
        fn over_stays_between_its_colours(above: [u8; 4], below: [u8; 4], opacity: u8) {
            let mixed = over(above, below, opacity);
            if mixed[3] > 0 && below[3] > 0 && above[3] > 0 && opacity > 0 {
                for channel in 0..3 {
                    let (low, high) = (above[channel].min(below[channel]), above[channel].max(below[channel]));
                    prop_assert!((low..=high).contains(&mixed[channel]), "{mixed:?}");
                }
            }
            prop_assert!(mixed[3] >= below[3].saturating_sub(1), "nothing becomes more transparent");
        }
    }
}
