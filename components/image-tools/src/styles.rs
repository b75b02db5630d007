//! The style library: Markdown files with a header, in the format of the Python server. A style
//! is a brief for the model that writes prompts; it is never pasted into one.
//!
//! The files are read whenever somebody asks, so a change on the disk shows at once. A file that
//! is no style is reported to the log and skipped, and nothing here overwrites or deletes it.

pub mod document;

use guest::Capabilities;
use guest::store::StoreError;
use serde::Serialize;

use crate::text::shortened;
use document::{Document, Header};

/// The collection that holds styles.
const COLLECTION: &str = "styles";

/// Largest file that is read as a style, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// Styles that a library shows; each costs a read.
const MAX_STYLES: usize = 500;

/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// Characters of a description.
const DESCRIPTION_CHARS: usize = 200;

/// The styles of a tenant.
#[derive(Clone, Copy)]
pub struct Styles<'a> {
    capabilities: Capabilities<'a>,
}

/// One style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// What the header says.
    pub header: Header,
    /// The brief.
    pub body: String,
    /// The whole file.
    pub text: String,
    /// The blob that holds it.
    blob: String,
}

/// A style as lists show it.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The first line of the brief that says something.
    pub description: String,
    /// The provider that it suggests.
    pub provider: Option<String>,
    /// The aspect ratio that it suggests.
    pub aspect_ratio: Option<String>,
    /// The quality that it suggests.
    pub quality: Option<String>,
}

/// Why a style could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum StyleError {
    /// The store failed. The text is for the log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of that name is something else.
    #[error(
        "the file `{0}.md` holds something else than the style of that name\nhint: choose another name"
    )]
    Occupied(String),
}

impl<'a> Styles<'a> {
    /// The library in the blob store of these capabilities.
    pub fn new(capabilities: Capabilities<'a>) -> Self {
        Self { capabilities }
    }

    /// Every style, by name. Of two files with the same name the later one counts, as it always did.
    ///
    /// # Errors
    /// When the store cannot list.
    pub fn list(self) -> Result<Vec<Style>, StoreError> {
        let mut styles: Vec<Style> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let blobs = self.capabilities.blobs;
            let page = blobs.entries(COLLECTION, ".md", after.as_deref())?;
            for entry in page.entries {
                if entry.size > MAX_BYTES {
                    self.skipped(&entry.name, "too large");
                } else if let Some(style) = self.read(&entry.name) {
                    styles.retain(|known| known.header.name != style.header.name);
                    styles.push(style);
                }
            }
            match page.next.filter(|next| after.as_ref() < Some(next)) {
                Some(next) if styles.len() < MAX_STYLES => after = Some(next),
                _ => break,
            }
        }
        styles.sort_by(|a, b| a.header.name.cmp(&b.header.name));
        Ok(styles)
    }

    /// The style of that name.
    ///
    /// # Errors
    /// When the store cannot list.
    pub fn find(self, name: &str) -> Result<Option<Style>, StoreError> {
        Ok(self
            .list()?
            .into_iter()
            .find(|style| style.header.name == name))
    }

    /// Writes a style; whether it is a new one. `header.name` must be a [name](is_name).
    ///
    /// # Errors
    /// A store that fails, or a file that must not be overwritten.
    pub fn save(self, header: &Header, body: &str) -> Result<bool, StyleError> {
        let blobs = self.capabilities.blobs;
        let existing = self.find(&header.name)?;
        let name = match &existing {
            Some(style) => style.blob.clone(),
            None => {
                let name = blob(&header.name);
                if !matches!(blobs.read(&name), Ok(None)) {
                    return Err(StyleError::Occupied(header.name.clone()));
                }
                name
            }
        };
        blobs.write(&name, document::write(header, body).as_bytes())?;
        Ok(existing.is_none())
    }

    /// Removes every file of the style; whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn delete(self, name: &str) -> Result<bool, StoreError> {
        let mut deleted = false;
        while let Some(style) = self.find(name)? {
            if !self.capabilities.blobs.delete(&style.blob)? {
                break;
            }
            deleted = true;
        }
        Ok(deleted)
    }

    fn read(self, blob: &str) -> Option<Style> {
        let bytes = match self.capabilities.blobs.read(blob) {
            Ok(bytes) => bytes?,
            Err(error) => return self.skipped(blob, &error.to_string()),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return self.skipped(blob, "not UTF-8");
        };
        match document::parse(&text) {
            Ok(Document { header, body }) => Some(Style {
                header,
                body: body.to_owned(),
                text,
                blob: blob.to_owned(),
            }),
            Err(error) => self.skipped(blob, &error.to_string()),
        }
    }

    fn skipped(self, blob: &str, reason: &str) -> Option<Style> {
        let log = self.capabilities.log;
        log.warn(&format!("styles: skipped a file: {blob}: {reason}"));
        None
    }
}

impl Style {
    /// As lists show it.
    pub fn summary(&self) -> Summary {
        let first = self
            .body
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty());
        let header = self.header.clone();
        Summary {
            name: header.name,
            tags: header.tags,
            description: shortened(first.unwrap_or_default(), DESCRIPTION_CHARS),
            provider: header.provider,
            aspect_ratio: header.aspect_ratio,
            quality: header.quality,
        }
    }
}

/// Whether a style may be saved under this name: a letter or digit, then letters, digits, `-` and
/// `_`. Anything else could be a path.
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric())
        && name.len() <= MAX_NAME_CHARS
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn blob(name: &str) -> String {
    format!("{COLLECTION}/{name}.md")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;

    fn header(name: &str) -> Header {
        Header {
            name: name.to_owned(),
            ..Header::default()
        }
    }

    #[test]
    fn names_that_could_be_paths_are_none() {
        for name in ["noir", "Noir-2", "0_x"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            "-x",
            "_x",
            "a.b",
            "../x",
            "a/b",
            "ä",
            "a b",
            &"a".repeat(101),
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_change_on_the_disk_shows_at_once() {
        let memory = Memory::new();
        let styles = Styles::new(memory.capabilities());
        assert!(styles.save(&header("noir"), "Dark.").unwrap());
        memory.put_blob(
            "styles/noir.md",
            "---\nname: noir\ntags: [a]\n---\nDarker.\n",
        );
        let style = styles.find("noir").unwrap().unwrap();
        assert_eq!(
            (style.body.as_str(), style.header.tags),
            ("Darker.", vec!["a".to_owned()])
        );
        assert!(!styles.save(&header("noir"), "Darkest.").unwrap());
        assert!(styles.delete("noir").unwrap() && !styles.delete("noir").unwrap());
    }

    #[test]
    fn the_later_of_two_files_counts_and_deleting_takes_both() {
        let memory = Memory::new();
        memory.put_blob("styles/noir.md", "---\nname: noir\n---\nfirst");
        memory.put_blob("styles/z.md", "---\nname: noir\n---\nsecond");
        let styles = Styles::new(memory.capabilities());
        assert_eq!(styles.find("noir").unwrap().unwrap().body, "second");
        styles.save(&header("noir"), "third").unwrap();
        assert_eq!(styles.find("noir").unwrap().unwrap().body, "third");
        assert!(styles.delete("noir").unwrap());
        assert!(memory.blob_names().is_empty());
    }

    #[test]
    fn what_is_no_style_is_neither_overwritten_nor_deleted() {
        let memory = Memory::new();
        memory.put_blob("styles/notes.md", "just notes");
        memory.put_blob("styles/other.md", "---\nname: renamed\n---\nx");
        let styles = Styles::new(memory.capabilities());
        for name in ["notes", "other"] {
            assert!(
                matches!(
                    styles.save(&header(name), "x"),
                    Err(StyleError::Occupied(_))
                ),
                "{name}"
            );
            assert!(!styles.delete(name).unwrap());
        }
        assert_eq!(styles.list().unwrap().len(), 1);
        assert_eq!(memory.blob("styles/notes.md").unwrap(), b"just notes");
    }
}
