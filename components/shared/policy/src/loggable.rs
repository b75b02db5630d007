//! Text from outside, made fit for one line of a log: quoted, escaped, short.

use std::fmt::{self, Display, Formatter, Write as _};

/// Longest part of a foreign text that a log line gets, in characters.
const MAX_CHARACTERS: usize = 120;

/// A foreign text that prints as one short quoted word of printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loggable(String);

impl Loggable {
    /// Keeps what can be printed; cuts the rest.
    #[must_use]
    pub fn new(foreign: &str) -> Self {
        Self(foreign.chars().take(MAX_CHARACTERS + 1).collect())
    }
}

impl Display for Loggable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars().take(MAX_CHARACTERS) {
            write!(f, "{}", character.escape_default())?;
        }
        if self.0.chars().count() > MAX_CHARACTERS {
            f.write_str("...")?;
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_cannot_start_a_second_log_line() {
        assert_eq!(
            Loggable::new("a\r\nlevel=\"info\"").to_string(),
            r#""a\r\nlevel=\"info\"""#
        );
    }

    #[test]
    fn look_alike_letters_become_visible() {
        assert_eq!(
            Loggable::new("h\u{0435}llo\u{202e}").to_string(),
            r#""h\u{435}llo\u{202e}""#
        );
    }

    #[test]
    fn a_long_text_is_cut() {
        let printed = Loggable::new(&"x".repeat(10_000)).to_string();
        assert_eq!(printed, format!("\"{}...\"", "x".repeat(120)));
    }
}
