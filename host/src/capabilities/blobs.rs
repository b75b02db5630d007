//! `imagegen:store/blobs`: the image and style files of one tenant.

use crate::bindings::blobs::{Entry, Host, Page};
use crate::bindings::store::Error;
use crate::store::{self, BlobQuery};

/// The files of one tenant.
#[derive(Clone)]
pub struct Blobs(store::Blobs);

impl Blobs {
    /// Grants these directories.
    #[must_use]
    pub fn new(blobs: store::Blobs) -> Self {
        Self(blobs)
    }
}

impl Host for Blobs {
    async fn read(&mut self, name: String) -> Result<Option<Vec<u8>>, Error> {
        self.0.read(&name).await.map_err(error)
    }

    async fn write(&mut self, name: String, bytes: Vec<u8>) -> Result<(), Error> {
        self.0.write(&name, bytes).await.map_err(error)
    }

    async fn delete(&mut self, name: String) -> Result<bool, Error> {
        self.0.delete(&name).await.map_err(error)
    }

    async fn entries(
        &mut self,
        collection: String,
        suffix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page, Error> {
        let query = BlobQuery {
            collection: &collection,
            suffix: &suffix,
            after: after.as_deref(),
            limit,
        };
        let page = self.0.list(query).await.map_err(error)?;
        let entries = page
            .entries
            .into_iter()
            .map(|entry| Entry {
                name: entry.name,
                size: entry.size,
                modified_ms: entry.modified_ms,
            })
            .collect();
        Ok(Page {
            entries,
            next: page.next,
        })
    }
}

/// The same cases on both sides.
pub(super) fn error(error: store::Error) -> Error {
    match error {
        store::Error::InvalidName(what) => Error::InvalidName(what),
        store::Error::TooLarge(max_bytes) => Error::TooLarge(max_bytes),
        store::Error::NoSpace => Error::NoSpace,
        store::Error::Damaged(what) => Error::Damaged(what),
        store::Error::Other(what) => Error::Other(what),
    }
}
