//! JSON files that are part of the program. They are written for people and sent to machines, so
//! the compiler takes the white space out.

/// The text of a JSON file beside this source file, without the white space between its tokens.
macro_rules! json_file {
    ($path:literal) => {{
        const FILE: &str = include_str!($path);
        const LENGTH: usize = $crate::json_file::minified_length(FILE);
        const BYTES: [u8; LENGTH] = $crate::json_file::minified(FILE);
        const TEXT: &str = match core::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => "",
        };
        TEXT
    }};
}
pub(crate) use json_file;

/// Bytes that [`minified`] keeps.
pub(crate) const fn minified_length(json: &str) -> usize {
    let mut rest = json.as_bytes();
    let mut state = State::Between;
    let mut length = 0;
    while let [byte, tail @ ..] = rest {
        let (keep, next) = state.step(*byte);
        if keep {
            length += 1;
        }
        state = next;
        rest = tail;
    }
    length
}

/// The text without white space outside strings. `N` is [`minified_length`] of it.
#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler, where a wrong index is a compile error"
)]
pub(crate) const fn minified<const N: usize>(json: &str) -> [u8; N] {
    let mut rest = json.as_bytes();
    let mut state = State::Between;
    let mut bytes = [0; N];
    let mut length = 0;
    while let [byte, tail @ ..] = rest {
        let (keep, next) = state.step(*byte);
        if keep {
            bytes[length] = *byte;
            length += 1;
        }
        state = next;
        rest = tail;
    }
    bytes
}

/// Where a byte stands.
#[derive(Clone, Copy)]
enum State {
    Between,
    String,
    Escape,
}

impl State {
    /// Whether to keep the byte, and where the next one stands.
    const fn step(self, byte: u8) -> (bool, Self) {
        match (self, byte) {
            (Self::Between, b' ' | b'\n' | b'\r' | b'\t') => (false, Self::Between),
            (Self::Between, b'"') => (true, Self::String),
            (Self::Between, _) => (true, Self::Between),
            (Self::String, b'"') => (true, Self::Between),
            (Self::String, b'\\') => (true, Self::Escape),
            (Self::String | Self::Escape, _) => (true, Self::String),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_space_between_tokens_goes() {
        const JSON: &str = "{ \"a b\" : [ 1 ,\n\t2 ],\r\n \"c\\\" d\" : \"\\\\\" }";
        const LENGTH: usize = minified_length(JSON);
        let text = String::from_utf8(minified::<LENGTH>(JSON).to_vec()).unwrap();
        assert_eq!(text, r#"{"a b":[1,2],"c\" d":"\\"}"#);
    }
}
