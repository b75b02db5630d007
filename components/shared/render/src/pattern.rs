//! The model `pattern`: textures that follow from a seed. All but `gradient` repeat without a seam.
//!
//! Pixels are computed from whole numbers and with the four basic operations and square roots only,
//! whose results are the same on every machine.

mod field;

use field::{Grid, cells, fractal, mixed};

use crate::model::DrawError;
use crate::prompt::{Grammar, colour, read};
use crate::random::{Random, at, share};
use crate::raster::{Raster, Size};
use crate::theme::{THEMES, Theme};

/// How prompts are written.
pub const GRAMMAR: Grammar = Grammar {
    keys: &["kind", "theme", "colors", "scale"],
    help: "write words with a kind (gradient, mesh, noise, voronoi, truchet, topo, halftone, checker, stripes, dots) and a theme \
           (light, dark, ocean, sunset, forest, paper), such as `topo ocean`; or lines `kind: ...`, `theme: ...`, \
           `colors: #102030, #405060`, `scale: 1..64` (cells along the shorter side); or the same as a JSON object. \
           Whatever is left out follows from the seed",
};

/// A kind of texture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gradient,
    Mesh,
    Noise,
    Voronoi,
    Truchet,
    Topo,
    Halftone,
    Checker,
    Stripes,
    Dots,
}

const KINDS: [(&str, Kind, u32); 10] = [
    ("gradient", Kind::Gradient, 1),
    ("mesh", Kind::Mesh, 2),
    ("noise", Kind::Noise, 4),
    ("voronoi", Kind::Voronoi, 8),
    ("truchet", Kind::Truchet, 12),
    ("topo", Kind::Topo, 3),
    ("halftone", Kind::Halftone, 28),
    ("checker", Kind::Checker, 8),
    ("stripes", Kind::Stripes, 10),
    ("dots", Kind::Dots, 12),
];

/// Draws a texture.
///
/// # Errors
/// A prompt that cannot be read.
pub fn draw(prompt: &str, size: Size, seed: u64) -> Result<Raster, DrawError> {
    let fields = read(prompt, GRAMMAR)?;
    let words = fields.prose.join(" ").to_ascii_lowercase();
    let mut random = Random::new(seed);
    let named = |word: &str| {
        KINDS
            .iter()
            .find(|(name, ..)| word.eq_ignore_ascii_case(name))
    };
    let kind = fields.choice("kind", format!("one of {}", names()), named)?;
    let said = words
        .split(|letter: char| !letter.is_alphanumeric())
        .find_map(named);
    // Drawn in any case, so that naming what chance would have chosen changes nothing else.
    let chances = (random.below(10), random.below(6));
    let chance = |place: u32| usize::try_from(place).unwrap_or(0);
    let (_, kind, usual) = kind
        .or(said)
        .or(KINDS.get(chance(chances.0)))
        .copied()
        .unwrap_or(("gradient", Kind::Gradient, 1));
    let theme = fields
        .choice(
            "theme",
            format!("one of {}", Theme::names()),
            Theme::from_name,
        )?
        .or_else(|| Theme::in_words(&words))
        .or(THEMES.get(chance(chances.1)))
        .unwrap_or(&THEMES[0]);
    let scale = fields.choice("scale", "a whole number from 1 to 64", |text| {
        text.parse()
            .ok()
            .filter(|scale| (1..=64_u32).contains(scale))
    })?;
    let mut colours = Vec::new();
    for text in fields
        .value("colors")
        .map(|_| fields.list("colors"))
        .unwrap_or_default()
    {
        let parsed = colour(&text);
        colours.push(
            parsed.ok_or_else(|| fields.wrong("colors", "colours such as `#102030`", &text))?,
        );
    }
    if colours.len() < 2 {
        colours = vec![
            theme.background,
            theme.far,
            theme.accent(0),
            theme.accent(1),
        ];
    }
    let texture = Texture {
        kind,
        grid: Grid::of(size, scale.unwrap_or(usual)),
        colours,
        seed: random.bits(),
    };
    Ok(texture.draw(size))
}

fn names() -> String {
    KINDS.map(|(name, ..)| name).join(", ")
}

struct Texture {
    kind: Kind,
    grid: Grid,
    colours: Vec<[u8; 3]>,
    seed: u64,
}

impl Texture {
    fn draw(&self, size: Size) -> Raster {
        let mut rgba = Vec::new();
        for y in 0..size.height {
            for x in 0..size.width {
                let [red, green, blue] = self.pixel(x, y, size);
                rgba.extend([red, green, blue, u8::MAX]);
            }
        }
        Raster { size, rgba }
    }

    fn pixel(&self, x: u32, y: u32, size: Size) -> [u8; 3] {
        // The middle of the pixel, in cells.
        let (u, v) = self.grid.place(x, y);
        match self.kind {
            Kind::Gradient => {
                #[expect(clippy::cast_precision_loss, reason = "at most 4096")]
                let along = (x as f32 / size.width as f32 + y as f32 / size.height as f32) / 2.0;
                self.ramp(along)
            }
            Kind::Mesh => {
                let soft = fractal(self.grid, self.seed, (u, v), 1);
                let other = fractal(self.grid, self.seed ^ 0x55, (u, v), 2);
                mixed(self.ramp(soft), self.ramp(other), 0.4)
            }
            Kind::Noise => self.ramp(fractal(self.grid, self.seed, (u, v), 5)),
            Kind::Topo => {
                let height = fractal(self.grid, self.seed, (u, v), 3) * 14.0;
                let level = height - height.floor();
                let ground = self.ramp(height.floor() / 14.0);
                let line = self.colour(2);
                mixed(ground, line, ((0.09 - level) * 14.0).clamp(0.0, 0.8))
            }
            Kind::Voronoi => {
                let (nearest, gap) = cells(self.grid, self.seed, (u, v));
                let ground = self.ramp(share(nearest));
                mixed(self.colour(0), ground, (gap * 14.0).clamp(0.0, 1.0))
            }
            Kind::Truchet => self.truchet(u, v),
            Kind::Halftone => {
                let (du, dv) = (u.fract() - 0.5, v.fract() - 0.5);
                let tone = fractal(self.grid.coarser(7), self.seed, (u / 7.0, v / 7.0), 2);
                self.spot(du * du + dv * dv, 0.08 + tone * 0.5)
            }
            Kind::Dots => {
                let (du, dv) = (u.fract() - 0.5, v.fract() - 0.5);
                self.spot(du * du + dv * dv, 0.28)
            }
            Kind::Checker => {
                let is_odd = (u.floor() + v.floor()) % 2.0 != 0.0;
                if is_odd {
                    self.colour(1)
                } else {
                    self.colour(0)
                }
            }
            Kind::Stripes => {
                let along = u + v;
                let place = along - (along / 2.0).floor() * 2.0;
                if place < 1.0 {
                    self.colour(0)
                } else {
                    self.colour(2)
                }
            }
        }
    }

    /// Quarter circles around two opposite corners of each cell (Smith, 1987).
    fn truchet(&self, u: f32, v: f32) -> [u8; 3] {
        #[expect(clippy::cast_possible_truncation, reason = "a few dozen cells")]
        let cell = (u.floor() as i64, v.floor() as i64);
        let (mut du, dv) = (u.fract(), v.fract());
        if at(self.seed, cell.0, cell.1) & 1 == 1 {
            du = 1.0 - du;
        }
        let near = (du * du + dv * dv).sqrt();
        let far = ((1.0 - du) * (1.0 - du) + (1.0 - dv) * (1.0 - dv)).sqrt();
        let off = (near - 0.5).abs().min((far - 0.5).abs());
        let edge = (0.5 - (off - 0.13) * 24.0).clamp(0.0, 1.0);
        mixed(self.colour(0), self.colour(2), edge)
    }

    /// Inside a radius the accent, outside the ground.
    fn spot(&self, square: f32, radius: f32) -> [u8; 3] {
        let edge = ((radius - square.sqrt()) * 16.0 + 0.5).clamp(0.0, 1.0);
        mixed(self.colour(0), self.colour(2), edge)
    }

    /// The colours one after the other, mixed in between.
    fn ramp(&self, share: f32) -> [u8; 3] {
        let last = self.colours.len().saturating_sub(1);
        let steps = f32::from(u8::try_from(last).unwrap_or(u8::MAX));
        let along = share.clamp(0.0, 1.0) * steps;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 255 colours"
        )]
        let below = (along as usize).min(last.saturating_sub(1));
        let rest = along - f32::from(u8::try_from(below).unwrap_or(u8::MAX));
        mixed(self.colour(below), self.colour(below + 1), rest)
    }

    fn colour(&self, position: usize) -> [u8; 3] {
        let place = position % self.colours.len().max(1);
        self.colours.get(place).copied().unwrap_or_default()
    }
}
