//! The tables of capabilities: for each backend a JSON file in `catalog/`, and over it what the
//! deployment says (`PROVIDER_CATALOG`), merged as RFC 7396 has it.

use std::collections::BTreeMap;

use guest::Capabilities;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::cost::{Basis, Cost};
use super::error::{Code, ProviderError};
use super::model::{Model, chosen};
use super::request::GenerateRequest;
use crate::images::shape::Size;
use crate::text::shortened;

/// What is known of a backend without asking it.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// In the order of their names.
    pub models: Vec<Model>,
    retired: BTreeMap<String, String>,
    prices: BTreeMap<String, Price>,
    dimensions: BTreeMap<String, String>,
    workflows: BTreeMap<String, Value>,
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// What holds for every model unless it says otherwise.
    #[serde(default)]
    common: Map<String, Value>,
    models: BTreeMap<String, Map<String, Value>>,
    /// Models that are gone, each with its replacement.
    #[serde(default)]
    retired: BTreeMap<String, String>,
    /// By model; `*` is for all others.
    #[serde(default)]
    prices: BTreeMap<String, Price>,
    /// `WIDTHxHEIGHT` by aspect ratio.
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    /// Graphs of ComfyUI by name.
    #[serde(default)]
    workflows: BTreeMap<String, Value>,
}

/// What a model costs, in US dollars.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// For a million tokens of text that goes in.
    pub text_in: f64,
    /// For a million tokens of images that go in.
    pub image_in: f64,
    /// For a million tokens of images that come out.
    pub image_out: f64,
    /// Tokens that come out for one image, to guess with.
    pub tokens: PerQuality,
    /// For one image.
    pub image: PerQuality,
    /// For a million pixels.
    pub megapixel: f64,
}

/// A number for each quality.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerQuality {
    /// Of `standard`.
    pub standard: f64,
    /// Of `hd`.
    pub hd: f64,
}

/// Tokens that a backend counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Text that went in.
    pub text_in: f64,
    /// Images that went in.
    pub image_in: f64,
    /// What came out.
    pub image_out: f64,
}

impl Table {
    /// The table of a backend: the file, and over it what the deployment says.
    pub fn load(capabilities: Capabilities<'_>, name: &str, file: &str) -> Self {
        let changes = capabilities.settings.setting("PROVIDER_CATALOG");
        let changes = changes.and_then(|text| {
            let parsed = serde_json::from_str::<Value>(&text);
            parsed.ok()?.get_mut(name).map(Value::take)
        });
        let built_in = || Self::read(file, None).unwrap_or_default();
        match changes {
            None => built_in(),
            Some(changes) => Self::read(file, Some(changes)).unwrap_or_else(|error| {
                capabilities.log.error(&format!(
                    "the setting `PROVIDER_CATALOG` is not used for `{name}`: {error}"
                ));
                built_in()
            }),
        }
    }

    fn read(file: &str, changes: Option<Value>) -> Result<Self, serde_json::Error> {
        let mut table: Value = serde_json::from_str(file)?;
        if let Some(changes) = changes {
            merge(&mut table, changes);
        }
        let written: Written = serde_json::from_value(table)?;
        let models = written.models.into_iter().map(|(id, own)| {
            let mut whole = written.common.clone();
            whole.extend(own);
            whole.insert("model_id".to_owned(), Value::String(id));
            serde_json::from_value(Value::Object(whole))
        });
        let mut table = Self {
            models: models.collect::<Result<_, _>>()?,
            retired: written.retired,
            prices: written.prices,
            dimensions: written.dimensions,
            workflows: written.workflows,
        };
        table.add_prices();
        Ok(table)
    }

    fn add_prices(&mut self) {
        let request = GenerateRequest::default();
        let prices: Vec<_> = self
            .models
            .iter()
            .map(|model| {
                self.guess(model, &request)
                    .map(|cost| cost.amount.dollars())
            })
            .collect();
        for (model, price) in self.models.iter_mut().zip(prices) {
            model.usd_per_image = model.usd_per_image.or(price);
        }
    }

    /// The model for a request.
    ///
    /// # Errors
    /// [`Code::ModelUnavailable`], with the replacement of one that is gone.
    pub fn model_for(&self, request: &GenerateRequest) -> Result<Model, ProviderError> {
        let named = request.model.as_deref();
        if let Some(replacement) = named.and_then(|name| self.retired.get(name)) {
            return Err(ProviderError::new(Code::ModelUnavailable).because(format!(
                "`{}` has been retired; use `{replacement}`",
                named.unwrap_or_default()
            )));
        }
        chosen(&self.models, named).cloned().ok_or_else(|| {
            let name = shortened(named.unwrap_or("default"), 80);
            ProviderError::new(Code::ModelUnavailable).because(format!("`{name}`"))
        })
    }

    /// What takes the place of a model that is gone.
    pub fn replacement(&self, model: &str) -> Option<&str> {
        self.retired.get(model).map(String::as_str)
    }

    /// The size for a request: the one it names, or that of its aspect ratio.
    pub fn size(&self, request: &GenerateRequest) -> Option<Size> {
        if request.size.is_some() {
            return request.size;
        }
        let (width, height) = self
            .dimensions
            .get(&request.aspect_ratio)?
            .split_once('x')?;
        Some(Size {
            width: width.parse().ok()?,
            height: height.parse().ok()?,
        })
    }

    /// A graph of ComfyUI.
    pub fn workflow(&self, name: &str) -> Option<Value> {
        self.workflows.get(name).cloned()
    }

    /// The price of a model.
    pub fn price(&self, model: &str) -> Option<&Price> {
        self.prices.get(model).or_else(|| self.prices.get("*"))
    }

    /// What the request will cost, by the price list alone.
    pub fn guess(&self, model: &Model, request: &GenerateRequest) -> Option<Cost> {
        let price = self.price(&model.model_id)?;
        let of = |numbers: PerQuality| {
            if request.is_hd() {
                numbers.hd
            } else {
                numbers.standard
            }
        };
        let pixels = self
            .size(request)
            .map_or(0.0, |size| f64::from(size.width) * f64::from(size.height));
        let each = of(price.image)
            + of(price.tokens) * price.image_out / 1e6
            + price.megapixel * (pixels / 1e6).ceil();
        Some(Cost::new(each * f64::from(request.n), Basis::Estimate))
    }

    /// What the request has cost, by what the backend counted.
    pub fn charge(&self, model: &str, usage: Usage) -> Option<Cost> {
        let price = self.price(model)?;
        let micros = usage.text_in * price.text_in
            + usage.image_in * price.image_in
            + usage.image_out * price.image_out;
        Some(Cost::new(micros / 1e6, Basis::Usage))
    }
}

/// RFC 7396: objects are merged, `null` removes, everything else replaces.
fn merge(target: &mut Value, changes: Value) {
    match changes {
        Value::Object(changes) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            let Some(map) = target.as_object_mut() else {
                return;
            };
            for (name, change) in changes {
                if change.is_null() {
                    map.remove(&name);
                } else {
                    merge(map.entry(name).or_insert(Value::Null), change);
                }
            }
        }
        other => *target = other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Memory;

    const FILE: &str = r#"{
        "common": {"can_generate": true},
        "models": {"new": {"default": true}, "other": {}},
        "retired": {"old": "new"},
        "prices": {"*": {"image_out": 30, "tokens": {"standard": 1000, "hd": 4000}}, "other": {"image": {"standard": 0.5}}},
        "dimensions": {"1:1": "512x512"}
    }"#;

    #[test]
    fn a_deployment_changes_what_it_names() {
        let memory = Memory::new().with_setting(
            "PROVIDER_CATALOG",
            &json!({"some": {
                "models": {"other": null, "newest": {"default": true, "supports_mask": true}, "new": {"default": false}},
                "retired": {"other": "newest"},
            }})
            .to_string(),
        );
        let table = Table::load(memory.capabilities(), "some", FILE);
        let request = GenerateRequest::new("x");
        let model = table.model_for(&request).unwrap();
        assert_eq!(model.model_id, "newest");
        assert!(model.supports_mask && model.can_generate);
        let gone = |name: &str| {
            let request = GenerateRequest {
                model: Some(name.to_owned()),
                ..request.clone()
            };
            table.model_for(&request).unwrap_err().to_string()
        };
        assert!(gone("old").contains("`old` has been retired; use `new`"));
        assert!(gone("other").contains("use `newest`"));
        assert!(gone("never").contains("`never`"));
        // Another backend keeps its own.
        let table = Table::load(memory.capabilities(), "another", FILE);
        assert_eq!(table.model_for(&request).unwrap().model_id, "new");
    }

    #[test]
    fn a_faulty_change_is_told_and_not_used() {
        for text in [
            "{",
            "[]",
            r#"{"some": {"models": 5}}"#,
            r#"{"some": {"surprise": 1}}"#,
        ] {
            let memory = Memory::new().with_setting("PROVIDER_CATALOG", text);
            let table = Table::load(memory.capabilities(), "some", FILE);
            assert_eq!(table.models.len(), 2, "{text}");
        }
    }

    #[test]
    fn costs_follow_the_price_list() {
        let table = Table::read(FILE, None).unwrap();
        let request = GenerateRequest {
            n: 2,
            quality: "hd".to_owned(),
            ..GenerateRequest::new("x")
        };
        let model = table.model_for(&request).unwrap();
        assert_eq!(
            table.guess(&model, &request).unwrap().amount.micros,
            240_000
        );
        assert_eq!(model.usd_per_image, Some(0.03));
        let usage = Usage {
            image_out: 1000.0,
            ..Usage::default()
        };
        assert_eq!(table.charge("new", usage).unwrap().amount.micros, 30_000);
    }
}
