//! The walk over a value and its schema, side by side.

use std::fmt;

use rmcp::model::JsonObject;
use serde_json::Value;

use super::ArgumentErrors;
use crate::fault::clip;

/// Where a value stands, spelled only when there is a fault to tell.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    Root,
    Member(&'a At<'a>, &'a str),
    Item(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Root => Ok(()),
            At::Member(At::Root, name) => formatter.write_str(clip(name)),
            At::Member(parent, name) => write!(formatter, "{parent}.{}", clip(name)),
            At::Item(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

pub(super) fn check_object(
    schema: &JsonObject,
    object: &JsonObject,
    at: At<'_>,
    errors: &mut ArgumentErrors,
) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let extra = schema.get("additionalProperties");
    for (name, value) in object {
        let at = At::Member(&at, name);
        match (properties.and_then(|known| known.get(name)), extra) {
            (Some(property), _) => check_value(property, value, at, errors),
            (None, None | Some(Value::Bool(false))) => errors.push(|| unknown(at, properties)),
            (None, Some(property)) => check_value(property, value, at, errors),
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            errors.push(|| format!("missing argument: `{}`", At::Member(&at, name)));
        }
    }
}

fn check_value(schema: &Value, value: &Value, at: At<'_>, errors: &mut ArgumentErrors) {
    let Value::Object(schema) = schema else {
        return;
    };
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        check_any(choices, value, at, errors);
    }
    if let Some(expected) = schema.get("type")
        && !has_type(expected, value)
    {
        let actual = type_of(value);
        errors.push(|| format!("`{at}` must be {}, not {actual}", spell(expected)));
        return;
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.contains(value)
    {
        errors.push(|| format!("`{at}` must be one of {}", list(allowed)));
    }
    if let Some(only) = schema.get("const")
        && only != value
    {
        errors.push(|| format!("`{at}` must be {only}"));
    }
    check_bounds(schema, value, at, errors);
    match value {
        Value::Object(object) if schema.contains_key("properties") => {
            check_object(schema, object, at, errors);
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check_value(schema, item, At::Item(&at, index), errors);
                }
            }
        }
        _ => {}
    }
}

/// One of the choices must fit. When none does, the faults of a lone one besides `null` say more
/// than that nothing fits.
fn check_any(choices: &[Value], value: &Value, at: At<'_>, errors: &mut ArgumentErrors) {
    let mut found = Vec::new();
    for choice in choices {
        let mut errors = ArgumentErrors::default();
        check_value(choice, value, at, &mut errors);
        if errors.is_empty() {
            return;
        }
        if choice.get("type").and_then(Value::as_str) != Some("null") {
            found.push(errors);
        }
    }
    match found.pop() {
        Some(only) if found.is_empty() => {
            errors.untold += only.untold;
            for fault in only.faults {
                errors.push(|| fault);
            }
        }
        _ => errors.push(|| format!("`{at}` fits none of the allowed forms")),
    }
}

fn check_bounds(schema: &JsonObject, value: &Value, at: At<'_>, errors: &mut ArgumentErrors) {
    let (size, unit, low, high) = match value {
        Value::Number(number) => (number.as_f64(), "", "minimum", "maximum"),
        Value::String(text) => {
            let length = text.chars().count() as f64;
            (Some(length), " characters", "minLength", "maxLength")
        }
        Value::Array(items) => (Some(items.len() as f64), " items", "minItems", "maxItems"),
        _ => return,
    };
    let Some(size) = size else {
        return;
    };
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    let verb = if unit.is_empty() { "be" } else { "have" };
    if let Some(low) = bound(low).filter(|low| size < *low) {
        errors.push(|| format!("`{at}` must {verb} at least {low}{unit}"));
    }
    if let Some(high) = bound(high).filter(|high| size > *high) {
        errors.push(|| format!("`{at}` must {verb} at most {high}{unit}"));
    }
    if !value.is_number() {
        return;
    }
    if let Some(low) = bound("exclusiveMinimum").filter(|low| size <= *low) {
        errors.push(|| format!("`{at}` must be more than {low}"));
    }
    if let Some(high) = bound("exclusiveMaximum").filter(|high| size >= *high) {
        errors.push(|| format!("`{at}` must be less than {high}"));
    }
}

fn unknown(at: At<'_>, properties: Option<&JsonObject>) -> String {
    let known: Vec<_> = properties
        .into_iter()
        .flat_map(JsonObject::keys)
        .map(|name| format!("`{name}`"))
        .collect();
    if known.is_empty() {
        return format!("unknown argument: `{at}`\nhint: there are no arguments here");
    }
    let known = known.join(", ");
    format!("unknown argument: `{at}`\nhint: known arguments are {known}")
}

fn has_type(expected: &Value, value: &Value) -> bool {
    match expected {
        Value::String(name) => match name.as_str() {
            "integer" => is_integer(value),
            "number" => value.is_number(),
            name => type_of(value) == name,
        },
        Value::Array(names) => names.iter().any(|name| has_type(name, value)),
        _ => true,
    }
}

/// JSON Schema 2020-12: `1.0` is an integer.
fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn spell(expected: &Value) -> String {
    match expected {
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
            names.join(" or ")
        }
        other => other.to_string(),
    }
}

fn list(values: &[Value]) -> String {
    let texts: Vec<_> = values.iter().map(Value::to_string).collect();
    texts.join(", ")
}
