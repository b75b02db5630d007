//! Values that cannot be printed.

use std::fmt;
use std::hint::black_box;

/// Text that no log, error or `Debug` output can show; wiped when dropped.
///
/// There is no `Display` and no `Serialize` on purpose: a use site writes `expose` and can be
/// searched for. Copies that the use site makes are its own to look after.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Keeps the compiler from dropping the writes to memory that nobody reads again.
        black_box(&bytes);
    }
}
