//! What a drawing costs in pixels at a size, before it is drawn: layers of groups, filters, masks
//! and patterns take memory, and each shape takes time.

use resvg::tiny_skia::Transform;
use resvg::usvg::filter::{Filter, Kind};
use resvg::usvg::{ClipPath, Group, Mask, Node, NonZeroRect, Paint, Path, Rect, Tree};

use super::SvgError;
use crate::raster::Size;

/// Pixels of layers that exist at the same time, at four bytes each.
const MAX_LIVE: f64 = 24e6;

/// Pixels that are touched in all; those of a filter count many times.
const MAX_TOUCHED: f64 = 1.2e9;

/// Dashes of one line.
const MAX_DASHES: f64 = 20_000.0;

/// Checks what drawing would cost.
pub(super) fn check(tree: &Tree, size: Size, scale: f32) -> Result<(), SvgError> {
    let canvas = f64::from(size.width) * f64::from(size.height);
    let mut budget = Budget {
        scale,
        // The renderer clips layers to five times the canvas each way.
        largest_layer: canvas * 25.0,
        canvas,
        touched: canvas,
    };
    budget.group(tree.root(), canvas)
}

struct Budget {
    scale: f32,
    largest_layer: f64,
    canvas: f64,
    touched: f64,
}

impl Budget {
    fn group(&mut self, group: &Group, live: f64) -> Result<(), SvgError> {
        let mut live = live;
        if group.should_isolate() {
            let layer = self.layer(group.abs_layer_bounding_box());
            live += layer;
            self.touch(layer * 2.0)?;
            for filter in group.filters() {
                live += layer * images(filter);
                self.touch(layer * effort(filter, self.scale_of(group.abs_transform())))?;
            }
            if let Some(clip) = group.clip_path() {
                self.clip(clip, live, layer)?;
            }
            if let Some(mask) = group.mask() {
                self.mask(mask, live, layer)?;
            }
        }
        self.alive(live)?;
        for node in group.children() {
            match node {
                Node::Group(inner) => self.group(inner, live)?,
                Node::Text(text) => self.group(text.flattened(), live)?,
                Node::Path(path) => self.path(path, live)?,
                Node::Image(_) => {}
            }
        }
        Ok(())
    }

    fn clip(&mut self, clip: &ClipPath, live: f64, layer: f64) -> Result<(), SvgError> {
        self.touch(layer * 3.0)?;
        self.group(clip.root(), live + layer * 2.0)?;
        match clip.clip_path() {
            Some(outer) => self.clip(outer, live + layer * 2.0, layer),
            None => Ok(()),
        }
    }

    fn mask(&mut self, mask: &Mask, live: f64, layer: f64) -> Result<(), SvgError> {
        self.touch(layer * 4.0)?;
        self.group(mask.root(), live + layer * 2.0)?;
        match mask.mask() {
            Some(outer) => self.mask(outer, live + layer * 2.0, layer),
            None => Ok(()),
        }
    }

    fn path(&mut self, path: &Path, live: f64) -> Result<(), SvgError> {
        self.touch(self.shown(path.abs_stroke_bounding_box()) + 64.0)?;
        if let Some(dashes) = path.stroke().and_then(|stroke| stroke.dasharray()) {
            let period: f32 = dashes.iter().sum();
            if f64::from(length(path)) > f64::from(period) * MAX_DASHES {
                return Err(SvgError::TooMuch {
                    what: "dashes of one line",
                    max: 20_000,
                });
            }
        }
        let paints = [
            path.fill().map(|fill| fill.paint()),
            path.stroke().map(|stroke| stroke.paint()),
        ];
        for paint in paints.into_iter().flatten() {
            let Paint::Pattern(pattern) = paint else {
                continue;
            };
            let transform = path.abs_transform().pre_concat(pattern.transform());
            let (x, y) = self.scales_of(transform);
            let rect = pattern.rect();
            let tile = f64::from(rect.width()) * x * f64::from(rect.height()) * y;
            self.touch(tile)?;
            self.alive(live + tile)?;
            self.group(pattern.root(), live + tile)?;
        }
        Ok(())
    }

    fn touch(&mut self, pixels: f64) -> Result<(), SvgError> {
        self.touched += pixels;
        // Written so that a figure that is no number is too much.
        if self.touched <= MAX_TOUCHED {
            return Ok(());
        }
        Err(SvgError::TooMuch {
            what: "shapes and effects for its size, in pixels that they touch",
            max: 1_200_000_000,
        })
    }

    fn alive(&self, pixels: f64) -> Result<(), SvgError> {
        if pixels <= MAX_LIVE + self.canvas {
            return Ok(());
        }
        Err(SvgError::TooMuch {
            what: "layers inside each other, in pixels",
            max: 24_000_000,
        })
    }

    fn layer(&self, rect: NonZeroRect) -> f64 {
        let side = |length: f32| f64::from(length * self.scale).ceil() + 4.0;
        (side(rect.width()) * side(rect.height())).min(self.largest_layer)
    }

    /// Pixels of a box, at most those of the canvas.
    fn shown(&self, rect: Rect) -> f64 {
        let side = |length: f32| f64::from(length * self.scale) + 1.0;
        (side(rect.width()) * side(rect.height())).min(self.canvas)
    }

    fn scales_of(&self, transform: Transform) -> (f64, f64) {
        let (x, y) = transform.get_scale();
        (f64::from(x * self.scale), f64::from(y * self.scale))
    }

    fn scale_of(&self, transform: Transform) -> f64 {
        let (x, y) = self.scales_of(transform);
        x.max(y)
    }
}

/// Layers that a filter keeps: its source, and what each step makes, at up to four floats a pixel.
fn images(filter: &Filter) -> f64 {
    let steps = u32::try_from(filter.primitives().len()).unwrap_or(u32::MAX);
    1.0 + f64::from(steps)
}

/// How many plain pixels one pixel of a filter is worth.
fn effort(filter: &Filter, scale: f64) -> f64 {
    let steps = filter.primitives().iter();
    steps.map(|step| step_effort(step.kind(), scale)).sum()
}

fn step_effort(kind: &Kind, scale: f64) -> f64 {
    match kind {
        Kind::GaussianBlur(_) | Kind::DropShadow(_) => 30.0,
        Kind::DiffuseLighting(_) | Kind::SpecularLighting(_) => 40.0,
        Kind::Turbulence(noise) => 60.0 * f64::from(noise.num_octaves()),
        Kind::ConvolveMatrix(matrix) => {
            let data = matrix.matrix();
            4.0 * f64::from(data.columns()) * f64::from(data.rows())
        }
        Kind::Morphology(morphology) => {
            let reach = |radius: f32| 2.0 * f64::from(radius) * scale + 2.0;
            reach(morphology.radius_x().get()) * reach(morphology.radius_y().get())
        }
        _ => 6.0,
    }
}

/// An upper bound: the way along all points that shape the path.
fn length(path: &Path) -> f32 {
    let mut before: Option<(f32, f32)> = None;
    let mut sum = 0.0;
    for point in path.data().points() {
        if let Some((x, y)) = before {
            sum += (point.x - x).hypot(point.y - y);
        }
        before = Some((point.x, point.y));
    }
    2.0 * sum
}
