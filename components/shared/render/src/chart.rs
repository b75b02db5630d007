//! The model `chart`: numbers as bars, lines, areas or slices.

mod axes;
mod data;
mod slices;

use data::{Data, Kind};

use crate::fonts::Face;
use crate::markup::{Align, Area, Canvas, Line, hex, shortened};
use crate::model::DrawError;
use crate::prompt::Grammar;
use crate::raster::{Raster, Size};

/// How prompts are written.
pub const GRAMMAR: Grammar = Grammar {
    keys: &[
        "type", "title", "labels", "values", "series", "data", "unit", "theme",
    ],
    help: "write lines `type: bar` (bar, line, area, pie, donut), `title: ...`, `unit: ...`, `theme: ...` and the numbers as lines \
           `January: 12`; several series as `series: 2023, 2024` and `January: 12, 15`; or JSON such as \
           {\"type\": \"line\", \"labels\": [\"Q1\", \"Q2\"], \"series\": [{\"name\": \"A\", \"values\": [1, 2]}]}",
};

/// Draws a chart.
///
/// # Errors
/// A prompt without numbers, or one that cannot be read.
pub fn draw(prompt: &str, size: Size, is_transparent: bool) -> Result<Raster, DrawError> {
    let data = Data::read(prompt)?;
    let mut canvas = Canvas::new(size);
    #[expect(clippy::cast_precision_loss, reason = "at most 4096")]
    let (width, height) = (size.width as f32, size.height as f32);
    let unit = width.min(height);
    let margin = unit * 0.05;
    let mut area = Area {
        x: margin,
        y: margin,
        width: width - 2.0 * margin,
        height: height - 2.0 * margin,
    };
    if let Some(title) = &data.title {
        let size = unit * 0.055;
        canvas.text(Line {
            text: &shortened(title, Face::Bold, size, area.width),
            at: (area.x, area.y + size * 0.8),
            size,
            colour: data.theme.ink,
            face: Face::Bold,
            align: Align::Start,
        });
        area.y += size * 1.6;
        area.height -= size * 1.6;
    }
    match data.kind {
        Kind::Pie | Kind::Donut => slices::draw(&mut canvas, &data, area, unit),
        Kind::Bar | Kind::Line | Kind::Area => {
            if data.series.len() > 1 {
                let used = legend(&mut canvas, &data, area, unit);
                area.y += used;
                area.height -= used;
            }
            axes::draw(&mut canvas, &data, area, unit);
        }
    }
    let background = (!is_transparent).then_some(data.theme.background);
    Ok(canvas.draw(background)?)
}

/// The names of the series in one row; gives its height.
fn legend(canvas: &mut Canvas, data: &Data, area: Area, unit: f32) -> f32 {
    let size = unit * 0.032;
    let count = f32::from(u8::try_from(data.series.len()).unwrap_or(u8::MAX));
    let room = area.width / count;
    let mut x = area.x;
    for (position, series) in data.series.iter().enumerate() {
        let paint = format!(r#"fill="{}""#, hex(data.theme.accent(position)));
        let mark = Area {
            x,
            y: area.y,
            width: size,
            height: size,
        };
        canvas.rounded(mark, size * 0.25, &paint);
        let name = shortened(&series.name, Face::Regular, size, room - size * 2.2);
        canvas.text(Line {
            text: &name,
            at: (x + size * 1.4, area.y + size * 0.86),
            size,
            colour: data.theme.soft,
            face: Face::Regular,
            align: Align::Start,
        });
        let used = crate::fonts::width(&name, Face::Regular, size) + size * 3.0;
        x += used.min(room);
    }
    size * 2.0
}
