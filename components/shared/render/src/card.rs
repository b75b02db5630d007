//! The model `card`: a title, a subtitle, points and a badge, laid out to be read: link previews,
//! banners, slides, quotes.

use crate::fonts::Face;
use crate::markup::{Align, Area, Canvas, Line, hex, shortened, wrapped};
use crate::model::DrawError;
use crate::prompt::{Grammar, read};
use crate::raster::{Raster, Size};
use crate::theme::{THEMES, Theme, readable_on};

/// How prompts are written.
pub const GRAMMAR: Grammar = Grammar {
    keys: &[
        "title", "subtitle", "badge", "footer", "points", "theme", "align",
    ],
    help: "write lines `title: ...`, and if wanted `subtitle:`, `badge:`, `footer:`, `theme:` (light, dark, ocean, sunset, \
           forest, paper), `align:` (left, center), and points as lines that begin with `-`; or the same as a JSON object. \
           Without keys the first line is the title and the next ones the subtitle",
};

/// Points of a card.
const MAX_POINTS: usize = 8;

/// What is on the card.
struct Card {
    title: String,
    subtitle: String,
    badge: Option<String>,
    footer: Option<String>,
    points: Vec<String>,
    theme: &'static Theme,
    is_centred: bool,
}

/// Draws a card.
///
/// # Errors
/// A prompt without a title, or one that cannot be read.
pub fn draw(prompt: &str, size: Size, is_transparent: bool) -> Result<Raster, DrawError> {
    let card = Card::read(prompt)?;
    let mut canvas = Canvas::new(size);
    if !is_transparent {
        card.background(&mut canvas, size);
    }
    card.content(&mut canvas, size);
    Ok(canvas.draw(None)?)
}

impl Card {
    fn read(prompt: &str) -> Result<Self, DrawError> {
        let fields = read(prompt, GRAMMAR)?;
        let mut prose = fields.prose.iter().cloned();
        let title = fields.text("title").or_else(|| prose.next());
        let title = title.ok_or_else(|| fields.missing("title"))?;
        let subtitle = fields
            .text("subtitle")
            .unwrap_or_else(|| prose.collect::<Vec<_>>().join(" "));
        let theme = fields.choice(
            "theme",
            format!("one of {}", Theme::names()),
            Theme::from_name,
        )?;
        let align = fields.choice("align", "`left` or `center`", |word| match word {
            "left" => Some(false),
            "center" | "centre" => Some(true),
            _ => None,
        })?;
        let mut points = fields.list("points");
        points.truncate(MAX_POINTS);
        Ok(Self {
            title,
            subtitle,
            badge: fields.text("badge"),
            footer: fields.text("footer"),
            is_centred: align.unwrap_or(false) && points.is_empty(),
            points,
            theme: theme.unwrap_or(&THEMES[0]),
        })
    }

    fn background(&self, canvas: &mut Canvas, size: Size) {
        let (width, height) = sides(size);
        canvas.raw(&format!(
            r#"<linearGradient id="b" x1="0" y1="0" x2="1" y2="1"><stop stop-color="{}"/><stop offset="1" stop-color="{}"/></linearGradient>"#,
            hex(self.theme.background),
            hex(self.theme.far)
        ));
        let all = Area {
            x: 0.0,
            y: 0.0,
            width,
            height,
        };
        canvas.rectangle(all, r#"fill="url(#b)""#);
        let strip = Area {
            width: width.min(height) / 60.0,
            ..all
        };
        let paint = format!(r#"fill="{}""#, hex(self.theme.accent(0)));
        canvas.rectangle(strip, &paint);
    }

    fn content(&self, canvas: &mut Canvas, size: Size) {
        let (width, height) = sides(size);
        let unit = width.min(height);
        let margin = unit * 0.09;
        let room = width - 2.0 * margin;
        let title_size = self.title_size(room, height);
        let title = wrapped(&self.title, Face::Bold, title_size, (room, 4));
        let subtitle_size = (title_size * 0.48).clamp(unit * 0.03, unit * 0.06);
        let lines = if self.points.is_empty() { 4 } else { 2 };
        let subtitle = wrapped(&self.subtitle, Face::Regular, subtitle_size, (room, lines));
        let point_size = subtitle_size * 0.95;
        let badge_size = unit * 0.034;
        let badge_height = badge_size * 2.0;

        let rows = |count: usize| f32::from(u16::try_from(count).unwrap_or(u16::MAX));
        let title_height = rows(title.len()) * title_size * 1.12;
        let subtitle_height = rows(subtitle.len()) * subtitle_size * 1.4;
        let points_height = rows(self.points.len()) * point_size * 1.75;
        let mut total = title_height + subtitle_height + points_height;
        if self.badge.is_some() {
            total += badge_height * 1.6;
        }
        let (x, align) = if self.is_centred {
            (width / 2.0, Align::Middle)
        } else {
            (margin, Align::Start)
        };
        let footer_height = if self.footer.is_some() {
            unit * 0.08
        } else {
            0.0
        };
        let mut y = ((height - footer_height - total) / 2.0).max(margin * 0.6);
        if let Some(badge) = &self.badge {
            self.badge(canvas, (badge, badge_size), (x, y, room));
            y += badge_height * 1.6;
        }
        y += title_size * 0.9;
        for text in &title {
            canvas.text(Line {
                text,
                at: (x, y),
                size: title_size,
                colour: self.theme.ink,
                face: Face::Bold,
                align,
            });
            y += title_size * 1.12;
        }
        y += subtitle_size * 0.55 - title_size * 0.15;
        for text in &subtitle {
            canvas.text(Line {
                text,
                at: (x, y),
                size: subtitle_size,
                colour: self.theme.soft,
                face: Face::Regular,
                align,
            });
            y += subtitle_size * 1.4;
        }
        y += point_size * 0.3;
        for (position, point) in self.points.iter().enumerate() {
            let paint = format!(r#"fill="{}""#, hex(self.theme.accent(position)));
            canvas.circle(
                (margin + point_size * 0.3, y - point_size * 0.34),
                point_size * 0.2,
                &paint,
            );
            let text = shortened(point, Face::Regular, point_size, room - point_size);
            canvas.text(Line {
                text: &text,
                at: (margin + point_size, y),
                size: point_size,
                colour: self.theme.ink,
                face: Face::Regular,
                align: Align::Start,
            });
            y += point_size * 1.75;
        }
        if let Some(footer) = &self.footer {
            let size = unit * 0.032;
            canvas.text(Line {
                text: &shortened(footer, Face::Regular, size, room),
                at: (x, height - margin * 0.6),
                size,
                colour: self.theme.soft,
                face: Face::Regular,
                align,
            });
        }
    }

    /// The largest letters with which the title takes at most three lines.
    fn title_size(&self, room: f32, height: f32) -> f32 {
        let share = if self.points.is_empty() { 0.16 } else { 0.12 };
        let mut size = (room * 0.13).min(height * share);
        for _ in 0..12 {
            if wrapped(&self.title, Face::Bold, size, (room, 4)).len() <= 3 {
                break;
            }
            size *= 0.88;
        }
        size
    }

    fn badge(&self, canvas: &mut Canvas, (text, size): (&str, f32), (x, y, room): (f32, f32, f32)) {
        let text = shortened(text, Face::Bold, size, room * 0.6);
        let width = crate::fonts::width(&text, Face::Bold, size) + size * 1.6;
        let left = if self.is_centred { x - width / 2.0 } else { x };
        let area = Area {
            x: left,
            y,
            width,
            height: size * 2.0,
        };
        let colour = self.theme.accent(0);
        canvas.rounded(area, size, &format!(r#"fill="{}""#, hex(colour)));
        canvas.text(Line {
            text: &text,
            at: (left + width / 2.0, y + size * 1.36),
            size,
            colour: readable_on(colour),
            face: Face::Bold,
            align: Align::Middle,
        });
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most 4096")]
fn sides(size: Size) -> (f32, f32) {
    (size.width as f32, size.height as f32)
}
