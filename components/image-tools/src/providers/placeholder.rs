//! A backend without a backend: it costs nothing, needs no key and always gives the same image for
//! the same request. Its default is one colour, chosen by the prompt; its other models draw what
//! the prompt says in their grammar.

mod drawn;

use std::time::Duration;

use guest::Capabilities;
use image::{Rgb, RgbImage, Rgba, RgbaImage};
use mcp::Flow;
use serde_json::{Map, json};
use sha2::{Digest, Sha256};

use super::cost::{Basis, Cost};
use super::error::{Code, ProviderError};
use super::model::{Model, texts};
use super::request::{ASPECT_RATIOS, GenerateRequest};
use super::{Generated, Made, Provider, Report, Step};
use crate::images::encode::{DEFAULT_QUALITY, Encoding, encode};
use crate::images::format::Format;
use crate::images::picture::Picture;

/// The colours. A prompt gets the one at its SHA-256, taken as a number, modulo 6.
const PALETTE: [[u8; 3]; 6] = [
    [88, 101, 130],
    [130, 88, 101],
    [101, 130, 88],
    [130, 118, 88],
    [88, 130, 125],
    [118, 88, 130],
];

/// Reports that a simulated delay is divided into.
const STEPS: u32 = 20;

/// Longest simulated delay.
const MAX_DELAY_MS: u64 = 600_000;

/// What the `provider` parameter takes.
pub const NAME: &str = "placeholder";

struct Placeholder<'a> {
    capabilities: Capabilities<'a>,
}

/// Always there.
pub fn configured(capabilities: Capabilities<'_>) -> Option<Box<dyn Provider + '_>> {
    Some(Box::new(Placeholder { capabilities }))
}

impl Provider for Placeholder<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "Zero-cost, instant and offline. `solid` is a plain color for tests; `svg` draws the SVG that you write; `card`, `diagram`, \
         `chart`, `pattern`, `qr` and `wireframe` draw what their grammar says (`style_hints`). Not for pictures that must be imagined."
    }

    fn needs_network(&self) -> bool {
        false
    }

    fn models(&self) -> Vec<Model> {
        let solid = Model {
            model_id: "solid".into(),
            display_name: "Solid color placeholder".into(),
            is_default: true,
            can_generate: true,
            supported_aspect_ratios: texts(&ASPECT_RATIOS),
            supported_qualities: texts(&["standard"]),
            supported_formats: texts(&["png"]),
            supports_background: true,
            max_resolution: Some(640),
            ..Model::default()
        };
        std::iter::once(solid).chain(drawn::models()).collect()
    }

    fn estimate(&self, request: &GenerateRequest) -> Option<Cost> {
        Some(self.pretended_cost(request.n, Basis::Estimate))
    }

    fn generate(
        &self,
        request: &GenerateRequest,
        report: &mut Report<'_>,
    ) -> Result<Generated, ProviderError> {
        if !request.references.is_empty() || request.mask.is_some() {
            return Err(ProviderError::invalid("takes no images").at(NAME));
        }
        self.pretend_to_work(report)?;
        if let Some(made) = drawn::generate(request) {
            return Ok(Generated {
                images: vec![made?],
                cost: Some(self.pretended_cost(1, Basis::Charged)),
            });
        }
        let (width, height) = size(&request.aspect_ratio);
        let [red, green, blue] = color(&request.prompt);
        let picture = if request.is_transparent() {
            Picture::Rgba(RgbaImage::from_pixel(
                width,
                height,
                Rgba([red, green, blue, 0]),
            ))
        } else {
            Picture::Rgb(RgbImage::from_pixel(width, height, Rgb([red, green, blue])))
        };
        let encoding = Encoding {
            format: Format::Png,
            quality: DEFAULT_QUALITY,
        };
        let bytes =
            encode(&picture, encoding).map_err(|_| ProviderError::new(Code::NoImage).at(NAME))?;
        let metadata = Map::from_iter([
            ("quality".to_owned(), json!("placeholder")),
            ("size".to_owned(), json!(format!("{width}x{height}"))),
            (
                "color".to_owned(),
                json!(format!("#{red:02x}{green:02x}{blue:02x}")),
            ),
        ]);
        Ok(Generated {
            images: vec![Made { bytes, metadata }],
            cost: Some(self.pretended_cost(1, Basis::Charged)),
        })
    }
}

impl Placeholder<'_> {
    /// Nothing, unless `PLACEHOLDER_COST_USD` says otherwise: for demonstrations of budgets and
    /// confirmations, and for tests of them.
    fn pretended_cost(&self, images: u32, basis: Basis) -> Cost {
        let setting = self.capabilities.settings.setting("PLACEHOLDER_COST_USD");
        let each = setting.and_then(|text| text.parse::<f64>().ok());
        match each.filter(|each| *each > 0.0) {
            Some(each) => Cost::new(each * f64::from(images), basis),
            None => Cost::FREE,
        }
    }

    /// Takes as long as the setting `PLACEHOLDER_DELAY_MS` says: for demonstrations, and for tests
    /// of what happens meanwhile.
    fn pretend_to_work(&self, report: &mut Report<'_>) -> Result<(), ProviderError> {
        let setting = self.capabilities.settings.setting("PLACEHOLDER_DELAY_MS");
        let delay_ms = setting
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
            .min(MAX_DELAY_MS);
        if delay_ms == 0 {
            return Ok(());
        }
        // A report is due every second, so a long delay has more of them.
        let steps = STEPS.max(u32::try_from(delay_ms / 1000).unwrap_or(STEPS));
        let pause = Duration::from_millis(delay_ms) / steps;
        for step in 0..steps {
            let message = format!("step {} of {steps}", step + 1);
            let progress = f64::from(step) / f64::from(steps);
            if report(Step::new(progress, &message)) == Flow::Cancelled {
                return Err(ProviderError::new(Code::Cancelled).at(NAME));
            }
            self.capabilities.clock.sleep(pause);
        }
        Ok(())
    }
}

/// Width and height in pixels.
fn size(aspect_ratio: &str) -> (u32, u32) {
    match aspect_ratio {
        "16:9" => (640, 360),
        "9:16" => (360, 640),
        "3:2" => (480, 320),
        "2:3" => (320, 480),
        _ => (256, 256),
    }
}

fn color(prompt: &str) -> [u8; 3] {
    let digest = Sha256::digest(prompt.as_bytes());
    let count = PALETTE.len();
    let index = digest.iter().fold(0, |remainder, byte| {
        (remainder * 256 + usize::from(*byte)) % count
    });
    PALETTE.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::decode::decode;
    use crate::testing::Memory;

    fn request(prompt: &str, aspect_ratio: &str, background: &str) -> GenerateRequest {
        GenerateRequest {
            aspect_ratio: aspect_ratio.to_owned(),
            background: background.to_owned(),
            ..GenerateRequest::new(prompt)
        }
    }

    fn generate(
        memory: &Memory,
        request: &GenerateRequest,
        report: &mut Report<'_>,
    ) -> Result<Generated, ProviderError> {
        configured(memory.capabilities())
            .unwrap()
            .generate(request, report)
    }

    #[test]
    fn the_colour_follows_the_prompt() {
        // Computed with Python: int.from_bytes(sha256(prompt), "big") % 6.
        let cases = [
            ("a fox", [101, 130, 88]),
            ("", [130, 88, 101]),
            ("größe", [88, 101, 130]),
        ];
        for (prompt, expected) in cases {
            assert_eq!(color(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn sizes_and_alpha_are_those_of_old() {
        let memory = Memory::new();
        for (ratio, expected) in [
            ("1:1", (256, 256)),
            ("16:9", (640, 360)),
            ("9:16", (360, 640)),
            ("3:2", (480, 320)),
            ("2:3", (320, 480)),
        ] {
            let made = generate(&memory, &request("x", ratio, "opaque"), &mut |_| {
                Flow::Continue
            })
            .unwrap();
            let Picture::Rgb(pixels) = decode(&made.images[0].bytes).unwrap() else {
                panic!("expected RGB")
            };
            assert_eq!(pixels.dimensions(), expected, "{ratio}");
            assert!(pixels.pixels().all(|pixel| pixel.0 == color("x")));
        }
        let made = generate(&memory, &request("x", "1:1", "transparent"), &mut |_| {
            Flow::Continue
        })
        .unwrap();
        let Picture::Rgba(pixels) = decode(&made.images[0].bytes).unwrap() else {
            panic!("expected RGBA")
        };
        assert!(pixels.pixels().all(|pixel| pixel.0[3] == 0));
        assert_eq!(made.images[0].metadata["quality"], "placeholder");
        assert_eq!(made.images[0].metadata["size"], "256x256");
    }

    #[test]
    fn a_delay_reports_and_can_be_cancelled() {
        let memory = Memory::new().with_setting("PLACEHOLDER_DELAY_MS", "2000");
        let mut progress = Vec::new();
        generate(&memory, &request("x", "1:1", "opaque"), &mut |step| {
            progress.push(step.progress);
            Flow::Continue
        })
        .unwrap();
        assert_eq!(progress.len(), 20);
        assert!(progress.is_sorted());
        assert_eq!(memory.slept(), Duration::from_secs(2));
        let cancelled = generate(&memory, &request("x", "1:1", "opaque"), &mut |_| {
            Flow::Cancelled
        });
        assert_eq!(cancelled.unwrap_err().code, Code::Cancelled);
    }
}
