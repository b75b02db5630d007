//! JSON objects without ambiguity: a name that occurs twice, at any depth, is refused.
//!
//! Two parsers that keep different members of `{"aud":"a","aud":"b"}` are how a token means one thing
//! to its issuer and another to its verifier (RFC 7519, section 4; RFC 8725, section 2.4).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A text that is not one unambiguous JSON object. Holds no part of the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, nested too deeply, a number out of range, or a name twice.
    #[error("not unambiguous JSON: {0}")]
    Syntax(String),
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
}

/// The members of the object that `text` is.
pub fn object(text: &str) -> Result<Map<String, Value>, JsonError> {
    let Strict(value) =
        serde_json::from_str(text).map_err(|error| JsonError::Syntax(error.to_string()))?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

/// A [`Value`] that was read without dropping a member.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = elements.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let Strict(value) = members.next_value()?;
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Value::Object(map))
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
