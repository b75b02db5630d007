//! JSON objects without ambiguity, from the strict parser that every component shares.

use serde_json::{Map, Value};

/// A text that is not one unambiguous JSON object. Holds no part of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, nested too deeply, a number out of range, or a name twice.
    #[error("not unambiguous JSON: {0}")]
    Syntax(String),
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
}

/// The members of the object that `text` is.
///
/// # Errors
/// See [`JsonError`].
pub fn object(text: &str) -> Result<Map<String, Value>, JsonError> {
    let value = strict_json::parse(text.as_bytes())
        .map_err(|error| JsonError::Syntax(error.to_string()))?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_meaning_or_none() {
        let nested = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        let refused = [
            r#"{"aud":"x","aud":"y"}"#,
            r#"{"aud":"x","a\u0075d":"y"}"#,
            r#"{"cnf":{"jkt":"a","jkt":"b"}}"#,
            r#"{"a":[{"b":1,"b":1}]}"#,
            "\u{feff}{}",
            "{} {}",
            "{'a':1}",
            r#"{"exp":1e400}"#,
            r#"{"exp":01}"#,
            r#"{"exp":NaN}"#,
            r#"{"a":"\ud800"}"#,
            "[]",
            "\"{}\"",
            "null",
            "",
            nested.as_str(),
        ];
        for text in refused {
            assert!(
                object(text).is_err(),
                "accepted {}",
                text.chars().take(60).collect::<String>()
            );
        }
    }

    #[test]
    fn values_are_kept_as_they_are() {
        let members = object(r#" {"a":1,"b":-2,"c":1.5,"d":[true,null,{"e":"f"}]} "#);
        let expected = serde_json::json!({"a":1,"b":-2,"c":1.5,"d":[true,null,{"e":"f"}]});
        assert_eq!(members.map(Value::Object), Ok(expected));
    }

    #[test]
    fn the_error_holds_no_part_of_the_text() {
        let error =
            object(r#"{"secret":"value","secret":"value"}"#).map_err(|error| error.to_string());
        assert!(error.is_err_and(|text| !text.contains("secret") && text.contains("twice")));
    }
}
