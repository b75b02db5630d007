//! What OpenAI is asked: the same fields as JSON and as a form.

use guest::http::Part;
use serde_json::{Map, Value, json};

use crate::images::format::Format;
use crate::images::shape::Size;
use crate::providers::error::ProviderError;
use crate::providers::model::Model;
use crate::providers::payload::{with_negative, without_settings};
use crate::providers::ratio;
use crate::providers::request::GenerateRequest;
use crate::providers::table::Table;

/// First versions that are asked for on the way.
const PARTIALS: u64 = 2;

/// Fields without which there is still the image that was asked for.
const OPTIONAL: &[&str] = &[
    "stream",
    "partial_images",
    "safety_identifier",
    "response_format",
    "output_format",
    "background",
    "quality",
    "n",
];

/// The fields of a request, but for the pictures.
pub struct Fields {
    fields: Map<String, Value>,
    /// Whether it goes to OpenAI itself.
    pub is_official: bool,
}

impl Fields {
    /// The fields that the model understands.
    pub fn new(request: &GenerateRequest, model: &Model, table: &Table) -> Self {
        // A model of which the table knows nothing speaks the least that all have in common.
        let is_known = table
            .models
            .iter()
            .any(|one| one.model_id == model.model_id);
        let prompt = with_negative(request);
        let size = size(request, is_known, table);
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        if is_known {
            set("prompt", json!(prompt));
            set("model", json!(model.model_id));
            set(
                "quality",
                json!(if request.is_hd() { "high" } else { "auto" }),
            );
            let format = request.output_format.unwrap_or(Format::Png);
            // A transparent background needs a format that has one; what was asked for is made of it later.
            let format = match format {
                Format::Jpeg if request.is_transparent() => Format::Png,
                format => format,
            };
            set("output_format", json!(format.name()));
            if model.supports_background {
                set("background", json!(request.background));
            }
            if let Some(end_user) = &request.end_user {
                set("safety_identifier", json!(end_user));
            }
            if request.n == 1 {
                set("stream", json!(true));
                set("partial_images", json!(PARTIALS));
            }
        } else {
            set("prompt", json!(without_settings(&prompt)));
            if model.model_id != super::SERVERS_CHOICE {
                set("model", json!(model.model_id));
            }
            set("response_format", json!("b64_json"));
        }
        set("n", json!(request.n));
        set("size", json!(format!("{}x{}", size.width, size.height)));
        Self {
            fields,
            is_official: true,
        }
    }

    /// Leaves out what the server does not know, if the image can do without; `false` when it
    /// cannot, or nobody knows what it was.
    pub fn drop_refused(&mut self, error: &ProviderError) -> bool {
        if error.provider_code.as_deref() != Some("unknown_parameter") && self.is_official {
            return false;
        }
        let detail = error.detail.as_deref().unwrap_or_default();
        let named = OPTIONAL.iter().find(|name| {
            detail
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == **name)
                && self.fields.contains_key(**name)
        });
        let Some(name) = named else {
            return false;
        };
        if *name == "stream" {
            self.fields.remove("partial_images");
        }
        self.fields.remove(*name).is_some()
    }

    /// How many first versions are asked for.
    pub fn partials(&self) -> u64 {
        self.fields
            .get("partial_images")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }

    /// As JSON.
    pub fn json(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    /// As the fields of a form.
    pub fn texts(&self) -> Vec<(String, String)> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.fields
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }
}

fn size(request: &GenerateRequest, is_known: bool, table: &Table) -> Size {
    let square = Size {
        width: 1024,
        height: 1024,
    };
    if is_known || request.size.is_some() {
        return table.size(request).unwrap_or(square);
    }
    ratio::parse(&request.aspect_ratio).map_or(square, |one| ratio::size(one, 1024 * 1024, 64))
}

/// Names for the files of a form.
pub fn file_names(request: &GenerateRequest) -> Vec<String> {
    let names = request.references.iter().enumerate();
    names
        .map(|(index, image)| format!("reference_{index}.{}", image.format.extension()))
        .collect()
}

/// The parts of a form: fields, pictures, mask.
pub fn parts<'a>(
    request: &'a GenerateRequest,
    texts: &'a [(String, String)],
    names: &'a [String],
) -> Vec<Part<'a>> {
    let texts = texts.iter().map(|(name, text)| Part {
        name,
        file: None,
        bytes: text.as_bytes(),
    });
    let pictures = request
        .references
        .iter()
        .zip(names)
        .map(|(image, name)| Part {
            name: "image[]",
            file: Some((name, image.format.mime())),
            bytes: &image.bytes,
        });
    let mask = request.mask.iter().map(|mask| Part {
        name: "mask",
        file: Some(("mask.png", "image/png")),
        bytes: &mask.bytes,
    });
    texts.chain(pictures).chain(mask).collect()
}
