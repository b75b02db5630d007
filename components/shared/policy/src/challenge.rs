//! The value of `WWW-Authenticate` (RFC 9110, section 11.6.1; RFC 6750, section 3).

/// A challenge of one scheme, built parameter by parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    scheme: &'static str,
    parameters: String,
}

impl Challenge {
    /// A challenge of the scheme `Bearer`.
    #[must_use]
    pub const fn bearer() -> Self {
        Self::of("Bearer")
    }

    /// A challenge of the scheme `DPoP` (RFC 9449, section 7.1).
    #[must_use]
    pub const fn dpop() -> Self {
        Self::of("DPoP")
    }

    const fn of(scheme: &'static str) -> Self {
        Self {
            scheme,
            parameters: String::new(),
        }
    }

    /// Adds `name="value"`. What a quoted-string of RFC 6750 cannot hold (controls, non-ASCII) is
    /// dropped, and `"` and `\` are escaped, so a value never ends its own quotes.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.parameters.push_str(if self.parameters.is_empty() {
            " "
        } else {
            ", "
        });
        self.parameters.push_str(name);
        self.parameters.push_str("=\"");
        for character in value
            .chars()
            .filter(|character| matches!(character, ' '..='~'))
        {
            if matches!(character, '"' | '\\') {
                self.parameters.push('\\');
            }
            self.parameters.push(character);
        }
        self.parameters.push('"');
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
        format!("{}{}", self.scheme, self.parameters)
    }
}
