//! Strict JSON objects, for what an attacker or a stranger wrote.
//!
//! serde_json keeps the last of two equal names. Another parser keeps the first, so a document
//! with duplicates can mean one thing to the code that checks it and another to the code that
//! uses it. Here such a document is refused, whatever the depth of the duplicate.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// How deep objects and arrays may nest, the outermost object included.
const MAX_DEPTH: usize = 64;

/// Why a text is not a usable JSON object. The messages quote nothing of the text, since it may
/// hold claims about a person or control characters for the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JsonFault {
    #[error("not UTF-8")]
    Encoding,
    #[error("not a JSON object")]
    NotAnObject,
    #[error("not strict JSON: {0}")]
    Syntax(String),
}

/// Checks that `bytes` are one JSON object (RFC 8259) in UTF-8 without a byte order mark,
/// without duplicate names at any depth, nested at most 64 levels, with numbers that fit a double.
pub(super) fn strict_object(bytes: &[u8]) -> Result<&str, JsonFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonFault::Encoding)?;
    if !text
        .trim_start_matches([' ', '\t', '\r', '\n'])
        .starts_with('{')
    {
        return Err(JsonFault::NotAnObject);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict { levels: MAX_DEPTH }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| JsonFault::Syntax(error.to_string()))?;
    Ok(text)
}

/// Walks a value and keeps nothing of it.
struct Strict {
    /// How many levels of objects and arrays may still be opened.
    levels: usize,
}

impl Strict {
    fn inside<E: de::Error>(&self) -> Result<usize, E> {
        self.levels
            .checked_sub(1)
            .ok_or_else(|| E::custom(format_args!("nested more than {MAX_DEPTH} levels deep")))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let levels = self.inside()?;
        while sequence.next_element_seed(Strict { levels })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let levels = self.inside()?;
        let mut names = HashSet::new();
        // The names are compared after their escapes are resolved: `"\u0061ud"` is `"aud"`.
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(de::Error::custom("duplicate name in an object"));
            }
            map.next_value_seed(Strict { levels })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
    }

    #[test]
    fn accepts_plain_objects() {
        for text in [
            "{}",
            " \r\n\t{ } \n",
            r#"{"a":1,"b":[{"a":1},{"a":2}],"c":{"a":null}}"#,
            r#"{"sub":"\u00e4\ud83d\ude00","n":-1.5e300,"t":true}"#,
        ] {
            assert_eq!(strict_object(text.as_bytes()), Ok(text), "{text}");
        }
        assert!(strict_object(nested(MAX_DEPTH).as_bytes()).is_ok());
    }

    #[test]
    fn refuses_everything_else() {
        let deep = nested(MAX_DEPTH + 1);
        let very_deep = nested(10_000);
        let arrays = format!(r#"{{"a":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        for text in [
            "",
            "null",
            "[]",
            "[{}]",
            "\"{}\"",
            "{",
            "{}{}",
            "{} x",
            "{'a':1}",
            "{a:1}",
            r#"{"a":1,}"#,
            r#"{"a":01}"#,
            r#"{"a":NaN}"#,
            r#"{"exp":1e400}"#,
            r#"{"a":"\ud800"}"#,
            "{\"a\":\"\u{1}\"}",
            "\u{feff}{}",
            r#"{"aud":1,"aud":2}"#,
            r#"{"aud":1,"\u0061ud":2}"#,
            r#"{"a":{"b":[{"c":1,"c":1}]}}"#,
            "{\"a\":1} // comment",
            &deep,
            &very_deep,
            &arrays,
        ] {
            assert!(strict_object(text.as_bytes()).is_err(), "{text:.60}");
        }
        assert_eq!(strict_object(b"{\"a\":\"\xff\"}"), Err(JsonFault::Encoding));
        let utf16: Vec<u8> = r#"{"a":1}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(strict_object(&utf16).is_err());
    }

    #[test]
    fn messages_quote_nothing() {
        let fault = strict_object(br#"{"secret-name":1,"secret-name":2}"#).unwrap_err();
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }
}
