//! Bars, lines and areas over axes.

use super::data::{Data, Kind};
use crate::fonts::Face;
use crate::markup::{Align, Area, Canvas, Line, hex, shortened};

/// Lines across, at most.
const MAX_TICKS: f64 = 6.0;

/// The range of numbers that the axis covers, and the distance of its lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    /// Round numbers around all values, with 0 among them.
    pub(super) fn over(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values {
            low = low.min(value);
            high = high.max(value);
        }
        let span = if high > low { high - low } else { 1.0 };
        let mut power = 1.0;
        while power * 10.0 <= span {
            power *= 10.0;
        }
        while power > span {
            power /= 10.0;
        }
        let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0]
            .map(|part| part * power)
            .into_iter()
            .find(|step| span / step <= MAX_TICKS)
            .unwrap_or(power * 10.0);
        let high = if high > low { high } else { 1.0 };
        Self {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            step,
        }
    }

    fn share(self, value: f64) -> f32 {
        let span = self.high - self.low;
        #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1")]
        let share = ((value - self.low) / span) as f32;
        share.clamp(0.0, 1.0)
    }

    fn ticks(self) -> impl Iterator<Item = f64> {
        (0..=16_i32)
            .map(move |index| self.low + f64::from(index) * self.step)
            .take_while(move |tick| *tick <= self.high + self.step / 2.0)
    }
}

pub(super) fn draw(canvas: &mut Canvas, data: &Data, area: Area, unit: f32) {
    let letters = unit * 0.03;
    let scale = Scale::over(
        data.series
            .iter()
            .flat_map(|series| series.values.iter().copied()),
    );
    let names: Vec<String> = scale
        .ticks()
        .map(|tick| label(tick, scale.step, &data.unit))
        .collect();
    let widest = names
        .iter()
        .map(|name| crate::fonts::width(name, Face::Regular, letters))
        .fold(0.0, f32::max);
    let plot = Area {
        x: area.x + widest + letters * 0.8,
        y: area.y + letters * 0.5,
        width: area.width - widest - letters * 0.8,
        height: area.height - letters * 2.4,
    };
    for (tick, name) in scale.ticks().zip(&names) {
        let y = plot.y + plot.height * (1.0 - scale.share(tick));
        let opacity = if tick == 0.0 { 0.8 } else { 0.22 };
        let paint = format!(
            r#"stroke="{}" stroke-opacity="{opacity}" stroke-width="{:.2}""#,
            hex(data.theme.soft),
            (unit / 500.0).max(1.0)
        );
        canvas.segment((plot.x, y), (plot.x + plot.width, y), &paint);
        canvas.text(Line {
            text: name,
            at: (plot.x - letters * 0.6, y + letters * 0.35),
            size: letters,
            colour: data.theme.soft,
            face: Face::Regular,
            align: Align::End,
        });
    }
    labels(canvas, data, plot, letters);
    match data.kind {
        Kind::Bar => bars(canvas, data, plot, scale),
        _ => lines(canvas, data, plot, (scale, unit)),
    }
}

fn labels(canvas: &mut Canvas, data: &Data, plot: Area, letters: f32) {
    let step = plot.width / number(data.labels.len());
    // When they stand too close, only every second, third, ... is written.
    let every = (1..data.labels.len().max(2))
        .find(|every| number(*every) * step >= letters * 3.0)
        .unwrap_or(1);
    for (position, text) in data.labels.iter().enumerate().step_by(every) {
        let x = plot.x + step * (number(position) + 0.5);
        let room = step * number(every) - letters * 0.4;
        canvas.text(Line {
            text: &shortened(text, Face::Regular, letters, room),
            at: (x, plot.y + plot.height + letters * 1.5),
            size: letters,
            colour: data.theme.soft,
            face: Face::Regular,
            align: Align::Middle,
        });
    }
}

fn bars(canvas: &mut Canvas, data: &Data, plot: Area, scale: Scale) {
    let step = plot.width / number(data.labels.len());
    let group = step * 0.72;
    let width = group / number(data.series.len());
    let floor = plot.y + plot.height * (1.0 - scale.share(0.0));
    for (place, series) in data.series.iter().enumerate() {
        let paint = format!(r#"fill="{}""#, hex(data.theme.accent(place)));
        for (position, value) in series.values.iter().enumerate() {
            let end = plot.y + plot.height * (1.0 - scale.share(*value));
            let bar = Area {
                x: plot.x + step * (number(position) + 0.14) + width * number(place),
                y: end.min(floor),
                width: width * 0.92,
                height: (end - floor).abs(),
            };
            if bar.height > 0.0 {
                canvas.rounded(bar, width * 0.08, &paint);
            }
        }
    }
}

fn lines(canvas: &mut Canvas, data: &Data, plot: Area, (scale, unit): (Scale, f32)) {
    let step = plot.width / number(data.labels.len());
    let floor = plot.y + plot.height * (1.0 - scale.share(0.0));
    for (place, series) in data.series.iter().enumerate() {
        let colour = hex(data.theme.accent(place));
        let points: Vec<(f32, f32)> = series
            .values
            .iter()
            .enumerate()
            .map(|(position, value)| {
                let x = plot.x + step * (number(position) + 0.5);
                (x, plot.y + plot.height * (1.0 - scale.share(*value)))
            })
            .collect();
        let joined: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.2} {y:.2}"))
            .collect();
        let path = format!("M{}", joined.join("L"));
        if data.kind == Kind::Area
            && let (Some(first), Some(last)) = (points.first(), points.last())
        {
            let closed = format!("{path}L{:.2} {floor:.2}L{:.2} {floor:.2}z", last.0, first.0);
            canvas.path(&closed, &format!(r#"fill="{colour}" fill-opacity="0.28""#));
        }
        let paint = format!(
            r#"fill="none" stroke="{colour}" stroke-width="{:.2}" stroke-linejoin="round" stroke-linecap="round""#,
            (unit / 140.0).max(1.5)
        );
        canvas.path(&path, &paint);
        for point in points.iter().filter(|_| data.labels.len() <= 24) {
            canvas.circle(
                *point,
                (unit / 100.0).max(2.0),
                &format!(r#"fill="{colour}""#),
            );
        }
    }
}

/// A number of the axis, without digits that its step makes no use of.
pub(super) fn label(value: f64, step: f64, unit: &str) -> String {
    let (divisor, suffix) = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
        .into_iter()
        .find(|(divisor, _)| value.abs() >= *divisor && step >= divisor / 10.0)
        .unwrap_or((1.0, ""));
    let shown_step = step / divisor;
    let digits = (0..12_usize)
        .scan(shown_step, |rest, digits| {
            let is_whole = (*rest - rest.round()).abs() < 1e-6 * rest.abs().max(1e-12);
            *rest *= 10.0;
            Some((digits, is_whole))
        })
        .find(|(_, is_whole)| *is_whole)
        .map_or(3, |(digits, _)| digits);
    let text = format!("{:.digits$}{suffix}", value / divisor);
    // A zero that came out of a sum may carry a sign.
    let text = if value.abs() < step / 1e6 {
        "0".to_owned()
    } else {
        text
    };
    match unit.chars().next() {
        None => text,
        Some('$' | '€' | '£') => match text.strip_prefix('-') {
            Some(amount) => format!("-{unit}{amount}"),
            None => format!("{unit}{text}"),
        },
        Some('%' | '°') => format!("{text}{unit}"),
        Some(_) => format!("{text} {unit}"),
    }
}

fn number(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scales_are_round() {
        let labels = |values: &[f64]| {
            let scale = Scale::over(values.iter().copied());
            scale
                .ticks()
                .map(|tick| label(tick, scale.step, ""))
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(&[3.0, 9.5]), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(&[-0.05, 0.1]), ["-0.05", "0", "0.05", "0.10"]);
        assert_eq!(
            labels(&[1_200_000.0]),
            ["0", "200k", "400k", "600k", "800k", "1.0M", "1.2M"]
        );
        assert_eq!(
            labels(&[0.0]),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|text| if text == "0.0" {
                "0"
            } else {
                text
            })
        );
        assert_eq!(label(5.0, 5.0, "%"), "5%");
        assert_eq!(label(-5.0, 5.0, "€"), "-€5");
        assert_eq!(label(5.0, 5.0, "km"), "5 km");
    }

    proptest! {
        #[test]
        fn every_value_is_inside_its_scale(values in proptest::collection::vec(-1e15..1e15_f64, 1..9)) {
            let scale = Scale::over(values.iter().copied());
            for value in values {
                prop_assert!(scale.low <= value && value <= scale.high, "{value} in {scale:?}");
            }
            prop_assert!((2..=9).contains(&scale.ticks().count()), "{scale:?}");
        }
    }
}
