//! How a checkpoint wants to be used, guessed from its name: sizes, steps, sampler, guidance.

use crate::images::shape::Size;
use crate::providers::model::{Lifecycle, Model, PromptStyle, StyleProfile, Text};
use crate::providers::ratio;

/// A family of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// What it is called in metadata.
    pub name: &'static str,
    /// Pixels of an image.
    pixels: u32,
    /// Width and height for an aspect ratio, where the family was trained on certain ones.
    sizes: &'static [(&'static str, u32, u32)],
    pub steps: u32,
    pub sampler: &'static str,
    pub scheduler: &'static str,
    pub cfg: f32,
    /// Flux guides itself; its models know no negative prompt.
    pub distilled_cfg: Option<f32>,
    pub prompt_style: PromptStyle,
    pub tier: &'static str,
    hints: &'static str,
}

const SD15_SIZES: &[(&str, u32, u32)] = &[
    ("1:1", 768, 768),
    ("16:9", 912, 512),
    ("9:16", 512, 912),
    ("3:2", 768, 512),
    ("2:3", 512, 768),
];

const XL_SIZES: &[(&str, u32, u32)] = &[
    ("1:1", 1024, 1024),
    ("16:9", 1344, 768),
    ("9:16", 768, 1344),
    ("3:2", 1216, 832),
    ("2:3", 832, 1216),
];

/// Stable Diffusion 1.5, and what is not recognised.
pub const SD15: Preset = Preset {
    name: "sd15",
    pixels: 768 * 512,
    sizes: SD15_SIZES,
    steps: 30,
    sampler: "DPM++ 2M",
    scheduler: "Karras",
    cfg: 7.0,
    distilled_cfg: None,
    prompt_style: PromptStyle::Clip,
    tier: "medium",
    hints: "Comma-separated tags, most important first; name what is not wanted in negative_prompt.",
};

/// Stable Diffusion XL.
pub const SDXL: Preset = Preset {
    name: "sdxl",
    pixels: 1024 * 1024,
    sizes: XL_SIZES,
    steps: 35,
    cfg: 7.5,
    tier: "high",
    ..SD15
};

/// Its few-step offspring.
pub const LIGHTNING: Preset = Preset {
    name: "sdxl_lightning",
    steps: 6,
    sampler: "DPM++ SDE",
    cfg: 2.0,
    ..SDXL
};

/// FLUX dev.
pub const FLUX_DEV: Preset = Preset {
    name: "flux_dev",
    steps: 20,
    sampler: "Euler",
    scheduler: "Simple",
    cfg: 1.0,
    distilled_cfg: Some(3.5),
    prompt_style: PromptStyle::NaturalLanguage,
    hints: "Prose; it knows no negative prompt.",
    ..SDXL
};

/// FLUX schnell.
pub const FLUX_SCHNELL: Preset = Preset {
    name: "flux_schnell",
    steps: 4,
    ..FLUX_DEV
};

/// Stable Diffusion 3.
pub const SD3: Preset = Preset {
    name: "sd3",
    steps: 28,
    cfg: 4.5,
    prompt_style: PromptStyle::NaturalLanguage,
    hints: "Prose; name what is not wanted in negative_prompt.",
    ..SDXL
};

/// Words in a name, most specific first.
const FAMILIES: &[(&[&str], Preset)] = &[
    (
        &[
            "sd3",
            "sd_3",
            "sd-3",
            "stable_diffusion_3",
            "stable-diffusion-3",
        ],
        SD3,
    ),
    (&["schnell"], FLUX_SCHNELL),
    (&["flux"], FLUX_DEV),
    (&["lightning", "turbo", "hyper", "lcm"], LIGHTNING),
    (&["xl", "pony", "illustrious", "noobai", "animagine"], SDXL),
];

impl Preset {
    /// The family of a checkpoint.
    pub fn of(checkpoint: &str) -> Self {
        let name = checkpoint.to_lowercase();
        let found = FAMILIES
            .iter()
            .find(|(words, _)| words.iter().any(|word| name.contains(word)));
        match found {
            // There are few-step versions of the old family too, but they are rare and say so.
            Some((_, LIGHTNING)) if name.contains("1.5") || name.contains("sd15") => SD15,
            Some((_, preset)) => *preset,
            None => SD15,
        }
    }

    /// Width and height for an aspect ratio.
    pub fn size(&self, aspect_ratio: &str) -> Size {
        let known = self.sizes.iter().find(|(ratio, ..)| *ratio == aspect_ratio);
        match known {
            Some(&(_, width, height)) => Size { width, height },
            None => ratio::size(ratio::parse(aspect_ratio).unwrap_or(1.0), self.pixels, 64),
        }
    }

    /// Whether the family has a use for what is not wanted.
    pub fn takes_negative(&self) -> bool {
        self.distilled_cfg.is_none()
    }

    /// What a checkpoint of this family can do.
    pub fn model(&self, common: &Model, title: &str, name: &str) -> Model {
        Model {
            model_id: title.to_owned().into(),
            display_name: name.to_owned().into(),
            is_default: false,
            supports_negative_prompt: self.takes_negative(),
            max_resolution: Some(if *self == SD15 { 768 } else { 1024 }),
            default_steps: Some(self.steps),
            default_cfg: Some(self.cfg),
            prompt_style: Some(self.prompt_style),
            style_profile: Some(self.profile()),
            ..common.clone()
        }
    }

    fn profile(&self) -> StyleProfile {
        let is_prose = self.prompt_style == PromptStyle::NaturalLanguage;
        let tags = "red fox, sleeping on books, window light, film photo, detailed fur";
        let prose =
            "A red fox sleeps on a stack of old books by a window, film photograph, soft light.";
        let (good, bad) = if is_prose {
            (prose, tags)
        } else {
            (tags, prose)
        };
        StyleProfile {
            label: Text::Borrowed(self.name),
            style_hints: Text::Borrowed(self.hints),
            incompatible_styles: Text::Borrowed(if is_prose {
                "Lists of tags and weights."
            } else {
                "Long sentences; text in the image."
            }),
            good_example: Text::Borrowed(good),
            bad_example: Text::Borrowed(bad),
            lifecycle: Lifecycle::Current,
            deprecation_note: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_by_name() {
        let cases = [
            ("sd3_medium.safetensors", "sd3"),
            ("stable-diffusion-3.5-large", "sd3"),
            ("flux1-schnell-fp8.safetensors [94]", "flux_schnell"),
            ("flux1-dev-bnb-nf4", "flux_dev"),
            ("Fluxmania_v5", "flux_dev"),
            ("sd_xl_base_1.0", "sdxl"),
            ("juggernautXL_v9", "sdxl"),
            ("ponyDiffusionV6", "sdxl"),
            ("dreamshaperXL_lightning", "sdxl_lightning"),
            ("sd_xl_turbo_1.0", "sdxl_lightning"),
            ("v1-5-pruned-emaonly", "sd15"),
            ("realisticVision_v51", "sd15"),
            ("", "sd15"),
        ];
        for (name, family) in cases {
            assert_eq!(Preset::of(name).name, family, "{name}");
        }
    }

    #[test]
    fn sizes_are_those_of_old_and_near_for_the_rest() {
        assert_eq!(
            SD15.size("16:9"),
            Size {
                width: 912,
                height: 512
            }
        );
        assert_eq!(
            SDXL.size("2:3"),
            Size {
                width: 832,
                height: 1216
            }
        );
        assert_eq!(
            SDXL.size("4:3"),
            Size {
                width: 1152,
                height: 896
            }
        );
        assert_eq!(
            FLUX_DEV.size("21:9"),
            Size {
                width: 1536,
                height: 640
            }
        );
    }
}
