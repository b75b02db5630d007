//! Pies and donuts.

use super::axes::label;
use super::data::{Data, Kind};
use crate::fonts::Face;
use crate::markup::{Align, Area, Canvas, Line, hex, shortened};

pub(super) fn draw(canvas: &mut Canvas, data: &Data, area: Area, unit: f32) {
    let values = data
        .series
        .first()
        .map(|series| series.values.as_slice())
        .unwrap_or_default();
    let total: f64 = values.iter().sum();
    // The legend stands to the right, or below when the chart is tall.
    let is_wide = area.width >= area.height;
    let diameter = if is_wide {
        area.height.min(area.width * 0.55)
    } else {
        area.width.min(area.height * 0.6)
    };
    let centre = if is_wide {
        (area.x + diameter / 2.0, area.y + area.height / 2.0)
    } else {
        (area.x + area.width / 2.0, area.y + diameter / 2.0)
    };
    let radius = f64::from(diameter) / 2.0;
    let hole = if data.kind == Kind::Donut {
        radius * 0.58
    } else {
        0.0
    };
    let mut from = 0.0;
    for (position, value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        let to = from + value / total;
        let paint = format!(
            r#"fill="{}" stroke="{}" stroke-width="{:.2}" stroke-linejoin="round""#,
            hex(shade(
                data.theme.accent(position),
                position / data.theme.accents.len()
            )),
            hex(data.theme.background),
            (unit / 220.0).max(1.0)
        );
        canvas.path(&slice(centre, (radius, hole), (from, to)), &paint);
        from = to;
    }
    let legend = if is_wide {
        Area {
            x: area.x + diameter + unit * 0.06,
            width: area.width - diameter - unit * 0.06,
            ..area
        }
    } else {
        Area {
            y: area.y + diameter + unit * 0.05,
            height: area.height - diameter - unit * 0.05,
            ..area
        }
    };
    names(canvas, data, legend, (unit, total));
}

fn names(canvas: &mut Canvas, data: &Data, area: Area, (unit, total): (f32, f64)) {
    let values = data
        .series
        .first()
        .map(|series| series.values.as_slice())
        .unwrap_or_default();
    let count = f32::from(u8::try_from(values.len()).unwrap_or(u8::MAX));
    let step = (area.height / count).min(unit * 0.075);
    let letters = step * 0.52;
    let mut y = area.y + (area.height - step * count) / 2.0;
    for (position, (name, value)) in data.labels.iter().zip(values).enumerate() {
        let colour = shade(
            data.theme.accent(position),
            position / data.theme.accents.len(),
        );
        let mark = Area {
            x: area.x,
            y: y + step * 0.2,
            width: letters,
            height: letters,
        };
        canvas.rounded(mark, letters * 0.25, &format!(r#"fill="{}""#, hex(colour)));
        let share = label((value / total * 1000.0).round() / 10.0, 0.1, "%");
        let text = format!("{name}  {share}");
        canvas.text(Line {
            text: &shortened(&text, Face::Regular, letters, area.width - letters * 1.8),
            at: (area.x + letters * 1.6, y + step * 0.2 + letters * 0.86),
            size: letters,
            colour: data.theme.ink,
            face: Face::Regular,
            align: Align::Start,
        });
        y += step;
    }
}

/// Later rounds through the accents are darker.
fn shade(colour: [u8; 3], round: usize) -> [u8; 3] {
    let keep = 100_u16
        .saturating_sub(u16::try_from(round).unwrap_or(3) * 22)
        .max(30);
    colour.map(|channel| u8::try_from(u16::from(channel) * keep / 100).unwrap_or(channel))
}

/// The outline of a slice between two shares of the circle, from the top clockwise.
fn slice((x, y): (f32, f32), (radius, hole): (f64, f64), (from, to): (f64, f64)) -> String {
    let point = |radius: f64, share: f64| {
        let (sine, cosine) = libm::sincos(share * std::f64::consts::TAU);
        (f64::from(x) + radius * sine, f64::from(y) - radius * cosine)
    };
    let start = point(radius, from);
    let mut path = format!("M{:.3} {:.3}", start.0, start.1);
    path += &arc(point, radius, (from, to));
    if hole > 0.0 {
        let inner = point(hole, to);
        path += &format!("L{:.3} {:.3}", inner.0, inner.1);
        path += &arc(point, hole, (to, from));
    } else {
        path += &format!("L{x:.3} {y:.3}");
    }
    path + "z"
}

/// Curves of at most an eighth of the circle each.
fn arc(point: impl Fn(f64, f64) -> (f64, f64), radius: f64, (from, to): (f64, f64)) -> String {
    let mut path = String::new();
    let steps = (1..=8_u8)
        .find(|steps| (to - from).abs() <= f64::from(*steps) / 8.0)
        .unwrap_or(8);
    let step = (to - from) / f64::from(steps);
    // How far control points are from the ends of the curve, along the tangent.
    let reach = radius * 4.0 / 3.0 * libm::tan(step * std::f64::consts::TAU / 4.0);
    for index in 0..steps {
        let (begin, end) = (
            from + step * f64::from(index),
            from + step * f64::from(index + 1),
        );
        let ((x0, y0), (x1, y1)) = (point(radius, begin), point(radius, end));
        let tangent = |share: f64| {
            let (sine, cosine) = libm::sincos(share * std::f64::consts::TAU);
            (cosine, sine)
        };
        let (before, after) = (tangent(begin), tangent(end));
        path += &format!(
            "C{:.3} {:.3} {:.3} {:.3} {x1:.3} {y1:.3}",
            x0 + reach * before.0,
            y0 + reach * before.1,
            x1 - reach * after.0,
            y1 - reach * after.1,
        );
    }
    path
}
