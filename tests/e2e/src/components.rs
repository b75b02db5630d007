//! Components that a test builds from text, to be refused by the host.

use std::path::{Path, PathBuf};

/// Writes a component, given in the text format, as a file of a directory.
pub fn from_text(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(
        &path,
        wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}")),
    )
    .unwrap();
    path
}
