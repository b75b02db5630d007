//! Another size, in one of four modes. The arithmetic is apart from the pixels, so that it can be
//! tested by itself.

use image::{Rgba, RgbaImage, imageops};

use super::edit::{EditError, bounded};
use super::picture::Picture;
use super::shape::Size;

/// What happens when the proportions of the image and of the wanted size differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The whole image, inside the size: one side may come out shorter.
    Fit,
    /// Exactly the size: the image is stretched.
    Fill,
    /// Exactly the size: the image covers it and is cut around the centre.
    Cover,
    /// Exactly the size: the whole image, and this colour around it.
    Pad(Rgba<u8>),
}

/// The names that a `mode` parameter takes.
pub const MODES: [&str; 4] = ["fit", "fill", "cover", "pad"];

impl Mode {
    /// The mode that a user names; `background` is used by `pad`.
    pub fn from_name(name: &str, background: Rgba<u8>) -> Option<Self> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match () {
            () if is("fit") => Some(Self::Fit),
            () if is("fill") => Some(Self::Fill),
            () if is("cover") => Some(Self::Cover),
            () if is("pad") => Some(Self::Pad(background)),
            () => None,
        }
    }
}

/// Gives an image another size; Lanczos, also when it becomes larger.
///
/// # Errors
/// A result beyond the limits, or a side of 0.
pub fn resize(picture: Picture, size: Size, mode: Mode) -> Result<Picture, EditError> {
    let size = bounded(u64::from(size.width), u64::from(size.height))?;
    match mode {
        Mode::Cover => picture.covering(size).map_err(EditError::Resize),
        Mode::Fill => picture.stretched(size).map_err(EditError::Resize),
        Mode::Fit => {
            let inner = fitted(picture.size(), size);
            picture.stretched(inner).map_err(EditError::Resize)
        }
        Mode::Pad(background) => {
            let inner = fitted(picture.size(), size);
            let picture = picture.stretched(inner).map_err(EditError::Resize)?;
            Ok(padded(picture, size, background))
        }
    }
}

/// The largest size of the proportions of `image` inside `limit`; also larger than the image.
pub fn fitted(image: Size, limit: Size) -> Size {
    let wide = u64::from(image.width) * u64::from(limit.height);
    let tall = u64::from(image.height) * u64::from(limit.width);
    if wide >= tall {
        Size {
            width: limit.width,
            height: scaled(image.height, limit.width, image.width).min(limit.height),
        }
    } else {
        Size {
            width: scaled(image.width, limit.height, image.height).min(limit.width),
            height: limit.height,
        }
    }
}

fn scaled(side: u32, numerator: u32, denominator: u32) -> u32 {
    u32::try_from(super::shape::ratio(side, numerator, denominator)).unwrap_or(u32::MAX)
}

fn padded(picture: Picture, size: Size, background: Rgba<u8>) -> Picture {
    if picture.size() == size {
        return picture;
    }
    let inner = picture.size();
    let x = i64::from((size.width - inner.width) / 2);
    let y = i64::from((size.height - inner.height) / 2);
    match picture {
        // Without alpha on either side there is none in the result.
        Picture::Rgb(pixels) if background.0[3] == u8::MAX => {
            let [red, green, blue, _] = background.0;
            let mut canvas = image::RgbImage::from_pixel(
                size.width,
                size.height,
                image::Rgb([red, green, blue]),
            );
            imageops::replace(&mut canvas, &pixels, x, y);
            Picture::Rgb(canvas)
        }
        other => {
            let mut canvas = RgbaImage::from_pixel(size.width, size.height, background);
            imageops::replace(&mut canvas, &other.into_rgba(), x, y);
            Picture::Rgba(canvas)
        }
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;

    use super::*;

    fn plain(width: u32, height: u32) -> Picture {
        Picture::Rgb(RgbImage::from_pixel(width, height, Rgb([9, 8, 7])))
    }

    #[test]
    fn padding_surrounds_the_whole_image() {
        let size = Size {
            width: 40,
            height: 40,
        };
        let Ok(Picture::Rgb(pixels)) = resize(plain(40, 20), size, Mode::Pad(Rgba([1, 2, 3, 255])))
        else {
            panic!("expected RGB")
        };
        assert_eq!(pixels.get_pixel(20, 9).0, [1, 2, 3]);
        assert_eq!(pixels.get_pixel(20, 10).0, [9, 8, 7]);
        assert_eq!(pixels.get_pixel(20, 29).0, [9, 8, 7]);
        assert_eq!(pixels.get_pixel(20, 30).0, [1, 2, 3]);
    }

    #[test]
    fn a_translucent_padding_gives_the_result_alpha() {
        let size = Size {
            width: 9,
            height: 3,
        };
        let padded = resize(plain(3, 3), size, Mode::Pad(Rgba([0, 0, 0, 0]))).unwrap();
        let Picture::Rgba(pixels) = padded else {
            panic!("expected RGBA")
        };
        assert_eq!(pixels.get_pixel(0, 0).0[3], 0);
        assert_eq!(pixels.get_pixel(4, 1).0, [9, 8, 7, 255]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn fitted_is_inside_touches_an_edge_and_keeps_proportions(
            image in (1..5000_u32, 1..5000_u32), limit in (1..5000_u32, 1..5000_u32),
        ) {
            let image = Size { width: image.0, height: image.1 };
            let limit = Size { width: limit.0, height: limit.1 };
            let size = fitted(image, limit);
            prop_assert!(size.width >= 1 && size.height >= 1);
            prop_assert!(size.width <= limit.width && size.height <= limit.height);
            prop_assert!(size.width == limit.width || size.height == limit.height);
            let exact = f64::from(size.width) * f64::from(image.height) / f64::from(image.width);
            let inverse = f64::from(size.height) * f64::from(image.width) / f64::from(image.height);
            let near = (exact - f64::from(size.height)).abs() <= 0.51
                || (inverse - f64::from(size.width)).abs() <= 0.51
                || size.width == 1
                || size.height == 1;
            prop_assert!(near, "{image:?} in {limit:?} is {size:?}");
        }

        #[test]
        fn modes_give_the_size_they_promise(
            image in (1..60_u32, 1..60_u32), wanted in (1..90_u32, 1..90_u32), mode in 0..4_usize,
        ) {
            let wanted = Size { width: wanted.0, height: wanted.1 };
            let mode = Mode::from_name(MODES[mode], Rgba([5, 5, 5, 255])).unwrap();
            let size = resize(plain(image.0, image.1), wanted, mode).unwrap().size();
            match mode {
                Mode::Fit => prop_assert_eq!(size, fitted(Size { width: image.0, height: image.1 }, wanted)),
                _ => prop_assert_eq!(size, wanted),
            }
        }
    }
}
