//! Checks the arguments of a tool call against the input schema of the tool, so that a tool
//! refuses what it does not understand, by name, before it does anything.

use std::fmt;

use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use serde_json::Value;

use crate::reply::Reply;

/// What is wrong with the arguments of a tool call: one sentence for each fault, for the model
/// that made the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentErrors(Vec<String>);

impl ArgumentErrors {
    /// One fault that a tool found by itself.
    pub fn new(fault: impl Into<String>) -> Self {
        Self(vec![fault.into()])
    }
}

impl fmt::Display for ArgumentErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ArgumentErrors {}

/// A result with `isError`, so that the model can mend its call (MCP 2025-11-25, tools, error
/// handling).
impl From<ArgumentErrors> for CallToolResult {
    fn from(errors: ArgumentErrors) -> Self {
        Self::error(vec![ContentBlock::text(errors.to_string())])
    }
}

impl From<ArgumentErrors> for Reply<CallToolResult> {
    fn from(errors: ArgumentErrors) -> Self {
        Self::Complete(errors.into())
    }
}

/// Checks arguments against an input schema.
///
/// Understands `type`, `properties`, `required`, `additionalProperties`, `items`, `enum`, `const`,
/// `anyOf`, and the bounds of numbers, strings and arrays; other keywords are the tool's
/// business. An argument that the schema does not name is refused unless `additionalProperties`
/// is there and not `false`.
///
/// # Errors
///
/// All faults at once, the argument named in each.
pub fn check_arguments(
    input_schema: &JsonObject,
    arguments: &JsonObject,
) -> Result<(), ArgumentErrors> {
    let mut faults = Vec::new();
    check_object(input_schema, arguments, "", &mut faults);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ArgumentErrors(faults))
    }
}

fn check_object(schema: &JsonObject, object: &JsonObject, at: &str, faults: &mut Vec<String>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let extra = schema.get("additionalProperties");
    for (name, value) in object {
        let at = join(at, name);
        match (properties.and_then(|known| known.get(name)), extra) {
            (Some(property), _) => check_value(property, value, &at, faults),
            (None, None | Some(Value::Bool(false))) => faults.push(unknown(&at, properties)),
            (None, Some(property)) => check_value(property, value, &at, faults),
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            faults.push(format!("missing argument: `{}`", join(at, name)));
        }
    }
}

fn check_value(schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let Value::Object(schema) = schema else {
        return;
    };
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        check_any(choices, value, at, faults);
    }
    if let Some(expected) = schema.get("type")
        && !has_type(expected, value)
    {
        let actual = type_of(value);
        faults.push(format!("`{at}` must be {}, not {actual}", spell(expected)));
        return;
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.contains(value)
    {
        faults.push(format!("`{at}` must be one of {}", list(allowed)));
    }
    if let Some(only) = schema.get("const")
        && only != value
    {
        faults.push(format!("`{at}` must be {only}"));
    }
    check_bounds(schema, value, at, faults);
    match value {
        Value::Object(object) if schema.contains_key("properties") => {
            check_object(schema, object, at, faults);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(schema) = schema.get("items") {
                    check_value(schema, item, &format!("{at}[{index}]"), faults);
                }
            }
        }
        _ => {}
    }
}

/// One of the choices must fit. When none does, the faults of a lone one besides `null` say more
/// than that nothing fits.
fn check_any(choices: &[Value], value: &Value, at: &str, faults: &mut Vec<String>) {
    let mut found = Vec::new();
    for choice in choices {
        let mut faults = Vec::new();
        check_value(choice, value, at, &mut faults);
        if faults.is_empty() {
            return;
        }
        if choice.get("type").and_then(Value::as_str) != Some("null") {
            found.push(faults);
        }
    }
    match found.as_mut_slice() {
        [only] => faults.append(only),
        _ => faults.push(format!("`{at}` fits none of the allowed forms")),
    }
}

fn check_bounds(schema: &JsonObject, value: &Value, at: &str, faults: &mut Vec<String>) {
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
        faults.push(format!("`{at}` must {verb} at least {low}{unit}"));
    }
    if let Some(high) = bound(high).filter(|high| size > *high) {
        faults.push(format!("`{at}` must {verb} at most {high}{unit}"));
    }
    if !value.is_number() {
        return;
    }
    if let Some(low) = bound("exclusiveMinimum").filter(|low| size <= *low) {
        faults.push(format!("`{at}` must be more than {low}"));
    }
    if let Some(high) = bound("exclusiveMaximum").filter(|high| size >= *high) {
        faults.push(format!("`{at}` must be less than {high}"));
    }
}

fn unknown(at: &str, properties: Option<&JsonObject>) -> String {
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

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}
