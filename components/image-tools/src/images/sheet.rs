//! Several pictures on one sheet, so that they can be compared for the price of one.

use image::{Rgba, RgbaImage};

use super::caption::label;
use super::edit::{EditError, bounded};
use super::overlay::laid;
use super::picture::Picture;
use super::resize::{Mode, fitted, resize};
use super::shape::Size;

/// Pictures on one sheet.
pub const MAX_CELLS: usize = 36;

/// Rows of pixels for the label below a picture.
const LABEL_HEIGHT: u32 = 28;

/// One picture and what is written below it.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The picture.
    pub picture: Picture,
    /// One line; cut off when it is longer than the picture is wide.
    pub label: Option<String>,
}

/// How a sheet is laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// Pictures in a row; `None` for as square as possible.
    pub columns: Option<u32>,
    /// The box that each picture is fitted into.
    pub cell: Size,
    /// Pixels between the boxes and around them.
    pub gap: u32,
    /// What shows between them.
    pub background: Rgba<u8>,
}

impl Default for Sheet {
    fn default() -> Self {
        Self {
            columns: None,
            cell: Size {
                width: 320,
                height: 320,
            },
            gap: 12,
            background: super::colour::WHITE,
        }
    }
}

/// Makes a sheet, row by row from the top left.
///
/// # Errors
/// No picture, too many of them, or a sheet beyond the limits.
pub fn contact_sheet(cells: Vec<Cell>, sheet: &Sheet) -> Result<Picture, EditError> {
    let layout = Layout::plan(&cells, sheet)?;
    let mut canvas = Picture::Rgba(RgbaImage::from_pixel(
        layout.size.width,
        layout.size.height,
        sheet.background,
    ));
    for (cell, (left, top)) in cells.into_iter().zip(layout.corners()) {
        let size = fitted(cell.picture.size(), sheet.cell);
        // Small pictures are not blown up.
        let size = if size.pixels() > cell.picture.size().pixels() {
            cell.picture.size()
        } else {
            size
        };
        let picture = resize(cell.picture, size, Mode::Fill)?;
        let x = left + i64::from((sheet.cell.width - size.width) / 2);
        let y = top + i64::from((sheet.cell.height - size.height) / 2);
        canvas = laid(canvas, &picture.into_rgba(), (x, y), u8::MAX);
        if let Some(text) = &cell.label {
            let strip = label(text, sheet.cell.width, LABEL_HEIGHT, sheet.background)?;
            let below = top + i64::from(sheet.cell.height);
            canvas = laid(canvas, &strip, (left, below), u8::MAX);
        }
    }
    Ok(canvas.without_useless_alpha())
}

/// Where the boxes go.
struct Layout {
    columns: u32,
    rows: u32,
    step: Size,
    gap: u32,
    size: Size,
}

impl Layout {
    fn plan(cells: &[Cell], sheet: &Sheet) -> Result<Self, EditError> {
        let count = u32::try_from(cells.len()).unwrap_or(u32::MAX);
        if cells.is_empty() || cells.len() > MAX_CELLS {
            return Err(EditError::Count {
                max: MAX_CELLS,
                found: cells.len(),
            });
        }
        let cell = bounded(u64::from(sheet.cell.width), u64::from(sheet.cell.height))?;
        let square = (1..count).find(|side| side * side >= count).unwrap_or(1);
        let columns = sheet.columns.unwrap_or(square).clamp(1, count);
        let rows = count.div_ceil(columns);
        let label = match cells.iter().any(|cell| cell.label.is_some()) {
            true => LABEL_HEIGHT,
            false => 0,
        };
        let gap = sheet.gap.min(256);
        let step = Size {
            width: cell.width + gap,
            height: cell.height + label + gap,
        };
        let size = bounded(
            u64::from(columns) * u64::from(step.width) + u64::from(gap),
            u64::from(rows) * u64::from(step.height) + u64::from(gap),
        )?;
        Ok(Self {
            columns,
            rows,
            step,
            gap,
            size,
        })
    }

    fn corners(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        let at = |index: u32, step: u32| i64::from(self.gap) + i64::from(index) * i64::from(step);
        (0..self.rows).flat_map(move |row| {
            (0..self.columns)
                .map(move |column| (at(column, self.step.width), at(row, self.step.height)))
        })
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;

    use super::*;

    fn cell(width: u32, height: u32) -> Cell {
        Cell {
            picture: Picture::Rgb(RgbImage::from_pixel(width, height, Rgb([0, 0, 200]))),
            label: None,
        }
    }

    fn small() -> Sheet {
        Sheet {
            cell: Size {
                width: 20,
                height: 10,
            },
            gap: 2,
            ..Sheet::default()
        }
    }

    #[test]
    fn four_pictures_are_two_by_two() {
        let sheet = contact_sheet(vec![cell(40, 20); 4], &small()).unwrap();
        let Picture::Rgb(pixels) = sheet else {
            panic!("expected RGB")
        };
        assert_eq!(pixels.dimensions(), (46, 26));
        assert_eq!(pixels.get_pixel(1, 1).0, [255; 3]);
        assert_eq!(pixels.get_pixel(2, 2).0, [0, 0, 200]);
        assert_eq!(pixels.get_pixel(43, 23).0, [0, 0, 200]);
        assert_eq!(pixels.get_pixel(22, 12).0, [255; 3]);
    }

    #[test]
    fn a_label_has_its_own_strip() {
        let mut labelled = cell(40, 20);
        labelled.label = Some("A <b> & \"c\"".to_owned());
        let sheet = contact_sheet(vec![labelled], &Sheet::default()).unwrap();
        assert_eq!(
            sheet.size(),
            Size {
                width: 344,
                height: 344 + LABEL_HEIGHT
            }
        );
        let Picture::Rgb(pixels) = sheet else {
            panic!("expected RGB")
        };
        let strip = pixels
            .enumerate_pixels()
            .filter(|(_, y, _)| (332..332 + LABEL_HEIGHT).contains(y));
        assert!(strip.into_iter().any(|(_, _, pixel)| pixel.0[0] < 100));
    }

    #[test]
    fn none_and_too_many_are_refused() {
        for count in [0, MAX_CELLS + 1] {
            let error = contact_sheet(vec![cell(1, 1); count], &small()).unwrap_err();
            assert_eq!(
                error,
                EditError::Count {
                    max: MAX_CELLS,
                    found: count
                }
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_picture_is_on_the_sheet_once(
            count in 1..12_usize, columns in proptest::option::of(0..20_u32), side in (1..40_u32, 1..40_u32),
        ) {
            let sheet = Sheet { columns, ..small() };
            let cells = vec![cell(side.0, side.1); count];
            let inner = fitted(Size { width: side.0, height: side.1 }, sheet.cell).pixels()
                .min(u64::from(side.0) * u64::from(side.1));
            let pixels = contact_sheet(cells, &sheet).unwrap().into_rgba();
            let blue = pixels.pixels().filter(|pixel| pixel.0 == [0, 0, 200, 255]).count();
            prop_assert_eq!(u64::try_from(blue).unwrap(), inner * u64::try_from(count).unwrap());
        }
    }
}
