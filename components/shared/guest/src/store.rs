//! The store: blobs for what users own, state for small values with compare-and-set. The rules
//! for names, sizes and durability are those of the WIT package `imagegen:store`.

use thiserror::Error;

use crate::Host;
use crate::bindings::imagegen::store::{blobs, state, types};

/// Why the store could not do it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// The name or key breaks the rules of the interface.
    #[error("store: invalid name: {0}")]
    InvalidName(String),
    /// The value is larger than the deployment allows.
    #[error("store: larger than the {0} bytes that the deployment allows")]
    TooLarge(u64),
    /// There is no space left, on the disk or in the quota.
    #[error("store: no space left")]
    NoSpace,
    /// What is stored cannot be read back; nothing was deleted.
    #[error("store: damaged: {0}")]
    Damaged(String),
    /// Anything else. The text is for the log.
    #[error("store: {0}")]
    Other(String),
}

/// One stored blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobEntry {
    /// `<collection>/<file>`.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Last change, milliseconds since the Unix epoch.
    pub modified_ms: u64,
}

/// One page of a listing of blobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobPage {
    /// In the order of names.
    pub entries: Vec<BlobEntry>,
    /// Pass this as `after` to get the next page; `None` at the end.
    pub next: Option<String>,
}

/// A value of the state, and its version for [`Expect::Version`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes as written.
    pub value: Vec<u8>,
    /// Greater than that of any earlier value of the key.
    pub version: u64,
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Anything,
    /// There is no value, or it has expired.
    Absent,
    /// The value still has this version.
    Version(u64),
}

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct NewValue<'a> {
    /// At most 64 KiB.
    pub bytes: &'a [u8],
    /// When it expires, in seconds from now; `None`: never.
    pub ttl_seconds: Option<u32>,
}

/// The outcome of a write that could be attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a conflict means that nothing was written"]
pub enum Outcome {
    /// It happened, and this is the version now (0 after a delete).
    Done(u64),
    /// The expectation does not hold; nothing changed.
    Conflict,
}

/// Files that users own. A name is `<collection>/<file>`; a write is atomic.
pub trait Blobs {
    /// The bytes of a blob; `None` when there is none of that name.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Creates or replaces a blob.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Removes a blob; `false` when there was none.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn delete(&self, name: &str) -> Result<bool, StoreError>;

    /// One page of the entries whose file name ends with `suffix`, after the name `after`.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn entries(
        &self,
        collection: &str,
        suffix: &str,
        after: Option<&str>,
    ) -> Result<BlobPage, StoreError>;
}

/// Small values; a write is durable when the call returns.
pub trait State {
    /// The value of a key; `None` when there is none or it has expired.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn get(&self, key: &str) -> Result<Option<Versioned>, StoreError>;

    /// Writes a value.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn put(&self, key: &str, value: NewValue<'_>, expected: Expect) -> Result<Outcome, StoreError>;

    /// Removes a value.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StoreError>;

    /// One page of the keys that begin with `prefix`, in order, after the key `after`; empty at
    /// the end.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn keys(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>, StoreError>;
}

/// Entries of a page: as many as the interface gives at once.
const PAGE: u32 = 1000;

impl Blobs for Host {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(blobs::read(name)?)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        Ok(blobs::write(name, bytes)?)
    }

    fn delete(&self, name: &str) -> Result<bool, StoreError> {
        Ok(blobs::delete(name)?)
    }

    fn entries(
        &self,
        collection: &str,
        suffix: &str,
        after: Option<&str>,
    ) -> Result<BlobPage, StoreError> {
        let page = blobs::entries(collection, suffix, after, PAGE)?;
        let entries = page.entries.into_iter();
        Ok(BlobPage {
            entries: entries
                .map(|entry| BlobEntry {
                    name: entry.name,
                    size: entry.size,
                    modified_ms: entry.modified_ms,
                })
                .collect(),
            next: page.next,
        })
    }
}

impl State for Host {
    fn get(&self, key: &str) -> Result<Option<Versioned>, StoreError> {
        let entry = state::get(key)?;
        Ok(entry.map(|entry| Versioned {
            value: entry.value,
            version: entry.version,
        }))
    }

    fn put(&self, key: &str, value: NewValue<'_>, expected: Expect) -> Result<Outcome, StoreError> {
        Ok(state::put(key, value.bytes, expected.into(), value.ttl_seconds)?.into())
    }

    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StoreError> {
        Ok(state::delete(key, expected.into())?.into())
    }

    fn keys(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>, StoreError> {
        Ok(state::keys(prefix, after, PAGE)?)
    }
}

impl From<types::Error> for StoreError {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::InvalidName(text) => Self::InvalidName(text),
            types::Error::TooLarge(limit) => Self::TooLarge(limit),
            types::Error::NoSpace => Self::NoSpace,
            types::Error::Damaged(text) => Self::Damaged(text),
            types::Error::Other(text) => Self::Other(text),
        }
    }
}

impl From<Expect> for state::Expect {
    fn from(expect: Expect) -> Self {
        match expect {
            Expect::Anything => Self::Anything,
            Expect::Absent => Self::Absent,
            Expect::Version(version) => Self::Version(version),
        }
    }
}

impl From<state::Outcome> for Outcome {
    fn from(outcome: state::Outcome) -> Self {
        match outcome {
            state::Outcome::Done(version) => Self::Done(version),
            state::Outcome::Conflict => Self::Conflict,
        }
    }
}
