//! What is written inside image files about the image: read, written and removed without touching
//! the pixels.
//!
//! An entry is a keyword and a text. `parameters` is the one that image tools show: PNG has it as
//! text chunk (as SD WebUI writes it), JPEG and WebP as EXIF `UserComment`. JPEG and WebP carry all
//! entries as XMP too, and the mark that the image was made by a machine (IPTC digital source type).

pub mod exif;
pub mod jpeg;
pub mod png;
pub mod webp;
pub mod xmp;

use super::format::Format;

/// The keyword that image tools know.
pub const PARAMETERS: &str = "parameters";

/// Bytes of all entries of one file, and of what is read from one.
pub const MAX_BYTES: usize = 60_000;

/// Entries of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Keyword and text, in the order of the file.
    pub entries: Vec<(String, String)>,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// A keyword with something but letters, digits, `_`, `-`, `.` and spaces inside, or of 0 or
    /// more than 79 of them.
    #[error("not a keyword: `{0}`")]
    Keyword(String),
    /// More than a file can hold.
    #[error("the metadata would be larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// The file is not built as its format wants.
    #[error("the image file is damaged")]
    Damaged,
}

impl Metadata {
    /// The text of a keyword.
    pub fn text(&self, keyword: &str) -> Option<&str> {
        let found = self.entries.iter().find(|(known, _)| known == keyword);
        found.map(|(_, text)| text.as_str())
    }

    /// Adds an entry.
    #[must_use]
    pub fn with(mut self, keyword: &str, text: impl Into<String>) -> Self {
        self.entries.push((keyword.to_owned(), text.into()));
        self
    }

    fn check(&self) -> Result<(), MetadataError> {
        let mut total = 0;
        for (keyword, text) in &self.entries {
            if !is_keyword(keyword) {
                let short = keyword
                    .chars()
                    .filter(|letter| !letter.is_control())
                    .take(40);
                return Err(MetadataError::Keyword(short.collect()));
            }
            total += keyword.len() + text.len();
        }
        // A UTF-16 text and XML escapes take more room than counted here; segments check again.
        if total > MAX_BYTES / 2 {
            return Err(MetadataError::TooLarge);
        }
        Ok(())
    }
}

/// The file with these entries; entries of the same keyword are replaced, the pixels stay as they
/// are.
///
/// # Errors
/// See [`MetadataError`].
pub fn embed(bytes: &[u8], format: Format, metadata: &Metadata) -> Result<Vec<u8>, MetadataError> {
    metadata.check()?;
    match format {
        Format::Png => png::embed(bytes, metadata),
        Format::Jpeg => jpeg::embed(bytes, metadata),
        Format::Webp => webp::embed(bytes, metadata),
    }
}

/// The entries of a file. What cannot be read is left out; at most [`MAX_BYTES`].
pub fn read(bytes: &[u8], format: Format) -> Metadata {
    let mut metadata = match format {
        Format::Png => png::read(bytes),
        Format::Jpeg => jpeg::read(bytes),
        Format::Webp => webp::read(bytes),
    };
    let mut room = MAX_BYTES;
    metadata.entries.retain(|(keyword, text)| {
        let needed = keyword.len() + text.len();
        let fits = needed <= room;
        room -= if fits { needed } else { 0 };
        fits
    });
    metadata
}

/// The file without anything that says more than its pixels: places, cameras, prompts. Colour
/// profile and orientation stay, as the image would look different without them.
///
/// # Errors
/// A damaged file.
pub fn strip(bytes: &[u8], format: Format) -> Result<Vec<u8>, MetadataError> {
    match format {
        Format::Png => png::strip(bytes),
        Format::Jpeg => jpeg::strip(bytes),
        Format::Webp => webp::strip(bytes),
    }
}

fn is_keyword(keyword: &str) -> bool {
    let is_letter =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | ' ');
    (1..=79).contains(&keyword.len())
        && keyword.chars().all(is_letter)
        && !keyword.starts_with(' ')
        && !keyword.ends_with(' ')
}

#[cfg(test)]
#[path = "metadata/tests.rs"]
mod tests;
