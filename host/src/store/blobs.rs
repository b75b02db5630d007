//! Files that users own: images with their sidecars, and styles.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use super::directory::Directory;
use super::error::Error;
use super::name::{BlobName, Collection};

/// Where the blobs of a tenant are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobsConfig {
    /// The directory of the collection `images`.
    pub images: PathBuf,
    /// The directory of the collection `styles`.
    pub styles: PathBuf,
    /// The largest blob, in bytes.
    pub max_bytes: u64,
    /// Whether a write is flushed to the disk before it is acknowledged. Off, it survives the end
    /// of the process in any form, but not a loss of power in the following seconds.
    pub flush: bool,
}

/// Which blobs to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobQuery<'a> {
    /// `images` or `styles`.
    pub collection: &'a str,
    /// What the file names end with; empty for all.
    pub suffix: &'a str,
    /// The name after which the page begins.
    pub after: Option<&'a str>,
    /// The most entries; clamped to 1..=1000.
    pub limit: u32,
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

/// One page of a listing, in the order of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobPage {
    /// At most as many as asked for.
    pub entries: Vec<BlobEntry>,
    /// What to list after for the next page; `None` at the end.
    pub next: Option<String>,
}

/// The blobs of one tenant. All methods may run at the same time; of two writes of one name, one
/// comes last, and never do their bytes mix.
#[derive(Clone, Debug)]
pub struct Blobs {
    images: Directory,
    styles: Directory,
    max_bytes: u64,
}

impl Blobs {
    /// Touches nothing: the directories are created by the first write.
    pub fn new(config: BlobsConfig) -> Self {
        let BlobsConfig {
            images,
            styles,
            max_bytes,
            flush,
        } = config;
        Self {
            images: Directory::new(images, flush),
            styles: Directory::new(styles, flush),
            max_bytes,
        }
    }

    /// Removes what writes left behind when the process was killed in their middle: staging files
    /// that have not changed for `age`. To be called at the start, with an hour, so that writes of
    /// another process into the same directory are left alone. What cannot be removed is logged.
    pub async fn clean(&self, age: Duration) {
        for directory in [&self.images, &self.styles] {
            directory.clean(age).await;
        }
    }

    /// The bytes of a blob; `None` when there is none of that name.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] for something that is not a plain readable file.
    pub async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let name = BlobName::parse(name)?;
        self.directory(name.collection)
            .read(name.file, self.max_bytes)
            .await
    }

    /// Creates or replaces a blob. Readers see the old bytes or the new ones, also after a crash.
    /// Goes on to its end when the caller stops waiting.
    ///
    /// # Errors
    ///
    /// After any error the old bytes are still there.
    pub async fn write(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), Error> {
        let name = BlobName::parse(name)?;
        let bytes = bytes.into();
        if bytes.len() as u64 > self.max_bytes {
            return Err(Error::TooLarge(self.max_bytes));
        }
        self.directory(name.collection)
            .write(name.file, bytes)
            .await
    }

    /// Removes a blob. `false` when there was none.
    ///
    /// # Errors
    ///
    /// When there is something and it cannot be removed.
    pub async fn delete(&self, name: &str) -> Result<bool, Error> {
        let name = BlobName::parse(name)?;
        self.directory(name.collection).delete(name.file).await
    }

    /// Lists blobs. What is no plain file with a valid name is passed over.
    ///
    /// # Errors
    ///
    /// When the directory itself cannot be read. One that does not exist is empty.
    pub async fn list(&self, query: BlobQuery<'_>) -> Result<BlobPage, Error> {
        let BlobQuery {
            collection,
            suffix,
            after,
            limit,
        } = query;
        let collection = Collection::parse(collection)?;
        let after = after.map(BlobName::parse).transpose()?;
        if after.is_some_and(|after| after.collection != collection) {
            return Err(Error::InvalidName(
                "`after` is of another collection".to_owned(),
            ));
        }
        let limit = limit.clamp(1, 1000) as usize;
        let after = after.map(|after| after.file);
        let (files, more) = self
            .directory(collection)
            .list(suffix, after, limit)
            .await?;
        let name = |file: &str| format!("{}/{file}", collection.name());
        // The last name of the page, also when that file was deleted in this moment.
        let next = more.as_deref().map(name);
        let entries = files
            .into_iter()
            .map(|file| BlobEntry {
                name: name(&file.name),
                size: file.size,
                modified_ms: file.modified_ms,
            })
            .collect();
        Ok(BlobPage { entries, next })
    }

    /// The directory of a collection, for messages to the operator.
    pub fn path(&self, collection: &str) -> Option<&Path> {
        let collection = Collection::parse(collection).ok()?;
        Some(self.directory(collection).path())
    }

    fn directory(&self, collection: Collection) -> &Directory {
        match collection {
            Collection::Images => &self.images,
            Collection::Styles => &self.styles,
        }
    }
}
