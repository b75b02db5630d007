//! A style as a file: a header of flat keys between two lines of `---`, then the brief. Not YAML:
//! one key a line, texts with or without quotes, lists on one line, comments.

/// A file, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// What the header says.
    pub header: Header,
    /// The brief, without blank lines around it.
    pub body: &'a str,
}

/// The header. Keys that nobody knows are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The name of the style.
    pub name: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The provider that it suggests.
    pub provider: Option<String>,
    /// The aspect ratio that it suggests.
    pub aspect_ratio: Option<String>,
    /// The quality that it suggests.
    pub quality: Option<String>,
}

/// Why a file is no style.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It does not begin with a header that ends.
    #[error("no header between two lines of `---`")]
    NoHeader,
    /// The header has no name.
    #[error("no `name` in the header")]
    NoName,
}

/// Takes a file apart.
///
/// # Errors
/// See [`DocumentError`].
pub fn parse(text: &str) -> Result<Document<'_>, DocumentError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    let first = next_line(&mut rest).ok_or(DocumentError::NoHeader)?;
    if first.trim_end() != FENCE {
        return Err(DocumentError::NoHeader);
    }
    let mut header = Header::default();
    loop {
        let line = next_line(&mut rest).ok_or(DocumentError::NoHeader)?;
        if line.trim_end() == FENCE {
            break;
        }
        header.take(line);
    }
    if header.name.is_empty() {
        return Err(DocumentError::NoName);
    }
    Ok(Document {
        header,
        body: rest.trim(),
    })
}

/// Writes a file that [`parse`] reads back.
pub fn write(header: &Header, body: &str) -> String {
    let mut text = format!("{FENCE}\nname: {}\n", header.name);
    if !header.tags.is_empty() {
        let tags: Vec<_> = header.tags.iter().map(|tag| quoted(tag)).collect();
        text.push_str(&format!("tags: [{}]\n", tags.join(", ")));
    }
    if let Some(provider) = &header.provider {
        text.push_str(&format!("provider: {}\n", bare_or_quoted(provider)));
    }
    if let Some(ratio) = &header.aspect_ratio {
        text.push_str(&format!("aspect_ratio: {}\n", quoted(ratio)));
    }
    if let Some(quality) = &header.quality {
        text.push_str(&format!("quality: {}\n", bare_or_quoted(quality)));
    }
    text.push_str(&format!("{FENCE}\n\n{}\n", body.trim()));
    text
}

const FENCE: &str = "---";

/// The next line without its end; `None` when there is none.
fn next_line<'a>(rest: &mut &'a str) -> Option<&'a str> {
    if rest.is_empty() {
        return None;
    }
    let (line, tail) = rest.split_once('\n').unwrap_or((rest, ""));
    *rest = tail;
    Some(line.trim_end_matches('\r'))
}

impl Header {
    fn take(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let Some((key, value)) = line.split_once(':') else {
            return;
        };
        let value = value.trim();
        match key.trim() {
            "name" => self.name = scalar(value).unwrap_or_default(),
            "tags" => self.tags = list(value),
            "provider" => self.provider = scalar(value),
            "aspect_ratio" => self.aspect_ratio = scalar(value),
            "quality" => self.quality = scalar(value),
            _ => {}
        }
    }
}

/// One text, quoted or not; `None` for nothing, `null` and `~`.
fn scalar(value: &str) -> Option<String> {
    if let Some((text, _)) = quoted_text(value) {
        return (!text.is_empty()).then_some(text);
    }
    let value = without_comment(value);
    let is_nothing = value.is_empty() || value == "~" || value.eq_ignore_ascii_case("null");
    (!is_nothing).then(|| value.to_owned())
}

/// `[a, "b, c"]`, or one text. A list that does not end is taken as far as it goes.
fn list(value: &str) -> Vec<String> {
    let Some(mut rest) = value.strip_prefix('[') else {
        return scalar(value).into_iter().collect();
    };
    let mut items = Vec::new();
    loop {
        rest = rest.trim_start();
        let (item, tail) = match quoted_text(rest) {
            Some((text, tail)) => (Some(text), tail),
            None => {
                let end = rest.find([',', ']']).unwrap_or(rest.len());
                let (text, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (scalar(text.trim()), tail)
            }
        };
        items.extend(item.filter(|item| !item.is_empty()));
        // Past whatever follows a closing quote.
        let Some(at) = tail.find([',', ']']) else {
            return items;
        };
        match tail.split_at_checked(at) {
            Some((_, more)) if more.starts_with(',') => rest = more.get(1..).unwrap_or_default(),
            _ => return items,
        }
    }
}

/// A text in quotes at the beginning, and what comes after it; `None` when there is no such text.
fn quoted_text(value: &str) -> Option<(String, &str)> {
    let quote = value
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))?;
    let mut text = String::new();
    let mut characters = value.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if quote == '"' => text.extend(characters.next().map(|(_, escaped)| escaped)),
            _ if character == quote => return Some((text, value.get(at + 1..)?)),
            _ => text.push(character),
        }
    }
    None
}

/// A `#` after white space begins a comment.
fn without_comment(value: &str) -> &str {
    let end = value.find(" #").or_else(|| value.find("\t#"));
    let value = end.and_then(|end| value.get(..end)).unwrap_or(value);
    if value.starts_with('#') {
        ""
    } else {
        value.trim_end()
    }
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Only what no reader can take for something else stays without quotes.
fn bare_or_quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let means_nothing = text.is_empty() || text.eq_ignore_ascii_case("null");
    if text.bytes().all(is_plain) && !means_nothing {
        text.to_owned()
    } else {
        quoted(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(lines: &str) -> Header {
        parse(&format!("---\nname: x\n{lines}\n---\nbody"))
            .unwrap()
            .header
    }

    #[test]
    fn a_file_of_the_python_server_is_read() {
        let text = "---\r\nname: noir-city\r\ntags: [\"film, noir\", 'rain', night]\r\nprovider: openai\r\n\
                    aspect_ratio: \"16:9\"\r\nquality: hd\r\n---\r\n\r\n# Noir\r\n\r\nHard light.\r\n";
        let Document { header, body } = parse(text).unwrap();
        assert_eq!(header.tags, ["film, noir", "rain", "night"]);
        assert_eq!(header.aspect_ratio.as_deref(), Some("16:9"));
        assert_eq!(
            (header.name.as_str(), body),
            ("noir-city", "# Noir\r\n\r\nHard light.")
        );
    }

    #[test]
    fn values_are_read_as_they_are_meant() {
        let cases: [(&str, &[&str]); 8] = [
            ("tags: one", &["one"]),
            ("tags: [a, b", &["a", "b"]),
            ("tags: []", &[]),
            ("tags: [a,, 'b']", &["a", "b"]),
            ("tags: null", &[]),
            ("tags: [\"a\\\"b\", c] # two", &["a\"b", "c"]),
            ("tags: [\"never ends]", &["\"never ends"]),
            ("# tags: [a]", &[]),
        ];
        for (line, tags) in cases {
            assert_eq!(header(line).tags, tags, "{line}");
        }
        for (line, provider) in [
            ("provider: ~", None),
            ("provider:", None),
            ("provider: NULL", None),
            ("provider: gemini # best", Some("gemini")),
            ("provider: 'sd_webui'", Some("sd_webui")),
            ("provider: a#b", Some("a#b")),
        ] {
            assert_eq!(header(line).provider.as_deref(), provider, "{line}");
        }
    }

    #[test]
    fn what_is_no_style_is_told_apart() {
        for text in ["", "hello", "---\nname: x\nno end", "\n---\nname: x\n---\n"] {
            assert_eq!(parse(text), Err(DocumentError::NoHeader), "{text}");
        }
        for text in [
            "---\n---\nx",
            "---\ntitle: x\n---\nx",
            "---\nname: ''\n---\n",
        ] {
            assert_eq!(parse(text), Err(DocumentError::NoName), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_file_panics(text in "(---\n)?(name|tags|provider)?:?[\\[\"',\\]#~\\\\ a-zé\n]{0,60}(---\n)?\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read_back(
            tags in proptest::collection::vec("[^\\p{C}]{0,10}[a-z,\"\\\\'#\\]]", 0..4),
            provider in proptest::option::of("[^\\p{C}]{0,10}[a-z:#\"]"),
            body in "([^\r]{0,80})",
        ) {
            let header = Header {
                name: "x".to_owned(), tags, provider, aspect_ratio: Some("16:9".to_owned()), quality: None,
            };
            let text = write(&header, &body);
            let document = parse(&text).unwrap();
            prop_assert_eq!(&document.header, &header);
            prop_assert_eq!(document.body, body.trim());
        }
    }
}
