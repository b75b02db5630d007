//! What a backend can do, as data: the records of `list_providers`.

use serde::Serialize;

/// One model of a provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Model {
    /// What the `model` parameter takes.
    pub model_id: &'static str,
    /// The name for people.
    pub display_name: &'static str,
    /// Makes images from text.
    pub can_generate: bool,
    /// Changes images.
    pub can_edit: bool,
    /// Takes a mask for that.
    pub supports_mask: bool,
    /// The aspect ratios it takes.
    pub supported_aspect_ratios: &'static [&'static str],
    /// The qualities it takes.
    pub supported_qualities: &'static [&'static str],
    /// The formats it delivers.
    pub supported_formats: &'static [&'static str],
    /// Takes a negative prompt.
    pub supports_negative_prompt: bool,
    /// Takes a background.
    pub supports_background: bool,
    /// Takes reference images.
    pub supports_image_input: bool,
    /// How many of them.
    pub max_input_images: u32,
    /// Longest side of its images, in pixels.
    pub max_resolution: Option<u32>,
    /// Steps it takes unless told otherwise.
    pub default_steps: Option<u32>,
    /// Guidance it uses unless told otherwise.
    pub default_cfg: Option<f32>,
    /// How to write prompts for it.
    pub prompt_style: Option<PromptStyle>,
    /// What it is good at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style_profile: Option<StyleProfile>,
    /// An invisible mark in its images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<&'static str>,
}

/// How to write prompts for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptStyle {
    /// Comma-separated tags.
    Clip,
    /// Sentences.
    NaturalLanguage,
}

/// What a model is good at, for the model that chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StyleProfile {
    /// A short name.
    pub label: &'static str,
    /// What it does well.
    pub style_hints: &'static str,
    /// What it does badly.
    pub incompatible_styles: &'static str,
    /// A prompt that works.
    pub good_example: &'static str,
    /// A prompt that does not.
    pub bad_example: &'static str,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What to use instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecation_note: Option<&'static str>,
}

/// Where a model is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// Use it.
    Current,
    /// There is a better one.
    Legacy,
    /// It will go away.
    Deprecated,
}

impl Lifecycle {
    /// The word in `list_providers`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Legacy => "legacy",
            Self::Deprecated => "deprecated",
        }
    }
}

/// How prompts are written for the model that will be used: the named one, or the only one.
pub fn prompt_style(models: &[Model], named: Option<&str>) -> Option<PromptStyle> {
    match (named, models) {
        (Some(name), _) => {
            models
                .iter()
                .find(|model| model.model_id == name)?
                .prompt_style
        }
        (None, [only]) => only.prompt_style,
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_style_is_that_of_the_named_or_only_model() {
        let tags = Model {
            model_id: "tags",
            prompt_style: Some(PromptStyle::Clip),
            ..Model::default()
        };
        let prose = Model {
            model_id: "prose",
            prompt_style: Some(PromptStyle::NaturalLanguage),
            ..Model::default()
        };
        let both = [tags.clone(), prose];
        assert_eq!(
            prompt_style(&both, Some("prose")),
            Some(PromptStyle::NaturalLanguage)
        );
        assert_eq!(prompt_style(&both, Some("other")), None);
        assert_eq!(prompt_style(&both, None), None);
        assert_eq!(prompt_style(&[tags], None), Some(PromptStyle::Clip));
    }
}
