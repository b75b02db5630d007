//! Filling a workflow: a string that is `%name%` and nothing else becomes the value of that name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::images::shape::Size;
use crate::providers::request::GenerateRequest;
use crate::providers::sd_webui::Preset;

/// What goes into a workflow, by name.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Sets a value.
    pub fn set(&mut self, name: &'static str, value: Value) {
        self.0.insert(name, value);
    }

    /// The workflow with the values in it. A value is never looked into, so that a prompt that
    /// says `%seed%` stays as it is.
    pub fn fill(&self, workflow: Value) -> Value {
        match workflow {
            Value::String(text) => {
                let name = text
                    .strip_prefix('%')
                    .and_then(|rest| rest.strip_suffix('%'));
                match name.and_then(|name| self.0.get(name)) {
                    Some(value) => value.clone(),
                    None => Value::String(text),
                }
            }
            Value::Array(list) => list.into_iter().map(|one| self.fill(one)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(name, value)| (name, self.fill(value)))
                .collect(),
            other => other,
        }
    }
}

/// The values of a request.
pub fn values(request: &GenerateRequest, preset: &Preset, (size, seed): (Size, u64)) -> Values {
    let mut values = Values::default();
    let negative = match preset.takes_negative() {
        true => request.negative_prompt.as_deref().unwrap_or_default(),
        false => "",
    };
    values.set("prompt", json!(request.prompt));
    values.set("negative_prompt", json!(negative));
    values.set("width", json!(size.width));
    values.set("height", json!(size.height));
    values.set("n", json!(request.n));
    values.set("seed", json!(seed));
    values.set("steps", json!(preset.steps));
    values.set("cfg", json!(preset.cfg));
    // ComfyUI has names of its own for them.
    let (sampler, scheduler) = match preset.sampler {
        "Euler" => ("euler", "simple"),
        "DPM++ SDE" => ("dpmpp_sde", "karras"),
        _ => ("dpmpp_2m", "karras"),
    };
    values.set("sampler", json!(sampler));
    values.set("scheduler", json!(scheduler));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_strings_are_filled_and_values_stay_as_they_are() {
        let request = GenerateRequest::new("a %seed% fox");
        let values = values(
            &request,
            &Preset::of("sdxl"),
            (Preset::of("sdxl").size("1:1"), 7),
        );
        let filled =
            values.fill(json!({"a": "%prompt%", "b": ["%seed%", "x%seed%", "%other%"], "c": 1}));
        assert_eq!(
            filled,
            json!({"a": "a %seed% fox", "b": [7, "x%seed%", "%other%"], "c": 1})
        );
    }
}
