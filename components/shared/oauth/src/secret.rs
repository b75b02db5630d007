//! A text that is never printed. It is written into sealed artefacts and requests, and nowhere else.

use std::fmt::{self, Debug, Formatter};

use serde::{Deserialize, Serialize};

/// A secret text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to send, to seal or to compare, never to log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
