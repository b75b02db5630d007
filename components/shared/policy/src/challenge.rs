//! The value of `WWW-Authenticate` (RFC 9110, section 11.6.1; RFC 6750, section 3).

/// A challenge of the scheme `Bearer`, built parameter by parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// Adds `name="value"`. What a quoted-string of RFC 6750 cannot hold (controls, non-ASCII) is
    /// dropped, and `"` and `\` are escaped, so a value never ends its own quotes.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0
            .push_str(if self.0.is_empty() { "Bearer " } else { ", " });
        self.0.push_str(name);
        self.0.push_str("=\"");
        for character in value
            .chars()
            .filter(|character| matches!(character, ' '..='~'))
        {
            if matches!(character, '"' | '\\') {
                self.0.push('\\');
            }
            self.0.push(character);
        }
        self.0.push('"');
        self
    }

    /// Adds a parameter whose value may be empty, in which case it is left out.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: &str) -> Self {
        if value.is_empty() {
            self
        } else {
            self.with(name, value)
        }
    }

    /// The header value.
    #[must_use]
    pub fn into_value(self) -> String {
        self.0
    }
}
