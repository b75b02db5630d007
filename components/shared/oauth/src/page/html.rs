//! HTML that cannot be broken out of: markup is a literal of this program, everything else is text.

/// A piece of a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Adds markup, which is never made from anything that came from outside.
    pub(super) fn raw(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text: fit for the content of an element and for an attribute in double quotes.
    pub(super) fn text(mut self, text: &str) -> Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '`' => self.0.push_str("&#96;"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// Adds another piece.
    pub(super) fn piece(mut self, piece: Self) -> Self {
        self.0.push_str(&piece.0);
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}
