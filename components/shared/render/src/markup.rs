//! SVG as the models write it: only what draws the same everywhere. Rounded corners and circles are
//! curves with fixed factors, not arcs, whose end points would need the sine of the platform.

use std::fmt::Write;

use crate::fonts::{self, Face};
use crate::raster::{Raster, Size};
use crate::svg::{Svg, SvgError};

/// How far the control points of a quarter circle are from its ends, as a share of the radius.
const QUARTER: f32 = 0.552_285;

/// A drawing under construction. Lengths are pixels.
#[derive(Debug)]
pub struct Canvas {
    size: Size,
    body: String,
}

/// A line of text and how it looks.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The text.
    pub text: &'a str,
    /// Where its base line is anchored.
    pub at: (f32, f32),
    /// Height of the letters in pixels.
    pub size: f32,
    /// Their colour.
    pub colour: [u8; 3],
    /// Which font.
    pub face: Face,
    /// Which part of the line is at the point.
    pub align: Align,
}

/// Which part of a line is at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A box, in pixels from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Pixels left of it.
    pub x: f32,
    /// Pixels above it.
    pub y: f32,
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
}

impl Area {
    /// The point in the middle.
    pub fn middle(&self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

impl Canvas {
    /// An empty drawing.
    pub fn new(size: Size) -> Self {
        Self {
            size,
            body: String::new(),
        }
    }

    /// Adds elements as they are. What comes from a prompt must go through [`escaped`] first.
    pub fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// Adds a box with round corners. `paint` is the attributes: `fill`, `stroke` and the like.
    pub fn rounded(&mut self, area: Area, radius: f32, paint: &str) {
        let path = rounded(area, radius);
        self.element("path", &format!(r#"d="{path}""#), paint);
    }

    /// Adds a circle.
    pub fn circle(&mut self, (x, y): (f32, f32), radius: f32, paint: &str) {
        let area = Area {
            x: x - radius,
            y: y - radius,
            width: 2.0 * radius,
            height: 2.0 * radius,
        };
        self.rounded(area, radius, paint);
    }

    /// Adds a box with square corners.
    pub fn rectangle(&mut self, area: Area, paint: &str) {
        self.rounded(area, 0.0, paint);
    }

    /// Adds a straight line.
    pub fn segment(&mut self, from: (f32, f32), to: (f32, f32), paint: &str) {
        let path = format!("M{:.2} {:.2}L{:.2} {:.2}", from.0, from.1, to.0, to.1);
        self.path(&path, paint);
    }

    /// Adds a path.
    pub fn path(&mut self, path: &str, paint: &str) {
        self.element("path", &format!(r#"d="{path}""#), paint);
    }

    /// Adds a line of text.
    pub fn text(&mut self, line: Line<'_>) {
        let anchor = match line.align {
            Align::Start => "start",
            Align::Middle => "middle",
            Align::End => "end",
        };
        let weight = match line.face {
            Face::Regular => 400,
            Face::Bold => 700,
        };
        let (x, y) = line.at;
        // Writing to a text cannot fail.
        let _ = write!(
            self.body,
            r#"<text x="{x:.2}" y="{y:.2}" font-size="{:.2}" font-weight="{weight}" text-anchor="{anchor}" fill="{}">{}</text>"#,
            line.size,
            hex(line.colour),
            escaped(line.text)
        );
    }

    /// The source of the drawing.
    pub fn source(&self) -> String {
        let Size { width, height } = self.size;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{}</svg>"#,
            self.body
        )
    }

    /// Draws it.
    ///
    /// # Errors
    /// A size that is not drawn, or more elements than are drawn.
    pub fn draw(&self, background: Option<[u8; 3]>) -> Result<Raster, SvgError> {
        Svg::parse(&self.source())?.draw(self.size, background)
    }

    fn element(&mut self, name: &str, geometry: &str, paint: &str) {
        // Writing to a text cannot fail.
        let _ = write!(self.body, "<{name} {geometry} {paint}/>");
    }
}

/// Text as the content or the attribute of an element. Control characters, which XML cannot hold,
/// are left out.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => safe.push(letter),
        }
    }
    safe
}

/// A colour as an attribute has it.
pub fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Breaks a text into lines of at most so many pixels; a word that is longer is broken too. What
/// does not fit into `max_lines` ends with an ellipsis.
pub fn wrapped(text: &str, face: Face, size: f32, (width, max_lines): (f32, usize)) -> Vec<String> {
    let fits = |line: &str| fonts::width(line, face, size) <= width;
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace().flat_map(|word| pieces(word, &fits)) {
        let longer = match line.as_str() {
            "" => word.clone(),
            line => format!("{line} {word}"),
        };
        if fits(&longer) || line.is_empty() {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word));
        }
        if lines.len() > max_lines {
            break;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > max_lines {
        lines.truncate(max_lines);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last}…"), &fits);
        }
    }
    lines
}

/// One line of at most so many pixels; what is longer ends with an ellipsis.
pub fn shortened(text: &str, face: Face, size: f32, width: f32) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = |line: &str| fonts::width(line, face, size) <= width;
    if fits(&text) {
        return text;
    }
    cut(&format!("{text}…"), &fits)
}

/// Takes letters from before the ellipsis until the line fits.
fn cut(line: &str, fits: &impl Fn(&str) -> bool) -> String {
    let mut kept: Vec<char> = line.trim_end_matches('…').chars().collect();
    loop {
        let text: String = kept.iter().collect();
        let short = format!("{}…", text.trim_end());
        if fits(&short) || kept.pop().is_none() {
            return short;
        }
    }
}

/// A word, in pieces when it is too long for a line.
fn pieces(word: &str, fits: &impl Fn(&str) -> bool) -> Vec<String> {
    if fits(word) {
        return vec![word.to_owned()];
    }
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for letter in word.chars() {
        piece.push(letter);
        if !fits(&piece) && piece.chars().count() > 1 {
            piece.pop();
            pieces.push(std::mem::replace(&mut piece, letter.to_string()));
        }
    }
    pieces.push(piece);
    pieces
}

fn rounded(area: Area, radius: f32) -> String {
    let Area {
        x,
        y,
        width,
        height,
    } = area;
    let (right, bottom) = (x + width, y + height);
    let r = radius.min(width / 2.0).min(height / 2.0).max(0.0);
    if r == 0.0 {
        return format!("M{x:.2} {y:.2}H{right:.2}V{bottom:.2}H{x:.2}z");
    }
    // From the end of a straight edge to the control point near the corner.
    let k = r * (1.0 - QUARTER);
    format!(
        "M{:.2} {y:.2}H{:.2}C{:.2} {y:.2} {right:.2} {:.2} {right:.2} {:.2}V{:.2}C{right:.2} {:.2} {:.2} {bottom:.2} {:.2} {bottom:.2}\
         H{:.2}C{:.2} {bottom:.2} {x:.2} {:.2} {x:.2} {:.2}V{:.2}C{x:.2} {:.2} {:.2} {y:.2} {:.2} {y:.2}z",
        x + r,
        right - r,
        right - k,
        y + k,
        y + r,
        bottom - r,
        bottom - k,
        right - k,
        right - r,
        x + r,
        x + k,
        bottom - k,
        bottom - r,
        y + r,
        y + k,
        x + k,
        x + r,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(
            escaped("a<b>&\"'\u{0}\u{8}\n"),
            "a&lt;b&gt;&amp;&quot;&apos; "
        );
    }

    #[test]
    fn words_are_kept_together_and_the_rest_is_an_ellipsis() {
        let lines = wrapped("one two three four", Face::Regular, 10.0, (45.0, 9));
        assert_eq!(lines, ["one two", "three", "four"]);
        let lines = wrapped("one two three four", Face::Regular, 10.0, (45.0, 2));
        assert_eq!(lines, ["one two", "three…"]);
        assert_eq!(
            shortened("one two three", Face::Regular, 10.0, 48.0),
            "one two…"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn lines_fit(text in "[a-zA-Z ]{0,80}", width in 20.0..200.0_f32) {
            for line in wrapped(&text, Face::Bold, 12.0, (width, 4)) {
                prop_assert!(fonts::width(&line, Face::Bold, 12.0) <= width, "{line:?}");
            }
        }

        #[test]
        fn any_text_can_be_drawn(text in "\\PC{0,40}|[\\x00-\\x20]{0,9}") {
            let mut canvas = Canvas::new(Size { width: 40, height: 20 });
            canvas.text(Line { text: &text, at: (0.0, 15.0), size: 10.0, colour: [0; 3], face: Face::Regular, align: Align::Start });
            prop_assert!(canvas.draw(None).is_ok());
        }
    }
}
