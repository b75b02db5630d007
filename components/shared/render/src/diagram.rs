//! The model `diagram`: boxes and arrows, laid out in layers.

mod graph;
mod layout;

use graph::Graph;
use layout::{Placed, place};

use crate::fonts::Face;
use crate::markup::{Align, Area, Canvas, Line, hex};
use crate::model::DrawError;
use crate::prompt::Grammar;
use crate::raster::{Raster, Size};

/// How prompts are written.
pub const GRAMMAR: Grammar = Grammar {
    keys: &["title", "direction", "nodes", "edges", "theme"],
    help: "write lines `A -> B: label` (also `A -> B -> C`, and `A[Long name] -> B`), and if wanted `title: ...`, \
           `direction: right` or `down`, `theme: ...`; or JSON such as {\"nodes\": [{\"id\": \"a\", \"label\": \"A\"}], \
           \"edges\": [{\"from\": \"a\", \"to\": \"b\", \"label\": \"x\"}]}",
};

/// Draws a diagram, as large as fits.
///
/// # Errors
/// A prompt without boxes, or one that cannot be read.
pub fn draw(prompt: &str, size: Size, is_transparent: bool) -> Result<Raster, DrawError> {
    let graph = Graph::read(prompt)?;
    let placed = place(&graph);
    let mut canvas = Canvas::new(size);
    #[expect(clippy::cast_precision_loss, reason = "at most 4096")]
    let (width, height) = (size.width as f32, size.height as f32);
    let unit = width.min(height);
    let margin = unit * 0.04;
    let mut top = margin;
    if let Some(title) = &graph.title {
        let letters = unit * 0.05;
        canvas.text(Line {
            text: &crate::markup::shortened(title, Face::Bold, letters, width - 2.0 * margin),
            at: (width / 2.0, margin + letters * 0.8),
            size: letters,
            colour: graph.theme.ink,
            face: Face::Bold,
            align: Align::Middle,
        });
        top += letters * 1.6;
    }
    // The layout has its own measure; it is scaled to what is left, and not blown up beyond reason.
    let room = (width - 2.0 * margin, height - top - margin);
    let scale = (room.0 / placed.width)
        .min(room.1 / placed.height)
        .min(unit / 260.0);
    let left = margin + (room.0 - placed.width * scale) / 2.0;
    let above = top + (room.1 - placed.height * scale) / 2.0;
    canvas.raw(&format!(
        r#"<g transform="matrix({scale:.5} 0 0 {scale:.5} {left:.2} {above:.2})">"#
    ));
    edges(&mut canvas, &graph, &placed);
    boxes(&mut canvas, &graph, &placed);
    canvas.raw("</g>");
    let background = (!is_transparent).then_some(graph.theme.background);
    Ok(canvas.draw(background)?)
}

fn boxes(canvas: &mut Canvas, graph: &Graph, placed: &Placed) {
    for (node, area) in graph.nodes.iter().zip(&placed.boxes) {
        let accent = hex(graph.theme.accent(node.layer));
        let paint = format!(
            r#"fill="{}" stroke="{accent}" stroke-width="2""#,
            hex(graph.theme.surface)
        );
        canvas.rounded(*area, 8.0, &paint);
        let (x, y) = area.middle();
        let lines = layout::lines(&node.label);
        let count = f32::from(u8::try_from(lines.len()).unwrap_or(1));
        for (position, text) in lines.iter().enumerate() {
            let row = f32::from(u8::try_from(position).unwrap_or(0));
            canvas.text(Line {
                text,
                at: (
                    x,
                    y + (row - (count - 1.0) / 2.0) * layout::LINE + layout::LETTERS * 0.36,
                ),
                size: layout::LETTERS,
                colour: graph.theme.ink,
                face: Face::Regular,
                align: Align::Middle,
            });
        }
    }
}

fn edges(canvas: &mut Canvas, graph: &Graph, placed: &Placed) {
    let colour = hex(graph.theme.soft);
    for edge in &graph.edges {
        let (Some(from), Some(to)) = (placed.boxes.get(edge.from), placed.boxes.get(edge.to))
        else {
            continue;
        };
        let curve = Curve::between(*from, *to, graph.is_down);
        let path = format!(
            "M{:.2} {:.2}C{:.2} {:.2} {:.2} {:.2} {:.2} {:.2}",
            curve.start.0,
            curve.start.1,
            curve.near.0,
            curve.near.1,
            curve.far.0,
            curve.far.1,
            curve.end.0,
            curve.end.1
        );
        canvas.path(
            &path,
            &format!(r#"fill="none" stroke="{colour}" stroke-width="1.8""#),
        );
        canvas.path(&curve.head(), &format!(r#"fill="{colour}""#));
        if !edge.label.is_empty() {
            label(canvas, graph, curve.middle(), &edge.label);
        }
    }
}

fn label(canvas: &mut Canvas, graph: &Graph, (x, y): (f32, f32), text: &str) {
    let size = layout::LABEL_LETTERS;
    let text = crate::markup::shortened(text, Face::Regular, size, layout::WIDEST_LABEL);
    let width = crate::fonts::width(&text, Face::Regular, size) + 8.0;
    let ground = Area {
        x: x - width / 2.0,
        y: y - size * 0.75,
        width,
        height: size * 1.4,
    };
    canvas.rounded(
        ground,
        3.0,
        &format!(
            r#"fill="{}" fill-opacity="0.9""#,
            hex(graph.theme.background)
        ),
    );
    canvas.text(Line {
        text: &text,
        at: (x, y + size * 0.3),
        size,
        colour: graph.theme.soft,
        face: Face::Regular,
        align: Align::Middle,
    });
}

/// A cubic curve from one box to another.
struct Curve {
    start: (f32, f32),
    near: (f32, f32),
    far: (f32, f32),
    end: (f32, f32),
}

impl Curve {
    fn between(from: Area, to: Area, is_down: bool) -> Self {
        // Worked out as if from left to right, and mirrored at the diagonal for downwards.
        let turn = |area: Area| match is_down {
            false => area,
            true => Area {
                x: area.y,
                y: area.x,
                width: area.height,
                height: area.width,
            },
        };
        let (from, to) = (turn(from), turn(to));
        let (from_y, to_y) = (from.middle().1, to.middle().1);
        let is_forward = to.x > from.x + from.width;
        let (start, end) = if is_forward {
            ((from.x + from.width, from_y), (to.x, to_y))
        } else {
            // Backwards, and to itself: around the outside.
            (
                (from.x + from.width * 0.5, from.y + from.height),
                (to.x + to.width * 0.5 + 10.0, to.y + to.height),
            )
        };
        let (near, far) = if is_forward {
            let half = (end.0 - start.0) / 2.0;
            ((start.0 + half, start.1), (end.0 - half, end.1))
        } else {
            let bend = 30.0 + (start.0 - end.0).abs() * 0.15;
            let lowest = start.1.max(end.1) + bend;
            let is_loop = from == to;
            let side = if is_loop { -bend } else { bend };
            ((start.0 + side, lowest), (end.0 + bend * 0.4, lowest))
        };
        let back = |(x, y): (f32, f32)| if is_down { (y, x) } else { (x, y) };
        Self {
            start: back(start),
            near: back(near),
            far: back(far),
            end: back(end),
        }
    }

    /// The point half way.
    fn middle(&self) -> (f32, f32) {
        let at = |a: f32, b: f32, c: f32, d: f32| (a + 3.0 * b + 3.0 * c + d) / 8.0;
        (
            at(self.start.0, self.near.0, self.far.0, self.end.0),
            at(self.start.1, self.near.1, self.far.1, self.end.1),
        )
    }

    /// A triangle at the end, in the direction in which the curve arrives.
    fn head(&self) -> String {
        let (dx, dy) = (self.end.0 - self.far.0, self.end.1 - self.far.1);
        let length = (dx * dx + dy * dy).sqrt().max(0.001);
        let (ux, uy) = (dx / length * 9.0, dy / length * 9.0);
        let (x, y) = self.end;
        format!(
            "M{x:.2} {y:.2}L{:.2} {:.2}L{:.2} {:.2}z",
            x - ux - uy * 0.45,
            y - uy + ux * 0.45,
            x - ux + uy * 0.45,
            y - uy - ux * 0.45
        )
    }
}
