//! `Mcp-Param-*`: headers in which a modern client repeats tool arguments, when the schema of the
//! tool asks for it with `x-mcp-header`.

use rmcp::model::JsonObject;
use serde_json::Value;

use crate::fault::Fault;
use crate::headers::{Field, decode};
use crate::http::HttpRequest;

/// An argument of a tool that is repeated in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterHeader {
    /// Name of the field, lower case: `mcp-param-` and the value of `x-mcp-header`.
    field: String,
    /// Property names from the arguments down to the value.
    path: Vec<String>,
}

impl ParameterHeader {
    /// Every annotated property of an input schema that can be reached through `properties` alone
    /// and is a string, an integer or a boolean. Other annotations are invalid, so clients drop
    /// such a tool; here they are passed over.
    pub fn of_schema(input_schema: &JsonObject) -> Vec<Self> {
        let mut found = Vec::new();
        collect(input_schema, &mut Vec::new(), &mut found);
        found
    }

    /// Compares the header with the argument.
    ///
    /// # Errors
    ///
    /// -32020 when one is there without the other, or when they differ.
    pub(crate) fn check(
        &self,
        http: &HttpRequest<'_>,
        arguments: &JsonObject,
    ) -> Result<(), Fault> {
        let expected = self.value_in(arguments);
        match (Field::of(http, &self.field), expected) {
            (Field::Absent, None) => Ok(()),
            (Field::Value(header), Some(expected)) if is_same(&decode(header)?, expected) => Ok(()),
            (_, None) => {
                let text = format!("`{}` has no argument to repeat", self.field);
                Err(Fault::header_mismatch(text))
            }
            (field, Some(expected)) => Err(field.mismatch(&self.field, &text_of(expected))),
        }
    }

    fn value_in<'a>(&self, arguments: &'a JsonObject) -> Option<&'a Value> {
        let (first, rest) = self.path.split_first()?;
        rest.iter()
            .try_fold(arguments.get(first)?, |value, name| value.get(name))
            .filter(|value| value.is_string() || value.is_number() || value.is_boolean())
    }
}

fn collect(schema: &JsonObject, path: &mut Vec<String>, found: &mut Vec<ParameterHeader>) {
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return;
    };
    for (name, property) in properties {
        let Value::Object(property) = property else {
            continue;
        };
        path.push(name.clone());
        if let Some(header) = property.get("x-mcp-header").and_then(Value::as_str)
            && !header.is_empty()
            && header.bytes().all(is_token_byte)
            && matches!(
                property.get("type").and_then(Value::as_str),
                Some("string" | "integer" | "boolean")
            )
        {
            found.push(ParameterHeader {
                field: format!("mcp-param-{}", header.to_ascii_lowercase()),
                path: path.clone(),
            });
        }
        collect(property, path, found);
        path.pop();
    }
}

/// RFC 9110, section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Numbers are the same when their values are: `1`, `1.0` and `1e0`.
fn is_same(header: &str, argument: &Value) -> bool {
    match argument {
        Value::Number(number) if header != number.to_string() => {
            let parsed: Option<f64> = header.parse().ok().filter(|value: &f64| value.is_finite());
            parsed.is_some() && parsed == number.as_f64() && !is_beyond_f64(number)
        }
        argument => header == text_of(argument),
    }
}

/// Whether an integer is too large for `f64` to tell it from its neighbours.
fn is_beyond_f64(number: &serde_json::Number) -> bool {
    const LARGEST_EXACT: u64 = 1 << 53;
    number
        .as_i64()
        .map(i64::unsigned_abs)
        .or_else(|| number.as_u64())
        .is_some_and(|value| value > LARGEST_EXACT)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::{Value, json};

    use super::ParameterHeader;

    fn fields(properties: Value) -> Vec<String> {
        let schema = json!({"type": "object", "properties": properties});
        let headers = ParameterHeader::of_schema(schema.as_object().unwrap());
        headers
            .into_iter()
            .map(|header| format!("{} {}", header.field, header.path.join("/")))
            .collect()
    }

    #[test]
    fn finds_annotated_scalars_below_properties() {
        let found = fields(json!({
            "a": {"type": "string", "x-mcp-header": "Region"},
            "b": {"type": "integer", "x-mcp-header": "X-1"},
            "c": {"type": "object", "properties": {
                "d": {"type": "boolean", "x-mcp-header": "Deep"},
            }},
            "e": {"type": "string"},
        }));
        let expected = [
            "mcp-param-region a",
            "mcp-param-x-1 b",
            "mcp-param-deep c/d",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn passes_over_annotations_that_are_invalid() {
        for property in [
            json!({"type": "number", "x-mcp-header": "A"}),
            json!({"type": "object", "x-mcp-header": "A"}),
            json!({"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}),
            json!({"type": ["string", "null"], "x-mcp-header": "A"}),
            json!({"anyOf": [{"type": "string", "x-mcp-header": "A"}]}),
            json!({"type": "string", "x-mcp-header": ""}),
            json!({"type": "string", "x-mcp-header": "A B"}),
            json!({"type": "string", "x-mcp-header": "A:B"}),
            json!({"type": "string", "x-mcp-header": "R\u{e9}gion"}),
            json!({"type": "string", "x-mcp-header": "A\r\nB"}),
            json!({"type": "string", "x-mcp-header": 7}),
            json!(true),
        ] {
            assert!(fields(json!({"a": property})).is_empty());
        }
    }
}
