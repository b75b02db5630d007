//! Colour profiles: pixels are sRGB in here. An embedded ICC profile is applied when an image is
//! decoded; one that cannot be read is taken for sRGB, as browsers do. Stored files keep theirs.

use image::{Pixel, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::picture::Picture;

/// Bytes of a profile that is applied: those of cameras and displays have a few thousand.
const MAX_PROFILE_BYTES: usize = 1024 * 1024;

/// The picture in sRGB.
pub fn to_srgb(picture: Picture, icc: &[u8]) -> Picture {
    let Some(profile) = foreign(icc) else {
        return picture;
    };
    let srgb = ColorProfile::new_srgb();
    let layout = match picture {
        Picture::Rgb(_) => Layout::Rgb,
        Picture::Rgba(_) => Layout::Rgba,
    };
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, options) else {
        return picture;
    };
    // Row by row, so that there is no second picture.
    let convert = |row: &mut [u8], buffer: &mut Vec<u8>| {
        buffer.clear();
        buffer.extend_from_slice(row);
        transform.transform(buffer, row).is_ok()
    };
    match picture {
        Picture::Rgb(pixels) => {
            let (width, height) = pixels.dimensions();
            let raw = converted(
                pixels.into_raw(),
                width,
                usize::from(image::Rgb::<u8>::CHANNEL_COUNT),
                convert,
            );
            Picture::Rgb(RgbImage::from_raw(width, height, raw).unwrap_or_default())
        }
        Picture::Rgba(pixels) => {
            let (width, height) = pixels.dimensions();
            let raw = converted(
                pixels.into_raw(),
                width,
                usize::from(image::Rgba::<u8>::CHANNEL_COUNT),
                convert,
            );
            Picture::Rgba(RgbaImage::from_raw(width, height, raw).unwrap_or_default())
        }
    }
}

/// Whether the profile is one that changes something.
pub fn is_foreign(icc: &[u8]) -> bool {
    foreign(icc).is_some()
}

/// The profile, if it is one of RGB and not sRGB.
fn foreign(icc: &[u8]) -> Option<ColorProfile> {
    if icc.len() > MAX_PROFILE_BYTES {
        return None;
    }
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    if profile.color_space != DataColorSpace::Rgb || is_srgb(&profile) {
        return None;
    }
    Some(profile)
}

/// The primaries of sRGB, to within what profiles round to, and its curve by its name.
fn is_srgb(profile: &ColorProfile) -> bool {
    let srgb = ColorProfile::new_srgb();
    let near = |one: moxcms::Xyzd, other: moxcms::Xyzd| {
        (one.x - other.x).abs() < 0.002
            && (one.y - other.y).abs() < 0.002
            && (one.z - other.z).abs() < 0.002
    };
    near(profile.red_colorant, srgb.red_colorant)
        && near(profile.green_colorant, srgb.green_colorant)
        && near(profile.blue_colorant, srgb.blue_colorant)
        && has_srgb_curve(profile)
}

fn has_srgb_curve(profile: &ColorProfile) -> bool {
    let linear = profile.build_r_linearize_table::<u8, 256, 8>(false);
    let Ok(linear) = linear else {
        return false;
    };
    // 128 in sRGB is 0.2158 of linear light.
    linear
        .get(128)
        .is_some_and(|middle| (middle - 0.2158).abs() < 0.004)
}

fn converted(
    mut raw: Vec<u8>,
    width: u32,
    channels: usize,
    convert: impl Fn(&mut [u8], &mut Vec<u8>) -> bool,
) -> Vec<u8> {
    let row = usize::try_from(width)
        .unwrap_or(usize::MAX)
        .saturating_mul(channels);
    let mut buffer = Vec::new();
    for pixels in raw.chunks_exact_mut(row.max(1)) {
        if !convert(pixels, &mut buffer) {
            break;
        }
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray_red() -> Picture {
        Picture::Rgb(RgbImage::from_pixel(3, 2, image::Rgb([200, 60, 60])))
    }

    #[test]
    fn a_wide_gamut_becomes_srgb() {
        let icc = ColorProfile::new_display_p3().encode().unwrap();
        let Picture::Rgb(pixels) = to_srgb(gray_red(), &icc) else {
            panic!("expected RGB")
        };
        let [red, green, blue] = pixels.get_pixel(2, 1).0;
        assert!(red > 205 && green < 60 && blue < 60, "{red} {green} {blue}");
    }

    #[test]
    fn srgb_gray_and_nonsense_change_nothing() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        let gray = ColorProfile::new_gray_with_gamma(2.2).encode().unwrap();
        for icc in [srgb, gray, b"nonsense".to_vec(), Vec::new()] {
            assert!(!is_foreign(&icc));
            assert_eq!(to_srgb(gray_red(), &icc), gray_red());
        }
    }
}
