//! The models that draw: what the crate `render` offers, as models of this backend. They cost
//! nothing, need no network, and the same request always gives the same image.

use image::RgbaImage;
use render::{DrawError, Drawing, MODELS, Request, draw};
use serde_json::{Map, Value, json};

use super::NAME;
use crate::images::encode::{DEFAULT_QUALITY, Encoding, encode};
use crate::images::format::Format;
use crate::images::picture::Picture;
use crate::images::shape::Size;
use crate::providers::Made;
use crate::providers::error::{Code, ProviderError};
use crate::providers::model::{Lifecycle, Model, Sizes, StyleProfile, texts};
use crate::providers::request::{ALL_ASPECT_RATIOS, GenerateRequest};

/// Longer side of an image of standard quality, and of the better one, in pixels.
const SIDES: (u32, u32) = (1024, 2048);

/// Sides that may be asked for.
const SIDE_RANGE: (u32, u32) = (16, render::raster::MAX_SIDE);

/// What can be asked for, in the order in which it is listed.
pub(super) fn models() -> Vec<Model> {
    MODELS.into_iter().map(listed).collect()
}

/// Draws the image that the request asks for; `None` when its model is none of these.
pub(super) fn generate(request: &GenerateRequest) -> Option<Result<Made, ProviderError>> {
    let model = render::Model::from_name(request.model.as_deref()?)?;
    Some(drawn(model, request))
}

fn listed(model: render::Model) -> Model {
    Model {
        model_id: model.name().into(),
        display_name: name(model).into(),
        can_generate: true,
        supported_aspect_ratios: texts(&ALL_ASPECT_RATIOS),
        supported_sizes: Sizes::Rule {
            multiple: 1,
            min_side: SIDE_RANGE.0,
            max_side: SIDE_RANGE.1,
            min_pixels: 0,
            max_pixels: render::raster::MAX_PIXELS,
            max_ratio: SIDE_RANGE.1,
        },
        supported_qualities: texts(&["standard", "hd"]),
        supported_formats: texts(&["png", "webp", "jpeg"]),
        // A texture fills everything.
        supports_background: model != render::Model::Pattern,
        supports_seed: model.takes_seed(),
        max_resolution: Some(SIDES.1),
        style_profile: Some(StyleProfile {
            label: model.summary().into(),
            style_hints: model.grammar().into(),
            incompatible_styles: "photographs, paintings, and anything that has to be imagined"
                .into(),
            good_example: example(model).into(),
            bad_example: "a fox in the snow, oil painting".into(),
            lifecycle: Lifecycle::Current,
            deprecation_note: None,
        }),
        usd_per_image: Some(0.0),
        ..Model::default()
    }
}

fn drawn(model: render::Model, request: &GenerateRequest) -> Result<Made, ProviderError> {
    let size = size(request);
    let drawing = draw(&Request {
        model,
        prompt: &request.prompt,
        size: render::Size {
            width: size.width,
            height: size.height,
        },
        seed: request.seed,
        is_transparent: request.is_transparent(),
    })
    .map_err(|error| explained(model, &error))?;
    let metadata = metadata(&drawing);
    let no_image = || ProviderError::new(Code::NoImage).at(NAME);
    let render::Size { width, height } = drawing.raster.size;
    let pixels = RgbaImage::from_raw(width, height, drawing.raster.rgba).ok_or_else(no_image)?;
    let picture = Picture::Rgba(pixels).without_useless_alpha();
    let format = request.output_format.unwrap_or(Format::Png);
    let encoding = Encoding {
        format,
        quality: DEFAULT_QUALITY,
    };
    let bytes = encode(&picture, encoding).map_err(|_| no_image())?;
    Ok(Made { bytes, metadata })
}

/// The pixels that were asked for, or the aspect ratio at the longer side of the quality.
fn size(request: &GenerateRequest) -> Size {
    if let Some(size) = request.size {
        return size;
    }
    let long = if request.is_hd() { SIDES.1 } else { SIDES.0 };
    let ratio = request.aspect_ratio.split_once(':');
    let parts = ratio.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let (width, height): (u32, u32) = parts.unwrap_or((1, 1));
    let (width, height) = (width.clamp(1, 100), height.clamp(1, 100));
    let short = |one: u32, other: u32| ((long * one + other / 2) / other).max(1);
    if width >= height {
        Size {
            width: long,
            height: short(height, width),
        }
    } else {
        Size {
            width: short(width, height),
            height: long,
        }
    }
}

fn metadata(drawing: &Drawing) -> Map<String, Value> {
    let render::Size { width, height } = drawing.raster.size;
    let mut metadata = Map::from_iter([
        ("quality".to_owned(), json!("exact")),
        ("size".to_owned(), json!(format!("{width}x{height}"))),
    ]);
    if let Some(seed) = drawing.seed {
        metadata.insert("seed".to_owned(), json!(seed));
    }
    if !drawing.missing_letters.is_empty() {
        let letters: String = drawing.missing_letters.iter().take(40).collect();
        metadata.insert("missing_letters".to_owned(), json!(letters));
    }
    metadata
}

/// What is wrong with the prompt, and how it would be right.
fn explained(model: render::Model, error: &DrawError) -> ProviderError {
    let text = error.to_string().replace("\nhint: ", "; ");
    ProviderError::invalid(format!("model `{}`: {text}", model.name())).at(NAME)
}

fn name(model: render::Model) -> &'static str {
    match model {
        render::Model::Svg => "SVG drawing",
        render::Model::Card => "Text card",
        render::Model::Pattern => "Pattern",
        render::Model::Diagram => "Diagram",
        render::Model::Chart => "Chart",
        render::Model::Qr => "QR code",
        render::Model::Wireframe => "Wireframe",
    }
}

fn example(model: render::Model) -> &'static str {
    match model {
        render::Model::Svg => {
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\"><circle cx=\"50\" cy=\"50\" r=\"40\" fill=\"teal\"/></svg>"
        }
        render::Model::Card => {
            "title: Release 2.0\nsubtitle: what is new\nbadge: today\ntheme: ocean\n- faster\n- smaller"
        }
        render::Model::Pattern => "topo ocean",
        render::Model::Diagram => "Browser -> Server: request\nServer -> Store",
        render::Model::Chart => "type: line\ntitle: Visits\nMon: 12\nTue: 19\nWed: 7",
        render::Model::Qr => "https://example.org",
        render::Model::Wireframe => "hero picture",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::decode::inspect;

    fn request(model: &str, prompt: &str) -> GenerateRequest {
        GenerateRequest {
            model: Some(model.to_owned()),
            ..GenerateRequest::new(prompt)
        }
    }

    fn made(request: &GenerateRequest) -> Made {
        generate(request).unwrap().unwrap()
    }

    #[test]
    fn every_example_is_drawn_as_its_model_promises() {
        for model in MODELS {
            let made = made(&request(model.name(), example(model)));
            let (format, size) = inspect(&made.bytes).unwrap();
            assert_eq!(format, Format::Png);
            assert_eq!(
                size,
                Size {
                    width: 1024,
                    height: 1024
                },
                "{model:?}"
            );
            assert_eq!(made.metadata["size"], "1024x1024");
        }
    }

    #[test]
    fn every_bad_example_of_a_grammar_is_explained() {
        for name in ["svg", "chart"] {
            let error = generate(&request(name, "a fox in the snow"))
                .unwrap()
                .unwrap_err();
            assert_eq!(error.code, Code::InvalidRequest);
            assert!(
                error.to_string().contains(&format!("model `{name}`")),
                "{error}"
            );
        }
    }

    #[test]
    fn sizes_ratios_and_formats_are_those_asked_for() {
        let mut wanted = request("wireframe", "x");
        for (ratio, expected) in [
            ("16:9", (1024, 576)),
            ("9:16", (576, 1024)),
            ("1:8", (128, 1024)),
        ] {
            wanted.aspect_ratio = ratio.to_owned();
            let (_, size) = inspect(&made(&wanted).bytes).unwrap();
            assert_eq!((size.width, size.height), expected);
        }
        wanted.size = Some(Size {
            width: 300,
            height: 200,
        });
        for format in Format::ALL {
            wanted.output_format = Some(format);
            let found = inspect(&made(&wanted).bytes).unwrap();
            assert_eq!(
                found,
                (
                    format,
                    Size {
                        width: 300,
                        height: 200
                    }
                )
            );
        }
    }

    #[test]
    fn a_seed_is_used_and_told() {
        let mut wanted = request("pattern", "noise ocean");
        wanted.size = Some(Size {
            width: 64,
            height: 64,
        });
        wanted.seed = Some(7);
        let first = made(&wanted);
        assert_eq!(first.metadata["seed"], 7);
        assert_eq!(made(&wanted).bytes, first.bytes);
        wanted.seed = Some(8);
        assert_ne!(made(&wanted).bytes, first.bytes);
    }

    #[test]
    fn other_models_are_not_ours() {
        assert!(generate(&request("solid", "x")).is_none());
        assert!(generate(&GenerateRequest::new("x")).is_none());
    }
}
