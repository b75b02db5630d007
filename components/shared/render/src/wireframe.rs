//! The model `wireframe`: the honest placeholder, which says how large it is and what goes there.

use crate::fonts::Face;
use crate::markup::{Align, Area, Canvas, Line, hex, wrapped};
use crate::model::DrawError;
use crate::prompt::{Grammar, read};
use crate::raster::{Raster, Size};
use crate::theme::{THEMES, Theme};

/// How prompts are written.
pub const GRAMMAR: Grammar = Grammar {
    keys: &["label", "theme"],
    help: "write what will be there one day, such as `hero picture`; or lines `label: ...` and `theme:` (light, dark, ocean, \
           sunset, forest, paper); or the same as a JSON object",
};

/// Draws a box with its label, its size and its proportions.
///
/// # Errors
/// A prompt that cannot be read.
pub fn draw(prompt: &str, size: Size, is_transparent: bool) -> Result<Raster, DrawError> {
    let fields = read(prompt, GRAMMAR)?;
    let theme = fields.choice(
        "theme",
        format!("one of {}", Theme::names()),
        Theme::from_name,
    )?;
    let theme = theme.unwrap_or(&THEMES[0]);
    let label = fields
        .text("label")
        .unwrap_or_else(|| fields.prose.join(" "));
    #[expect(clippy::cast_precision_loss, reason = "at most 4096")]
    let (width, height) = (size.width as f32, size.height as f32);
    let unit = width.min(height);
    let mut canvas = Canvas::new(size);
    let inset = unit * 0.02;
    let area = Area {
        x: inset,
        y: inset,
        width: width - 2.0 * inset,
        height: height - 2.0 * inset,
    };
    let paint = format!(
        r#"fill="{}" fill-opacity="{}" stroke="{}" stroke-width="{:.2}" stroke-dasharray="{:.2}""#,
        hex(theme.surface),
        if is_transparent { 0.6 } else { 1.0 },
        hex(theme.soft),
        (unit / 200.0).max(1.0),
        (unit / 40.0).max(2.0),
    );
    canvas.rounded(area, unit * 0.03, &paint);
    let cross = format!(
        r#"stroke="{}" stroke-opacity="0.35" stroke-width="{:.2}""#,
        hex(theme.soft),
        (unit / 400.0).max(1.0)
    );
    canvas.segment((inset, inset), (width - inset, height - inset), &cross);
    canvas.segment((width - inset, inset), (inset, height - inset), &cross);

    let letters = (unit * 0.09).max(6.0);
    let room = width * 0.8;
    let lines = wrapped(&label, Face::Bold, letters, (room, 3));
    let divisor = divisor(size.width, size.height).max(1);
    let note = format!(
        "{} × {}  ({}:{})",
        size.width,
        size.height,
        size.width / divisor,
        size.height / divisor
    );
    let rows = f32::from(u8::try_from(lines.len()).unwrap_or(u8::MAX));
    let mut y = height / 2.0 - rows * letters * 0.6 + letters * 0.35;
    for text in &lines {
        canvas.text(Line {
            text,
            at: (width / 2.0, y),
            size: letters,
            colour: theme.ink,
            face: Face::Bold,
            align: Align::Middle,
        });
        y += letters * 1.2;
    }
    canvas.text(Line {
        text: &note,
        at: (width / 2.0, y + letters * 0.1),
        size: letters * 0.55,
        colour: theme.soft,
        face: Face::Regular,
        align: Align::Middle,
    });
    let background = (!is_transparent).then_some(theme.background);
    Ok(canvas.draw(background)?)
}

fn divisor(one: u32, other: u32) -> u32 {
    match other {
        0 => one,
        other => divisor(other, one % other),
    }
}
