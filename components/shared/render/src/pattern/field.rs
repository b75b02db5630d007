//! Values over a plane that repeats: noise and distances, on a grid that divides the picture.

use crate::random::{at, share};
use crate::raster::Size;

/// Cells over a picture; the last one is followed by the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    columns: i64,
    rows: i64,
    width: f32,
    height: f32,
}

impl Grid {
    /// So many cells along the shorter side, nearly square; an even number along both sides, so
    /// that what alternates repeats too.
    pub(super) fn of(size: Size, scale: u32) -> Self {
        let shorter = size.width.min(size.height).max(1);
        let count = |side: u32| {
            let cells =
                (i64::from(side) * i64::from(scale) + i64::from(shorter) / 2) / i64::from(shorter);
            (cells + cells % 2).max(2)
        };
        #[expect(clippy::cast_precision_loss, reason = "at most 4096")]
        let (width, height) = (size.width as f32, size.height as f32);
        Self {
            columns: count(size.width),
            rows: count(size.height),
            width,
            height,
        }
    }

    /// The grid with fewer cells, for values that change slowly.
    pub(super) fn coarser(self, factor: i64) -> Self {
        Self {
            columns: (self.columns / factor).max(1),
            rows: (self.rows / factor).max(1),
            ..self
        }
    }

    /// The middle of a pixel, in cells.
    pub(super) fn place(self, x: u32, y: u32) -> (f32, f32) {
        #[expect(clippy::cast_precision_loss, reason = "at most 4096")]
        let (x, y, columns, rows) = (x as f32, y as f32, self.columns as f32, self.rows as f32);
        (
            (x + 0.5) * columns / self.width,
            (y + 0.5) * rows / self.height,
        )
    }

    fn finer(self, factor: i64) -> Self {
        Self {
            columns: self.columns * factor,
            rows: self.rows * factor,
            ..self
        }
    }

    fn wrapped(self, column: i64, row: i64) -> (i64, i64) {
        (column.rem_euclid(self.columns), row.rem_euclid(self.rows))
    }
}

/// Value noise in octaves, from 0 to 1.
pub(super) fn fractal(grid: Grid, seed: u64, (u, v): (f32, f32), octaves: u32) -> f32 {
    let (mut sum, mut total, mut weight, mut factor) = (0.0, 0.0, 1.0_f32, 1_i64);
    for octave in 0..octaves {
        let stretch = f32::from(u8::try_from(factor).unwrap_or(u8::MAX));
        let place = (u * stretch, v * stretch);
        sum += weight
            * noise(
                grid.finer(factor),
                seed.wrapping_add(u64::from(octave)),
                place,
            );
        total += weight;
        weight *= 0.5;
        factor *= 2;
    }
    // Sums of noise are near the middle: spread them.
    ((sum / total - 0.5) * 1.5 + 0.5).clamp(0.0, 1.0)
}

fn noise(grid: Grid, seed: u64, (u, v): (f32, f32)) -> f32 {
    let (left, top) = (u.floor(), v.floor());
    let (x, y) = (smooth(u - left), smooth(v - top));
    #[expect(clippy::cast_possible_truncation, reason = "a few thousand cells")]
    let (column, row) = (left as i64, top as i64);
    let corner = |dx, dy| {
        let (column, row) = grid.wrapped(column + dx, row + dy);
        share(at(seed, column, row))
    };
    let above = corner(0, 0) * (1.0 - x) + corner(1, 0) * x;
    let below = corner(0, 1) * (1.0 - x) + corner(1, 1) * x;
    above * (1.0 - y) + below * y
}

/// The bits of the nearest of one point in each cell, and how much nearer it is than the second.
pub(super) fn cells(grid: Grid, seed: u64, (u, v): (f32, f32)) -> (u64, f32) {
    #[expect(clippy::cast_possible_truncation, reason = "a few thousand cells")]
    let (column, row) = (u.floor() as i64, v.floor() as i64);
    let (mut nearest, mut second, mut bits) = (f32::MAX, f32::MAX, 0);
    for dy in -1..=1_i8 {
        for dx in -1..=1_i8 {
            let (at_column, at_row) = grid.wrapped(column + i64::from(dx), row + i64::from(dy));
            let here = at(seed, at_column, at_row);
            let (px, py) = (share(here), share(here << 24));
            let away_x = u - u.floor() - f32::from(dx) - px;
            let away_y = v - v.floor() - f32::from(dy) - py;
            let away = (away_x * away_x + away_y * away_y).sqrt();
            if away < nearest {
                (second, nearest, bits) = (nearest, away, here);
            } else if away < second {
                second = away;
            }
        }
    }
    (bits.rotate_left(17), second - nearest)
}

/// A share of the second colour over the first.
pub(super) fn mixed(one: [u8; 3], other: [u8; 3], share: f32) -> [u8; 3] {
    let channel = |one: u8, other: u8| {
        let value = f32::from(one) * (1.0 - share) + f32::from(other) * share + 0.5;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between two bytes"
        )]
        let byte = value as u8;
        byte
    };
    let ([r, g, b], [other_r, other_g, other_b]) = (one, other);
    [
        channel(r, other_r),
        channel(g, other_g),
        channel(b, other_b),
    ]
}

fn smooth(share: f32) -> f32 {
    share * share * (3.0 - 2.0 * share)
}
