//! Names of blobs and keys of values. What has passed here cannot leave its directory.

use super::error::Error;

const MAX_CHARS: usize = 200;

/// A group of blobs with a directory of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collection {
    Images,
    Styles,
}

/// `<collection>/<file>`, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlobName<'a> {
    pub(super) collection: Collection,
    pub(super) file: &'a str,
}

impl Collection {
    pub(super) fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "images" => Ok(Self::Images),
            "styles" => Ok(Self::Styles),
            _ => Err(invalid("the collection is not `images` or `styles`")),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Styles => "styles",
        }
    }
}

impl<'a> BlobName<'a> {
    pub(super) fn parse(name: &'a str) -> Result<Self, Error> {
        let (collection, file) = name
            .split_once('/')
            .ok_or_else(|| invalid("not `<collection>/<file>`"))?;
        let collection = Collection::parse(collection)?;
        if is_file_name(file) {
            return Ok(Self { collection, file });
        }
        Err(invalid(
            "the file is not 1 to 200 characters of `A-Z a-z 0-9 . _ -`, or begins with a dot",
        ))
    }
}

/// Whether a file in a collection's directory is a blob. Anything else there is none of ours.
pub(super) fn is_file_name(file: &str) -> bool {
    (1..=MAX_CHARS).contains(&file.len())
        && !file.starts_with('.')
        && file
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Checks a key of the state.
pub(super) fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() {
        Err(invalid("the key is empty"))
    } else {
        check_key_prefix(key)
    }
}

/// Checks the beginning of a key, which may be empty.
pub(super) fn check_key_prefix(prefix: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte);
    if prefix.len() <= MAX_CHARS && prefix.bytes().all(allowed) {
        return Ok(());
    }
    Err(invalid(
        "the key is not at most 200 characters of `A-Z a-z 0-9 . _ - : /`",
    ))
}

fn invalid(rule: &str) -> Error {
    Error::InvalidName(rule.to_owned())
}
