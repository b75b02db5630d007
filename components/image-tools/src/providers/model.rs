//! What a backend can do, as data: the records of `list_providers`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// One model of a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// What the `model` parameter takes.
    pub model_id: Text,
    /// The name for people.
    pub display_name: Text,
    /// Used when a request names no model.
    #[serde(rename = "default", skip_serializing_if = "is_false")]
    pub is_default: bool,
    /// Makes images from text.
    pub can_generate: bool,
    /// Changes images.
    pub can_edit: bool,
    /// Takes a mask for that.
    pub supports_mask: bool,
    /// The aspect ratios it takes.
    pub supported_aspect_ratios: Vec<Text>,
    /// The sizes in pixels it takes.
    pub supported_sizes: Sizes,
    /// The qualities it takes.
    pub supported_qualities: Vec<Text>,
    /// The formats it delivers.
    pub supported_formats: Vec<Text>,
    /// Takes a negative prompt.
    pub supports_negative_prompt: bool,
    /// Takes a background.
    pub supports_background: bool,
    /// Takes reference images.
    pub supports_image_input: bool,
    /// How many of them.
    pub max_input_images: u32,
    /// Takes a strength: how far to go from a reference image.
    pub supports_strength: bool,
    /// Takes a seed.
    pub supports_seed: bool,
    /// How many images it makes in one call.
    pub max_images: u32,
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
    pub watermark: Option<Text>,
    /// Typical price of one image of standard quality in US dollars; `None` when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_image: Option<f64>,
}

/// Text that is either part of the program or was discovered.
pub type Text = Cow<'static, str>;

/// Which sizes in pixels a model takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sizes {
    /// None: only aspect ratios.
    #[default]
    None,
    /// These, as `WIDTHxHEIGHT`.
    Only(Vec<Text>),
    /// Any within the rule.
    Rule {
        /// What width and height must be multiples of.
        multiple: u32,
        /// Shortest side.
        min_side: u32,
        /// Longest side.
        max_side: u32,
        /// Fewest pixels.
        #[serde(default)]
        min_pixels: u64,
        /// Most pixels.
        max_pixels: u64,
        /// How much longer one side can be than the other.
        max_ratio: u32,
    },
}

impl Default for Model {
    fn default() -> Self {
        Self {
            model_id: Text::default(),
            display_name: Text::default(),
            is_default: false,
            can_generate: false,
            can_edit: false,
            supports_mask: false,
            supported_aspect_ratios: Vec::new(),
            supported_sizes: Sizes::None,
            supported_qualities: Vec::new(),
            supported_formats: Vec::new(),
            supports_negative_prompt: false,
            supports_background: false,
            supports_image_input: false,
            max_input_images: 0,
            supports_strength: false,
            supports_seed: false,
            max_images: 1,
            max_resolution: None,
            default_steps: None,
            default_cfg: None,
            prompt_style: None,
            style_profile: None,
            watermark: None,
            usd_per_image: None,
        }
    }
}

/// The words as the lists of a [`Model`] hold them.
pub fn texts(words: &[&'static str]) -> Vec<Text> {
    words.iter().copied().map(Text::Borrowed).collect()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// How to write prompts for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptStyle {
    /// Comma-separated tags.
    Clip,
    /// Sentences.
    NaturalLanguage,
}

/// What a model is good at, for the model that chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StyleProfile {
    /// A short name.
    pub label: Text,
    /// What it does well.
    pub style_hints: Text,
    /// What it does badly.
    pub incompatible_styles: Text,
    /// A prompt that works.
    pub good_example: Text,
    /// A prompt that does not.
    pub bad_example: Text,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What to use instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation_note: Option<Text>,
}

/// Where a model is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    chosen(models, named)?.prompt_style
}

/// The model that will be used: the named one, or else the default, or else the only one.
pub fn chosen<'a>(models: &'a [Model], named: Option<&str>) -> Option<&'a Model> {
    match (named, models) {
        (Some(name), _) => models.iter().find(|model| model.model_id == name),
        (None, [only]) => Some(only),
        (None, _) => models.iter().find(|model| model.is_default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_style_is_that_of_the_named_or_only_model() {
        let tags = Model {
            model_id: "tags".into(),
            prompt_style: Some(PromptStyle::Clip),
            ..Model::default()
        };
        let prose = Model {
            model_id: "prose".into(),
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
