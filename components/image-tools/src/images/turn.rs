//! Rotation by any angle. Quarter turns move pixels; other angles blend four of them.

use image::{Pixel, Rgba, RgbaImage};

use super::edit::{EditError, bounded};
use super::picture::Picture;
use super::shape::{Rotation, Size};

/// Turns an image clockwise by so many degrees. The result is large enough for the whole image;
/// its corners get the colour.
///
/// # Errors
/// An angle that is no number, or a result beyond the limits.
pub fn turn(picture: Picture, degrees: f64, background: Rgba<u8>) -> Result<Picture, EditError> {
    if !degrees.is_finite() {
        return Err(EditError::Angle);
    }
    let degrees = degrees.rem_euclid(360.0);
    for (quarter, rotation) in [
        (90.0, Rotation::Clockwise90),
        (180.0, Rotation::Half180),
        (270.0, Rotation::Clockwise270),
    ] {
        if degrees == quarter {
            return Ok(picture.rotated(rotation));
        }
    }
    if degrees == 0.0 || degrees == 360.0 {
        return Ok(picture);
    }
    let size = turned(picture.size(), degrees)?;
    let is_opaque = matches!(picture, Picture::Rgb(_)) && background.0[3] == u8::MAX;
    let pixels = spun(&picture.into_rgba(), size, degrees, background);
    Ok(if is_opaque {
        Picture::Rgb(image::DynamicImage::ImageRgba8(pixels).into_rgb8())
    } else {
        Picture::Rgba(pixels)
    })
}

/// The size of a box around an image that was turned.
///
/// # Errors
/// A result beyond the limits.
pub fn turned(image: Size, degrees: f64) -> Result<Size, EditError> {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (width, height) = (f64::from(image.width), f64::from(image.height));
    // A hair less than a whole pixel is no pixel.
    let side = |a: f64, b: f64| (a.abs() + b.abs() - 1e-6).ceil().max(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sides of an image, at most 2^15 here"
    )]
    let whole = |side: f64| side as u64;
    bounded(
        whole(side(width * cosine, height * sine)),
        whole(side(width * sine, height * cosine)),
    )
}

fn spun(from: &RgbaImage, size: Size, degrees: f64, background: Rgba<u8>) -> RgbaImage {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let middle = |side: u32| f64::from(side) / 2.0;
    let (from_x, from_y) = (middle(from.width()), middle(from.height()));
    let (to_x, to_y) = (middle(size.width), middle(size.height));
    RgbaImage::from_fn(size.width, size.height, |x, y| {
        let (dx, dy) = (f64::from(x) + 0.5 - to_x, f64::from(y) + 0.5 - to_y);
        let source_x = from_x + dx * cosine + dy * sine - 0.5;
        let source_y = from_y - dx * sine + dy * cosine - 0.5;
        blended(from, source_x, source_y, background)
    })
}

/// The colour between four pixels, each weighed by its alpha; outside of the image is the background.
fn blended(from: &RgbaImage, x: f64, y: f64, background: Rgba<u8>) -> Rgba<u8> {
    let (left, top) = (x.floor(), y.floor());
    let (right_share, bottom_share) = (x - left, y - top);
    let mut sums = [0.0; 4];
    for (dx, dy, share) in [
        (0.0, 0.0, (1.0 - right_share) * (1.0 - bottom_share)),
        (1.0, 0.0, right_share * (1.0 - bottom_share)),
        (0.0, 1.0, (1.0 - right_share) * bottom_share),
        (1.0, 1.0, right_share * bottom_share),
    ] {
        let pixel = pixel(from, left + dx, top + dy).unwrap_or(background);
        let [red, green, blue, alpha] = pixel.0.map(f64::from);
        let weight = share * alpha;
        for (sum, part) in
            sums.iter_mut()
                .zip([red * weight, green * weight, blue * weight, weight])
        {
            *sum += part;
        }
    }
    let [red, green, blue, alpha] = sums;
    if alpha <= 0.0 {
        let mut clear = background;
        clear
            .channels_mut()
            .iter_mut()
            .skip(3)
            .for_each(|alpha| *alpha = 0);
        return clear;
    }
    Rgba([red / alpha, green / alpha, blue / alpha, alpha].map(channel))
}

fn pixel(from: &RgbaImage, x: f64, y: f64) -> Option<Rgba<u8>> {
    if x < 0.0 || y < 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "neither is negative, and beyond the image is `None`"
    )]
    let (x, y) = (x as u32, y as u32);
    from.get_pixel_checked(x, y).copied()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn channel(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;

    use super::super::colour::{TRANSPARENT, WHITE};
    use super::*;

    fn plain(width: u32, height: u32) -> Picture {
        Picture::Rgb(RgbImage::from_pixel(width, height, Rgb([200, 10, 10])))
    }

    #[test]
    fn it_is_clockwise() {
        // A red left half: turned by a little, its upper end moves to the right.
        let pixels = RgbImage::from_fn(100, 100, |x, _| {
            Rgb(if x < 50 { [255, 0, 0] } else { [0, 0, 255] })
        });
        let turned = turn(Picture::Rgb(pixels), 45.0, WHITE).unwrap();
        let Picture::Rgb(turned) = turned else {
            panic!("expected RGB")
        };
        let middle = turned.width() / 2;
        assert_eq!(turned.get_pixel(middle, 20).0, [255, 0, 0]);
        assert_eq!(
            turned.get_pixel(middle, turned.height() - 20).0,
            [0, 0, 255]
        );
        assert_eq!(turned.get_pixel(0, 0).0, [255; 3]);
    }

    #[test]
    fn transparent_corners_do_not_darken_the_edge() {
        let Picture::Rgba(turned) = turn(plain(40, 40), 30.0, TRANSPARENT).unwrap() else {
            panic!("expected RGBA")
        };
        for pixel in turned.pixels().filter(|pixel| pixel.0[3] > 0) {
            assert_eq!(pixel.0[..3], [200, 10, 10]);
        }
    }

    #[test]
    fn angles_that_are_no_angle_are_refused() {
        for degrees in [f64::NAN, f64::INFINITY] {
            assert!(matches!(
                turn(plain(2, 2), degrees, WHITE),
                Err(EditError::Angle)
            ));
        }
        assert_eq!(turn(plain(3, 2), -720.0, WHITE).unwrap(), plain(3, 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn the_box_holds_the_image_and_little_more(
            width in 1..200_u32, height in 1..200_u32, degrees in -720.0..720.0_f64,
        ) {
            let size = Size { width, height };
            let around = turned(size, degrees).unwrap();
            let diagonal = f64::from(width).hypot(f64::from(height));
            prop_assert!(f64::from(around.width) <= diagonal + 1.0);
            prop_assert!(f64::from(around.height) <= diagonal + 1.0);
            prop_assert!(u64::from(around.width) * u64::from(around.height) + 4 >= size.pixels());
        }

        #[test]
        fn quarter_turns_lose_nothing(width in 1..20_u32, height in 1..20_u32, quarters in -8..8_i32) {
            let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 7]));
            let picture = Picture::Rgb(pixels);
            let there = turn(picture.clone(), f64::from(quarters) * 90.0, WHITE).unwrap();
            let back = turn(there, f64::from(-quarters) * 90.0, WHITE).unwrap();
            prop_assert_eq!(back, picture);
        }
    }
}
