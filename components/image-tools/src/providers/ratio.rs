//! Width and height for an aspect ratio.

use crate::images::shape::Size;

/// The size nearest to a ratio (width by height) and to a number of pixels, whose sides are
/// multiples of `multiple`.
pub fn size(ratio: f64, pixels: u32, multiple: u32) -> Size {
    let height = (f64::from(pixels) / ratio).sqrt();
    let rounded = |side: f64| {
        let steps = (side / f64::from(multiple)).round().clamp(1.0, 1024.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 1024"
        )]
        let steps = steps as u32;
        steps * multiple
    };
    Size {
        width: rounded(height * ratio),
        height: rounded(height),
    }
}

/// The ratio that a text such as `16:9` names.
pub fn parse(text: &str) -> Option<f64> {
    let (width, height) = text.split_once(':')?;
    let ratio = width.parse::<f64>().ok()? / height.parse::<f64>().ok()?;
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::request::ALL_ASPECT_RATIOS;

    #[test]
    fn sizes_are_near_their_ratio_and_area() {
        for text in ALL_ASPECT_RATIOS {
            let ratio = parse(text).unwrap();
            let Size { width, height } = size(ratio, 1024 * 1024, 16);
            let (made, pixels) = (
                f64::from(width) / f64::from(height),
                f64::from(width * height),
            );
            assert!(
                (made / ratio - 1.0).abs() < 0.05,
                "{text}: {width}x{height}"
            );
            assert!(
                (pixels / 1_048_576.0 - 1.0).abs() < 0.05,
                "{text}: {width}x{height}"
            );
            assert!(width % 16 == 0 && height % 16 == 0);
        }
        assert_eq!(parse("1:0"), None);
        assert_eq!(parse("x"), None);
    }
}
