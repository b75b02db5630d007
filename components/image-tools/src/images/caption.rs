//! Text on pictures: a caption, a watermark, the label of a contact sheet. It is drawn with the
//! fonts of the crate `render`, so it looks the same everywhere.

use image::{Rgba, RgbaImage};
use render::fonts::Face;
use render::markup::{Align, Canvas, Line, shortened, wrapped};

use super::edit::EditError;
use super::overlay::{Anchor, laid};
use super::picture::Picture;
use super::shape::Size;

/// Characters of a text.
pub const MAX_CHARS: usize = 500;

/// Longest side of the strip that text is drawn on, in pixels.
const MAX_STRIP: u32 = 4096;

/// Pixels of that strip.
const MAX_STRIP_PIXELS: f32 = 4_000_000.0;

/// Height of letters, in pixels.
const MAX_LETTERS: u32 = 512;

/// Lines of a text.
const MAX_LINES: usize = 24;

/// Text on a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// The text. Line breaks are kept; longer lines are broken between words.
    pub text: String,
    /// Where.
    pub anchor: Anchor,
    /// Height of the letters in pixels; `None` for a twentieth of the shorter side, at least 12.
    pub size: Option<u32>,
    /// The colour of the letters.
    pub colour: Rgba<u8>,
    /// A box behind the text; `None` for a thin outline that keeps it readable.
    pub background: Option<Rgba<u8>>,
    /// Heavy letters.
    pub bold: bool,
}

impl Default for Caption {
    fn default() -> Self {
        Self {
            text: String::new(),
            anchor: Anchor::Bottom,
            size: None,
            colour: super::colour::WHITE,
            background: None,
            bold: true,
        }
    }
}

/// Writes on a picture.
///
/// # Errors
/// No text, or too much of it.
pub fn caption(picture: Picture, caption: &Caption) -> Result<Picture, EditError> {
    let found = caption.text.chars().count();
    if caption.text.trim().is_empty() || found > MAX_CHARS {
        return Err(EditError::Text {
            max: MAX_CHARS,
            found,
        });
    }
    let outer = picture.size();
    let strip = strip(caption, outer)?;
    let inner = Size {
        width: strip.width(),
        height: strip.height(),
    };
    let margin = outer.width.min(outer.height) / 40;
    let at = caption.anchor.position(inner, outer, margin);
    Ok(laid(picture, &strip, at, caption.colour.0[3]))
}

/// A text repeated all over a picture, slanted by its arrangement: hard to cut away.
///
/// # Errors
/// As [`caption`].
pub fn watermark(picture: Picture, text: &str, opacity: u8) -> Result<Picture, EditError> {
    let outer = picture.size();
    let mark = Caption {
        text: text.to_owned(),
        ..Caption::default()
    };
    let found = text.chars().count();
    if text.trim().is_empty() || found > MAX_CHARS {
        return Err(EditError::Text {
            max: MAX_CHARS,
            found,
        });
    }
    let strip = strip(&mark, outer)?;
    // Each row begins a third further, so that no straight cut removes all.
    let step_x = i64::from(strip.width()) * 3 / 2 + 1;
    let step_y = i64::from(strip.height()) * 3 + 1;
    let mut marked = picture;
    for row in 0..=i64::from(outer.height) / step_y {
        let shift = (row % 3) * step_x / 3;
        for column in -1..=i64::from(outer.width) / step_x {
            let at = (column * step_x + shift, row * step_y + step_y / 4);
            marked = laid(marked, &strip, at, opacity);
        }
    }
    Ok(marked)
}

/// One line on a strip of exactly this size, in black or white, whichever shows.
///
/// # Errors
/// Only [`EditError::Draw`].
pub fn label(
    text: &str,
    width: u32,
    height: u32,
    background: Rgba<u8>,
) -> Result<RgbaImage, EditError> {
    let size = pixels(height) * 0.6;
    let width = width.clamp(1, MAX_STRIP);
    let middle = pixels(width) / 2.0;
    let line = shortened(text, Face::Regular, size, pixels(width));
    let mut canvas = Canvas::new(render::Size { width, height });
    canvas.text(Line {
        text: &line,
        at: (middle, pixels(height) * 0.72),
        size,
        colour: contrast(background),
        face: Face::Regular,
        align: Align::Middle,
    });
    drawn(&canvas)
}

/// The text alone, on as little as it needs.
fn strip(caption: &Caption, outer: Size) -> Result<RgbaImage, EditError> {
    let shorter = outer.width.min(outer.height);
    // Letters larger than the picture is high would show nothing.
    let largest = outer.height.clamp(4, MAX_LETTERS);
    let wanted = caption.size.unwrap_or((shorter / 20).max(12));
    let size = pixels(wanted.clamp(4, largest));
    let face = if caption.bold {
        Face::Bold
    } else {
        Face::Regular
    };
    let padding = size * 0.35;
    let room = (pixels(outer.width.min(MAX_STRIP)) * 0.95 - 2.0 * padding).max(size);
    let step = size * 1.25;
    // As many lines as the picture has room for, and no more than can be drawn at once.
    let tallest = pixels(outer.height).min(MAX_STRIP_PIXELS / (room + 2.0 * padding + 1.0));
    let room_below = (tallest - 2.0 * padding).max(step);
    let max_lines = usize::try_from(whole(room_below / step).saturating_sub(1)).unwrap_or(0);
    let max_lines = max_lines.clamp(1, MAX_LINES);
    let lines: Vec<String> = caption
        .text
        .lines()
        .flat_map(|line| match line.trim() {
            "" => vec![String::new()],
            line => wrapped(line, face, size, (room, max_lines)),
        })
        .take(max_lines)
        .collect();
    let widest = lines
        .iter()
        .map(|line| render::fonts::width(line, face, size))
        .fold(0.0, f32::max);
    let height = whole(step * pixels(u32::try_from(lines.len()).unwrap_or(1)) + 2.0 * padding);
    let width = whole(widest + 2.0 * padding);
    let mut canvas = Canvas::new(render::Size { width, height });
    let [red, green, blue, _] = caption.colour.0;
    if let Some(Rgba([r, g, b, alpha])) = caption.background {
        let paint = format!(
            r#"fill="{}" fill-opacity="{:.3}""#,
            render::markup::hex([r, g, b]),
            f32::from(alpha) / 255.0
        );
        let area = render::markup::Area {
            x: 0.0,
            y: 0.0,
            width: pixels(width),
            height: pixels(height),
        };
        canvas.rounded(area, size * 0.25, &paint);
    } else {
        let outline = contrast(Rgba([red, green, blue, 255]));
        canvas.raw(&format!(
            r#"<g stroke="{}" stroke-width="{:.2}" stroke-linejoin="round" paint-order="stroke">"#,
            render::markup::hex(outline),
            (size / 12.0).max(1.0)
        ));
    }
    let (x, align) = match caption.anchor {
        Anchor::TopLeft | Anchor::Left | Anchor::BottomLeft => (padding, Align::Start),
        Anchor::TopRight | Anchor::Right | Anchor::BottomRight => {
            (pixels(width) - padding, Align::End)
        }
        _ => (pixels(width) / 2.0, Align::Middle),
    };
    let mut y = padding + size * 0.95;
    for line in &lines {
        canvas.text(Line {
            text: line,
            at: (x, y),
            size,
            colour: [red, green, blue],
            face,
            align,
        });
        y += step;
    }
    if caption.background.is_none() {
        canvas.raw("</g>");
    }
    drawn(&canvas)
}

fn drawn(canvas: &Canvas) -> Result<RgbaImage, EditError> {
    let fail = |reason: String| EditError::Draw(reason);
    let raster = canvas.draw(None).map_err(|error| fail(error.to_string()))?;
    RgbaImage::from_raw(raster.size.width, raster.size.height, raster.rgba)
        .ok_or_else(|| fail("the buffer has another size".to_owned()))
}

/// Black on light colours, white on dark ones.
fn contrast(Rgba([red, green, blue, alpha]): Rgba<u8>) -> [u8; 3] {
    let light = u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114;
    if light > 140_000 || alpha < 128 {
        [0; 3]
    } else {
        [255; 3]
    }
}

#[expect(clippy::cast_precision_loss, reason = "sides of a picture")]
fn pixels(side: u32) -> f32 {
    side as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the sides of a strip"
)]
fn whole(length: f32) -> u32 {
    length.ceil().clamp(1.0, pixels(MAX_STRIP)) as u32
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;

    use super::*;

    fn gray(width: u32, height: u32) -> Picture {
        Picture::Rgb(RgbImage::from_pixel(width, height, Rgb([128; 3])))
    }

    fn rows_that_changed(picture: &Picture) -> Vec<u32> {
        let Picture::Rgb(pixels) = picture else {
            panic!("expected RGB")
        };
        let mut rows: Vec<u32> = pixels
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0 != [128; 3])
            .map(|(_, y, _)| y)
            .collect();
        rows.dedup();
        rows
    }

    #[test]
    fn a_caption_is_where_its_anchor_says() {
        let with = |anchor| Caption {
            text: "Hello".to_owned(),
            anchor,
            ..Caption::default()
        };
        let top = rows_that_changed(&caption(gray(300, 200), &with(Anchor::Top)).unwrap());
        let bottom = rows_that_changed(&caption(gray(300, 200), &with(Anchor::Bottom)).unwrap());
        assert!(
            !top.is_empty() && top.iter().all(|row| *row < 40),
            "{top:?}"
        );
        assert!(
            !bottom.is_empty() && bottom.iter().all(|row| *row > 160),
            "{bottom:?}"
        );
    }

    #[test]
    fn text_needs_characters_and_not_too_many() {
        for text in [String::new(), "  ".to_owned(), "x".repeat(MAX_CHARS + 1)] {
            let wanted = Caption {
                text: text.clone(),
                ..Caption::default()
            };
            assert!(matches!(
                caption(gray(9, 9), &wanted),
                Err(EditError::Text { .. })
            ));
            assert!(matches!(
                watermark(gray(9, 9), &text, 60),
                Err(EditError::Text { .. })
            ));
        }
    }

    #[test]
    fn a_watermark_is_everywhere() {
        let rows = rows_that_changed(&watermark(gray(400, 400), "(c) me", 90).unwrap());
        for band in 0..4 {
            let inside = rows.iter().any(|row| row / 100 == band);
            assert!(inside, "nothing in rows {}..", band * 100);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_text_leaves_the_size(
            text in "\\PC{1,60}", side in (1..80_u32, 1..80_u32), anchor in 0..9_usize,
            size in proptest::option::of(0..2000_u32), boxed: bool,
        ) {
            let wanted = Caption {
                text,
                anchor: Anchor::NAMES[anchor].1,
                size,
                background: boxed.then_some(Rgba([0, 0, 0, 128])),
                ..Caption::default()
            };
            let before = Size { width: side.0, height: side.1 };
            match caption(gray(side.0, side.1), &wanted) {
                Ok(after) => prop_assert_eq!(after.size(), before),
                Err(error) => prop_assert!(matches!(error, EditError::Text { .. }), "{error}"),
            }
        }
    }
}
