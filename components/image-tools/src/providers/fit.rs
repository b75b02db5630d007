//! Whether a model can do what is asked for, before anything is sent or paid.

use super::model::{Model, Sizes, Text};
use super::request::GenerateRequest;
use crate::images::shape::Size;

/// Why the model cannot serve the request, for the client; `None` when it can. What a backend can
/// leave out without spoiling the image is no reason: a seed, a strength, a negative prompt.
pub fn misfit(model: &Model, request: &GenerateRequest) -> Option<String> {
    let what = what_is_missing(model, request)?;
    Some(if model.model_id.is_empty() {
        what
    } else {
        format!("model `{}` {what}", model.model_id)
    })
}

fn what_is_missing(model: &Model, request: &GenerateRequest) -> Option<String> {
    let references = request.references.len();
    if references == 0 && !model.can_generate {
        return Some("only changes images".to_owned());
    }
    if request.mask.is_some() && references == 0 {
        return Some("needs an image that the mask applies to".to_owned());
    }
    if references > 0 && !model.supports_image_input {
        return Some("takes no images".to_owned());
    }
    if references > usize::try_from(model.max_input_images).unwrap_or(usize::MAX) && references > 0
    {
        let most = model.max_input_images;
        return Some(format!("takes at most {most} images, not {references}"));
    }
    if request.mask.is_some() && !model.supports_mask {
        return Some("takes no mask".to_owned());
    }
    if request.is_transparent() && !model.supports_background {
        return Some("makes no transparent background".to_owned());
    }
    match request.size {
        Some(size) => wrong_size(&model.supported_sizes, size),
        None => wrong_ratio(&model.supported_aspect_ratios, &request.aspect_ratio),
    }
}

fn wrong_ratio(taken: &[Text], ratio: &str) -> Option<String> {
    let is_taken = taken.iter().any(|one| one == ratio);
    (!is_taken).then(|| format!("takes the aspect ratios {}, not {ratio}", taken.join(", ")))
}

fn wrong_size(sizes: &Sizes, Size { width, height }: Size) -> Option<String> {
    match sizes {
        Sizes::None => Some("takes an aspect ratio, not a size in pixels".to_owned()),
        Sizes::Only(sizes) => {
            let wanted = format!("{width}x{height}");
            let is_taken = sizes.iter().any(|one| *one == wanted);
            (!is_taken).then(|| format!("takes the sizes {}, not {wanted}", sizes.join(", ")))
        }
        Sizes::Rule {
            multiple,
            min_side,
            max_side,
            min_pixels,
            max_pixels,
            max_ratio,
        } => {
            let (short, long) = (width.min(height), width.max(height));
            let pixels = u64::from(width) * u64::from(height);
            let fault = if width % (*multiple).max(1) != 0 || height % (*multiple).max(1) != 0 {
                format!("both sides must be multiples of {multiple}")
            } else if short < *min_side || long > *max_side {
                format!("each side must be from {min_side} to {max_side}")
            } else if pixels < *min_pixels || pixels > *max_pixels {
                format!("the image must have from {min_pixels} to {max_pixels} pixels")
            } else if u64::from(long) > u64::from(short) * u64::from(*max_ratio) {
                format!("the long side can be at most {max_ratio} times the short one")
            } else {
                return None;
            };
            Some(format!("cannot do {width}x{height}: {fault}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::format::Format;
    use crate::providers::model::texts;
    use crate::providers::request::InputImage;

    fn model() -> Model {
        Model {
            model_id: "m".into(),
            can_generate: true,
            supports_image_input: true,
            max_input_images: 2,
            supported_aspect_ratios: texts(&["1:1", "3:2"]),
            supported_sizes: Sizes::Rule {
                multiple: 16,
                min_side: 64,
                max_side: 3840,
                min_pixels: 655_360,
                max_pixels: 8_294_400,
                max_ratio: 3,
            },
            ..Model::default()
        }
    }

    fn image() -> InputImage {
        InputImage {
            bytes: Vec::new(),
            format: Format::Png,
            size: Size {
                width: 1,
                height: 1,
            },
        }
    }

    #[test]
    fn each_misfit_is_named() {
        let base = GenerateRequest::new("x");
        let sized = |width, height| GenerateRequest {
            size: Some(Size { width, height }),
            ..base.clone()
        };
        let with = |count| GenerateRequest {
            references: vec![image(); count],
            ..base.clone()
        };
        let masked = |count| GenerateRequest {
            mask: Some(image()),
            ..with(count)
        };
        let ratio = GenerateRequest {
            aspect_ratio: "16:9".to_owned(),
            ..base.clone()
        };
        let cases = [
            (base.clone(), None),
            (with(2), None),
            (with(3), Some("takes at most 2 images, not 3")),
            (masked(0), Some("needs an image that the mask applies to")),
            (masked(1), Some("takes no mask")),
            (ratio, Some("takes the aspect ratios 1:1, 3:2, not 16:9")),
            (sized(1536, 864), None),
            (sized(3840, 2160), None),
            (
                sized(1000, 1000),
                Some("cannot do 1000x1000: both sides must be multiples of 16"),
            ),
            (
                sized(3856, 2160),
                Some("cannot do 3856x2160: each side must be from 64 to 3840"),
            ),
            (
                sized(512, 512),
                Some("cannot do 512x512: the image must have from 655360 to 8294400 pixels"),
            ),
            (
                sized(3840, 1264),
                Some("cannot do 3840x1264: the long side can be at most 3 times the short one"),
            ),
            (
                sized(0, 0),
                Some("cannot do 0x0: each side must be from 64 to 3840"),
            ),
        ];
        for (request, expected) in cases {
            let expected = expected.map(|text| format!("model `m` {text}"));
            assert_eq!(misfit(&model(), &request), expected, "{request:?}");
        }
        let nameless = Model {
            model_id: "".into(),
            supported_sizes: Sizes::Only(texts(&["512x512"])),
            ..model()
        };
        assert_eq!(misfit(&nameless, &sized(512, 512)), None);
        assert_eq!(
            misfit(&nameless, &sized(512, 640)).as_deref(),
            Some("takes the sizes 512x512, not 512x640")
        );
    }
}
