//! The images of a tenant: each is a file and the sidecar beside it. The sidecar is written last
//! and removed first, so what has a sidecar is complete at any moment.
//!
//! A damaged entry is reported to the log and skipped. It never hides another entry, and it is
//! never deleted.

pub mod browse;
pub mod id;
pub mod index;
pub mod jobs;
pub mod listing;
pub mod owner;
pub mod retention;
pub mod sidecar;
pub mod thumbnail;

use guest::Capabilities;
use guest::store::StoreError;
use serde_json::{Map, Value};

use crate::images::decode::{self, DecodeError};
use crate::images::format::Format;
use crate::time::iso;
use id::{COLLECTION, ImageId};
use owner::Owner;
use sidecar::{Origin, Sidecar};

/// The stored images.
#[derive(Clone, Copy)]
pub struct Gallery<'a> {
    capabilities: Capabilities<'a>,
    owner: Owner,
}

/// An image that was read back.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its sidecar.
    pub sidecar: Sidecar,
    /// The file, as it was stored.
    pub bytes: Vec<u8>,
    /// What the file is, whatever the sidecar says.
    pub format: Format,
}

/// An image that is to be stored.
#[derive(Clone, Debug, Default)]
pub struct NewImage {
    /// What was asked for.
    pub prompt: String,
    /// What was not wanted.
    pub negative_prompt: Option<String>,
    /// Who made it.
    pub provider: String,
    /// The aspect ratio that was asked for.
    pub aspect_ratio: String,
    /// The quality that was asked for.
    pub quality: String,
    /// The background that was asked for.
    pub background: String,
    /// What the provider has to say.
    pub provider_metadata: Map<String, Value>,
    /// The images that it was made from.
    pub source_image_ids: Vec<String>,
    /// How it was imported; `None` when it was made here.
    pub origin_source: Option<String>,
}

/// Why an image could not be had.
#[derive(Debug, thiserror::Error)]
pub enum GalleryError {
    /// The store failed. The text is for the log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored cannot be used. Reported when it was found.
    #[error("the stored image is damaged: {0}\nhint: the log of the server says why")]
    Damaged(ImageId),
    /// The bytes of a new image are not an image.
    #[error(transparent)]
    NotAnImage(#[from] DecodeError),
}

impl<'a> Gallery<'a> {
    /// The gallery of an owner in the blob store of these capabilities.
    pub fn new(capabilities: Capabilities<'a>, owner: Owner) -> Self {
        Self {
            capabilities,
            owner,
        }
    }

    /// The sidecar of an image; `None` when there is no such image.
    ///
    /// # Errors
    /// A store that fails, or a damaged sidecar.
    pub fn sidecar(self, id: &ImageId) -> Result<Option<Sidecar>, GalleryError> {
        let Some(bytes) = self.sidecar_bytes(id)? else {
            return Ok(None);
        };
        self.parse(id, &bytes).map(Some)
    }

    /// The sidecar as it is in its file, once it is known to be sound.
    ///
    /// # Errors
    /// A store that fails, or a damaged sidecar.
    pub fn sidecar_text(self, id: &ImageId) -> Result<Option<String>, GalleryError> {
        let Some(bytes) = self.sidecar_bytes(id)? else {
            return Ok(None);
        };
        self.parse(id, &bytes)?;
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| self.damaged(id, "not UTF-8"))
    }

    /// An image with its bytes; `None` when there is no such image.
    ///
    /// # Errors
    /// A store that fails, or a damaged entry.
    pub fn open(self, id: &ImageId) -> Result<Option<Stored>, GalleryError> {
        let Some(sidecar) = self.sidecar(id)? else {
            return Ok(None);
        };
        let name = self.blob(&sidecar.original_filename);
        let bytes = match self.capabilities.blobs.read(&name) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(self.damaged(id, "the image file is missing")),
            Err(StoreError::Damaged(reason)) => return Err(self.damaged(id, &reason)),
            Err(error) => return Err(error.into()),
        };
        let format =
            Format::sniff(&bytes).ok_or_else(|| self.damaged(id, "the image file is no image"))?;
        Ok(Some(Stored {
            sidecar,
            bytes,
            format,
        }))
    }

    /// Stores an image and returns its sidecar.
    ///
    /// # Errors
    /// Bytes that are no image, or a store that fails; nothing can be seen of the image then.
    pub fn register(
        self,
        id: &ImageId,
        bytes: &[u8],
        new: NewImage,
    ) -> Result<Sidecar, GalleryError> {
        let (format, size) = decode::inspect(bytes)?;
        let sidecar = Sidecar {
            id: id.clone(),
            prompt: new.prompt,
            negative_prompt: new.negative_prompt,
            provider: new.provider,
            aspect_ratio: new.aspect_ratio,
            quality: new.quality,
            background: new.background,
            content_type: format.mime().to_owned(),
            original_filename: sidecar::file_name(id, format),
            original_size_bytes: bytes.len() as u64,
            original_dimensions: [size.width, size.height],
            provider_metadata: new.provider_metadata,
            created_at: iso(self.capabilities.clock.now()),
            source_image_ids: new.source_image_ids,
            origin: match new.origin_source {
                Some(_) => Origin::Imported,
                None => Origin::Generated,
            },
            origin_source: new.origin_source,
        };
        let text = serde_json::to_vec_pretty(&sidecar)
            .map_err(|error| StoreError::Other(error.to_string()))?;
        let blobs = self.capabilities.blobs;
        blobs.write(&self.blob(&sidecar.original_filename), bytes)?;
        blobs.write(&self.blob(&id.sidecar_file()), &text)?;
        self.index_add(&sidecar);
        Ok(sidecar)
    }

    /// Removes an image and returns what its sidecar said; `None` when there is no such image.
    ///
    /// # Errors
    /// A store that fails, or a damaged entry, which is left as it is.
    pub fn delete(self, id: &ImageId) -> Result<Option<Sidecar>, GalleryError> {
        let Some(sidecar) = self.sidecar(id)? else {
            return Ok(None);
        };
        let blobs = self.capabilities.blobs;
        if !blobs.delete(&self.blob(&id.sidecar_file()))? {
            return Ok(None);
        }
        self.index_remove(id);
        // Without its sidecar the image is gone for everybody; a file that stays behind only costs space.
        for file in [&sidecar.original_filename, &id.thumbnail_file()] {
            if let Err(error) = blobs.delete(&self.blob(file)) {
                let log = self.capabilities.log;
                log.warn(&format!("gallery: image file left behind: {id}: {error}"));
            }
        }
        Ok(Some(sidecar))
    }

    /// The blob of a file of this gallery.
    fn blob(self, file: &str) -> String {
        format!("{COLLECTION}/{}{file}", self.owner.prefix())
    }

    fn sidecar_bytes(self, id: &ImageId) -> Result<Option<Vec<u8>>, GalleryError> {
        match self.capabilities.blobs.read(&self.blob(&id.sidecar_file())) {
            Ok(bytes) => Ok(bytes),
            Err(StoreError::Damaged(reason)) => Err(self.damaged(id, &reason)),
            Err(error) => Err(error.into()),
        }
    }

    fn parse(self, id: &ImageId, bytes: &[u8]) -> Result<Sidecar, GalleryError> {
        Sidecar::parse(id, bytes).map_err(|error| self.damaged(id, &error.to_string()))
    }

    fn damaged(self, id: &ImageId, reason: &str) -> GalleryError {
        self.capabilities
            .log
            .warn(&format!("gallery: skipped a damaged entry: {id}: {reason}"));
        GalleryError::Damaged(id.clone())
    }
}
