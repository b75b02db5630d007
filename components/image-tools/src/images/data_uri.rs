//! Base64 as clients send it: alone or as a `data:` URI (RFC 2397), with line breaks or without.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// What a client sent, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    /// The media type that a `data:` URI states, in lower case. Only a claim: the signature of the
    /// bytes decides.
    pub unverified_mime: Option<String>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why a text holds no bytes. Always the client's fault; nothing of the text is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InlineError {
    /// A `data:` URI that is not base64.
    #[error(
        "the `data:` URI is not base64\nhint: write `data:image/png;base64,...`, or the base64 text alone"
    )]
    NotBase64Uri,
    /// Not base64.
    #[error("the text is not base64")]
    NotBase64,
    /// Nothing in it.
    #[error("the text holds no bytes")]
    Empty,
    /// More bytes than are taken.
    #[error("the text holds more than {0} bytes")]
    TooLarge(usize),
}

/// Decodes a text of at most so many bytes.
///
/// # Errors
/// See [`InlineError`].
pub fn parse(text: &str, max_bytes: usize) -> Result<Inline, InlineError> {
    let text = text.trim();
    let (unverified_mime, payload) = match strip_scheme(text) {
        None => (None, text),
        Some(rest) => {
            let (head, payload) = rest.split_once(',').ok_or(InlineError::NotBase64Uri)?;
            let head = head.to_ascii_lowercase();
            let mut parameters = head.split(';').map(str::trim);
            let mime = parameters.next().filter(|mime| !mime.is_empty());
            if !parameters.any(|parameter| parameter == "base64") {
                return Err(InlineError::NotBase64Uri);
            }
            (mime.map(str::to_owned), payload)
        }
    };
    // Four letters are three bytes; white space is not counted yet.
    if payload.len() / 4 > max_bytes.saturating_mul(2) / 3 + 1024 {
        return Err(InlineError::TooLarge(max_bytes));
    }
    let letters: Vec<u8> = payload
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            // The alphabet for URLs (RFC 4648, section 5) is taken too.
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        })
        .collect();
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&STANDARD, config)
        .decode(letters)
        .map_err(|_| InlineError::NotBase64)?;
    match bytes.len() {
        0 => Err(InlineError::Empty),
        length if length > max_bytes => Err(InlineError::TooLarge(max_bytes)),
        _ => Ok(Inline {
            unverified_mime,
            bytes,
        }),
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked("data:".len())?;
    scheme.eq_ignore_ascii_case("data:").then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(text: &str) -> Result<Vec<u8>, InlineError> {
        parse(text, 100).map(|inline| inline.bytes)
    }

    #[test]
    fn every_spelling_is_read() {
        for text in [
            "aGVsbG8=",
            "aGVsbG8",
            " aGVs\r\n bG8= ",
            "data:image/png;base64,aGVsbG8=",
            "DATA:;charset=x;BASE64,aGVsbG8",
        ] {
            assert_eq!(bytes(text), Ok(b"hello".to_vec()), "{text}");
        }
        assert_eq!(bytes("-_-_"), bytes("+/+/"));
        let inline = parse("data:Image/PNG;base64,aGVsbG8=", 100).unwrap();
        assert_eq!(inline.unverified_mime.as_deref(), Some("image/png"));
    }

    #[test]
    fn mistakes_are_told_apart() {
        let cases = [
            ("", InlineError::Empty),
            ("data:image/png;base64,", InlineError::Empty),
            ("data:image/png,abc", InlineError::NotBase64Uri),
            ("data:image/png;base64", InlineError::NotBase64Uri),
            ("a", InlineError::NotBase64),
            ("aGVs=bG8", InlineError::NotBase64),
            ("größe", InlineError::NotBase64),
        ];
        for (text, error) in cases {
            assert_eq!(bytes(text), Err(error), "{text}");
        }
        let long = "A".repeat(10_000);
        assert_eq!(bytes(&long), Err(InlineError::TooLarge(100)));
        assert_eq!(bytes(&"A".repeat(136)), Err(InlineError::TooLarge(100)));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_is_larger_than_allowed(text in "\\PC{0,200}|data:[a-z/;,=A-Z0-9+]{0,60}") {
            if let Ok(inline) = parse(&text, 50) {
                prop_assert!((1..=50).contains(&inline.bytes.len()));
            }
        }
    }
}
