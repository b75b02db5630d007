//! The arguments that the tools that make images have in common.

use std::time::Duration;

use mcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::replay::Key;
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::sidecar::Sidecar;
use crate::images::format::Format;
use crate::images::limits::MAX_OUTPUT_SIDE;
use crate::images::shape::Size;
use crate::providers::request::GenerateRequest;
use crate::text::quoted;

/// Under the time-out of every client we know.
const DEFAULT_WAIT_SECONDS: f64 = 45.0;

/// Everything but what the images show. What is absent has a default, or is taken over from the
/// image that is made again.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::tools) struct Common {
    pub(in crate::tools) provider: Option<String>,
    pub(in crate::tools) negative_prompt: Option<String>,
    pub(in crate::tools) aspect_ratio: Option<String>,
    pub(in crate::tools) size: Option<String>,
    pub(in crate::tools) quality: Option<String>,
    pub(in crate::tools) background: Option<String>,
    pub(in crate::tools) model: Option<String>,
    pub(in crate::tools) n: Option<u32>,
    pub(in crate::tools) seed: Option<u64>,
    pub(in crate::tools) output_format: Option<String>,
    pub(in crate::tools) options: Option<Map<String, Value>>,
    wait_seconds: Option<f64>,
    confirm_cost: Option<bool>,
    idempotency_key: Option<String>,
}

impl Common {
    /// The request to a provider.
    ///
    /// # Errors
    /// A size that is none.
    pub(in crate::tools) fn request(
        &self,
        context: Context<'_>,
        prompt: String,
    ) -> Result<GenerateRequest, Fault> {
        let plain = GenerateRequest::default();
        let text = |given: &Option<String>, default: String| given.clone().unwrap_or(default);
        Ok(GenerateRequest {
            prompt,
            negative_prompt: self.negative_prompt.clone(),
            aspect_ratio: text(&self.aspect_ratio, plain.aspect_ratio),
            size: self.size.as_deref().map(parse_size).transpose()?,
            quality: text(&self.quality, plain.quality),
            background: text(&self.background, plain.background),
            model: self.model.clone(),
            n: self.n.unwrap_or(1),
            seed: self.seed,
            output_format: self.output_format.as_deref().and_then(Format::from_name),
            end_user: context.subject.map(|subject| subject.to_string()),
            options: self.options.clone().unwrap_or_default(),
            ..plain
        })
    }

    /// What is needed to make it again, beside what a sidecar has.
    pub(in crate::tools) fn recipe(&self) -> Map<String, Value> {
        let pairs = [
            ("size", json!(self.size)),
            ("seed", json!(self.seed)),
            ("output_format", json!(self.output_format)),
            ("options", json!(self.options)),
        ];
        let given = pairs.into_iter().filter(|(_, value)| !value.is_null());
        given
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// These changes on top of how an image was made.
    pub(in crate::tools) fn over(&self, sidecar: &Sidecar, recipe: &Map<String, Value>) -> Self {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let text = |name: &str| recipe.get(name).and_then(Value::as_str).map(str::to_owned);
        let other = self.clone();
        // A model belongs to its provider, and a size makes the ratio meaningless.
        let same_provider = self
            .provider
            .as_ref()
            .is_none_or(|name| *name == sidecar.provider);
        let model = sidecar.model().filter(|_| same_provider).map(str::to_owned);
        let size = text("size").filter(|_| self.aspect_ratio.is_none());
        Self {
            provider: other.provider.or_else(|| filled(&sidecar.provider)),
            negative_prompt: other
                .negative_prompt
                .or_else(|| sidecar.negative_prompt.clone()),
            aspect_ratio: other.aspect_ratio.or_else(|| filled(&sidecar.aspect_ratio)),
            size: other.size.or(size),
            quality: other.quality.or_else(|| filled(&sidecar.quality)),
            background: other.background.or_else(|| filled(&sidecar.background)),
            model: other.model.or(model),
            seed: other
                .seed
                .or_else(|| recipe.get("seed").and_then(Value::as_u64)),
            output_format: other.output_format.or_else(|| text("output_format")),
            options: other
                .options
                .or_else(|| recipe.get("options").and_then(Value::as_object).cloned()),
            ..other
        }
    }

    /// How long the client waits.
    ///
    /// # Errors
    /// Not for what the schema lets pass.
    pub(in crate::tools) fn wait(&self) -> Result<Duration, Fault> {
        let seconds = self.wait_seconds.unwrap_or(DEFAULT_WAIT_SECONDS);
        Duration::try_from_secs_f64(seconds).map_err(Fault::invalid)
    }

    /// Whether the cost is accepted already.
    pub(in crate::tools) fn is_confirmed(&self) -> bool {
        self.confirm_cost == Some(true)
    }

    /// What makes a call the same as an earlier one.
    pub(in crate::tools) fn key(&self, tool: &str, arguments: JsonObject) -> Option<Key> {
        let key = self.idempotency_key.as_deref()?;
        Some(Key::new(key, tool, arguments))
    }
}

/// `1024x768`
fn parse_size(text: &str) -> Result<Size, Fault> {
    let side = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let side = is_number.then(|| text.parse::<u32>().ok()).flatten()?;
        (1..=MAX_OUTPUT_SIDE).contains(&side).then_some(side)
    };
    let sides = text.split_once(['x', 'X']);
    let size = sides.and_then(|(width, height)| {
        Some(Size {
            width: side(width.trim())?,
            height: side(height.trim())?,
        })
    });
    size.ok_or_else(|| {
        let text = quoted(text);
        Fault::invalid(format!(
            "not a size: {text}\nhint: `WIDTHxHEIGHT` in pixels, for example `1536x864`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for text in ["1024x768", "1024X768", " 1024 x 768 "] {
            let size = parse_size(text).unwrap();
            assert_eq!((size.width, size.height), (1024, 768), "{text}");
        }
        for text in [
            "",
            "x",
            "1024",
            "0x5",
            "-1x5",
            "+1x5",
            "8193x1",
            "1x1x1",
            "99999999999x1",
            "1.5x2",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
