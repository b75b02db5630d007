//! How a prompt is read by the models that take more than prose: a JSON object, or lines of
//! `key: value`. Lines that begin with `-` are a list. Each model says which keys it knows, and an
//! unknown one is an error that lists them: a model that calls can then mend its prompt.

use serde_json::{Map, Value};

/// Characters of a prompt.
pub const MAX_CHARS: usize = 20_000;

/// What is wrong with a prompt. Always the fault of whoever wrote it; the text says what is right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// A prompt of white space.
    #[error("the prompt is empty\nhint: {0}")]
    Empty(&'static str),
    /// Longer than is read.
    #[error("the prompt has more than {MAX_CHARS} characters")]
    TooLong,
    /// It begins like JSON and is none.
    #[error("the prompt begins with `{{` and is no JSON object: {reason}\nhint: {grammar}")]
    Json {
        /// What the parser says.
        reason: String,
        /// What is right.
        grammar: &'static str,
    },
    /// A key that the model does not know.
    #[error("unknown key: `{key}`\nhint: {grammar}")]
    Key {
        /// The key, shortened.
        key: String,
        /// What is right.
        grammar: &'static str,
    },
    /// A value that the key does not take.
    #[error("`{key}` must be {expected}: `{found}`\nhint: {grammar}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: String,
        /// What was given, shortened.
        found: String,
        /// What is right.
        grammar: &'static str,
    },
    /// Something that the model cannot do without.
    #[error("the prompt has no {what}\nhint: {grammar}")]
    Missing {
        /// What.
        what: &'static str,
        /// What is right.
        grammar: &'static str,
    },
}

/// Which keys a model knows, and the sentence that explains its prompts.
#[derive(Clone, Copy, Debug)]
pub struct Grammar {
    /// The keys, in small letters.
    pub keys: &'static [&'static str],
    /// One sentence with an example.
    pub help: &'static str,
}

/// A prompt that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    help: &'static str,
    /// Lines that are no `key: value`, in their order.
    pub prose: Vec<String>,
    /// Lines that begin with `-`.
    pub items: Vec<String>,
    values: Map<String, Value>,
}

/// Reads a prompt.
///
/// # Errors
/// See [`PromptError`].
pub fn read(prompt: &str, grammar: Grammar) -> Result<Fields, PromptError> {
    let text = trimmed(prompt, grammar.help)?;
    let mut fields = Fields {
        help: grammar.help,
        ..Fields::default()
    };
    if text.starts_with('{') {
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| PromptError::Json {
                reason: error.to_string(),
                grammar: grammar.help,
            })?;
        for (key, value) in object {
            let known = grammar.known(&key).ok_or_else(|| PromptError::Key {
                key: shortened(&key),
                grammar: grammar.help,
            })?;
            fields.values.insert(known.to_owned(), value);
        }
        return Ok(fields);
    }
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let entry = line.split_once(':');
        let known = entry.and_then(|(key, value)| Some((grammar.known(key)?, value.trim())));
        if let Some((key, value)) = known {
            fields.values.insert(key.to_owned(), Value::from(value));
        } else if let Some(item) = line.strip_prefix(['-', '*', '•']) {
            fields.items.push(item.trim().to_owned());
        } else {
            fields.prose.push(line.to_owned());
        }
    }
    Ok(fields)
}

/// A prompt without the white space around it.
///
/// # Errors
/// None left, or too much.
pub fn trimmed<'a>(prompt: &'a str, help: &'static str) -> Result<&'a str, PromptError> {
    let text = prompt.trim();
    if text.is_empty() {
        return Err(PromptError::Empty(help));
    }
    // As quick as the length in bytes when that is enough.
    if text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS {
        return Err(PromptError::TooLong);
    }
    Ok(text)
}

impl Grammar {
    fn known(&self, key: &str) -> Option<&'static str> {
        let key = key.trim();
        self.keys
            .iter()
            .find(|known| key.eq_ignore_ascii_case(known))
            .copied()
    }
}

impl Fields {
    /// The text of a key; numbers are texts too.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.values.get(key)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// The value of a key as it is.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// A list: of JSON, or of values between commas, or of lines that begin with `-` when the key is
    /// not there at all.
    pub fn list(&self, key: &str) -> Vec<String> {
        match self.values.get(key) {
            None => self.items.clone(),
            Some(Value::Array(items)) => items.iter().filter_map(text_of).collect(),
            Some(value) => {
                let text = text_of(value).unwrap_or_default();
                text.split(',')
                    .map(|item| item.trim().to_owned())
                    .filter(|item| !item.is_empty())
                    .collect()
            }
        }
    }

    /// The value of a key as `parse` understands it; `None` when the key is not there.
    ///
    /// # Errors
    /// A value that `parse` does not take; `expected` says what it takes.
    pub fn choice<T>(
        &self,
        key: &'static str,
        expected: impl Into<String>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, PromptError> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        match parse(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(self.wrong(key, expected, &text)),
        }
    }

    /// The error for a value that is not what the key takes.
    pub fn wrong(
        &self,
        key: &'static str,
        expected: impl Into<String>,
        found: &str,
    ) -> PromptError {
        PromptError::Value {
            key,
            expected: expected.into(),
            found: shortened(found),
            grammar: self.help,
        }
    }

    /// The error for something that is not there.
    pub fn missing(&self, what: &'static str) -> PromptError {
        PromptError::Missing {
            what,
            grammar: self.help,
        }
    }
}

/// `#rrggbb` or `#rgb`.
pub fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.trim().strip_prefix('#')?;
    let value = |part: &str| u8::from_str_radix(part, 16).ok();
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        6 => Some([
            value(digits.get(0..2)?)?,
            value(digits.get(2..4)?)?,
            value(digits.get(4..6)?)?,
        ]),
        3 => Some([
            value(digits.get(0..1)?)? * 17,
            value(digits.get(1..2)?)? * 17,
            value(digits.get(2..3)?)? * 17,
        ]),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The beginning of what a client sent, fit for an error message.
pub(crate) fn shortened(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(60)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GRAMMAR: Grammar = Grammar {
        keys: &["title", "points"],
        help: "write `title: ...`",
    };

    #[test]
    fn lines_and_json_say_the_same() {
        let lines = read("Title: A: b\nsome prose\n- one\n* two", GRAMMAR).unwrap();
        assert_eq!(lines.text("title").as_deref(), Some("A: b"));
        assert_eq!(lines.prose, ["some prose"]);
        assert_eq!(lines.list("points"), ["one", "two"]);
        let json = read(r#"{"title": "A: b", "points": ["one", 2]}"#, GRAMMAR).unwrap();
        assert_eq!(json.text("title").as_deref(), Some("A: b"));
        assert_eq!(json.list("points"), ["one", "2"]);
    }

    #[test]
    fn mistakes_explain_the_grammar() {
        let cases = [
            ("  ", "the prompt is empty"),
            (
                "{\"title\": ",
                "the prompt begins with `{` and is no JSON object: EOF",
            ),
            ("{\"titel\": 1}", "unknown key: `titel`"),
        ];
        for (prompt, message) in cases {
            let text = read(prompt, GRAMMAR).unwrap_err().to_string();
            assert!(text.starts_with(message), "{text}");
            assert!(text.ends_with("hint: write `title: ...`"), "{text}");
        }
        let long = "x".repeat(MAX_CHARS + 1);
        assert_eq!(read(&long, GRAMMAR), Err(PromptError::TooLong));
    }

    #[test]
    fn colours_have_three_or_six_digits() {
        assert_eq!(colour("#0aF"), Some([0, 170, 255]));
        assert_eq!(colour(" #010203"), Some([1, 2, 3]));
        for text in ["", "#", "010203", "#01020", "#ggg", "#+1+1+1", "#ä1"] {
            assert_eq!(colour(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_prompt_panics(prompt in "\\PC{0,100}|[{}\":,a-z0-9\\[\\]\n -]{0,80}") {
            if let Ok(fields) = read(&prompt, GRAMMAR) {
                let _ = (fields.text("title"), fields.list("points"));
            }
        }
    }
}
