//! The images of a tenant: each is a file and the sidecar beside it. The sidecar is written last
//! and removed first, so what has a sidecar is complete at any moment.
//!
//! A damaged entry is reported to the log and skipped. It never hides another entry, and it is
//! never deleted.

pub mod id;
pub mod jobs;
pub mod listing;
pub mod sidecar;

use guest::Capabilities;
use guest::store::StoreError;
use serde_json::{Map, Value};

use crate::images::decode::{self, DecodeError};
use crate::images::format::Format;
use crate::time::iso;
use id::{COLLECTION, ImageId};
use sidecar::{Origin, Sidecar};

/// The stored images.
#[derive(Clone, Copy)]
pub struct Gallery<'a> {
    capabilities: Capabilities<'a>,
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

/// A generated image that is to be stored.
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
    /// The gallery in the blob store of these capabilities.
    pub fn new(capabilities: Capabilities<'a>) -> Self {
        Self { capabilities }
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
        let name = format!("{COLLECTION}/{}", sidecar.original_filename);
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

    /// Stores a generated image and returns its sidecar.
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
            source_image_ids: Vec::new(),
            origin: Origin::Generated,
            origin_source: None,
        };
        let text = serde_json::to_vec_pretty(&sidecar)
            .map_err(|error| StoreError::Other(error.to_string()))?;
        let blobs = self.capabilities.blobs;
        blobs.write(
            &format!("{COLLECTION}/{}", sidecar.original_filename),
            bytes,
        )?;
        blobs.write(&id.sidecar_name(), &text)?;
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
        if !blobs.delete(&id.sidecar_name())? {
            return Ok(None);
        }
        // Without its sidecar the image is gone for everybody; a file that stays behind only costs space.
        if let Err(error) = blobs.delete(&format!("{COLLECTION}/{}", sidecar.original_filename)) {
            let log = self.capabilities.log;
            log.warn(&format!("gallery: image file left behind: {id}: {error}"));
        }
        Ok(Some(sidecar))
    }

    fn sidecar_bytes(self, id: &ImageId) -> Result<Option<Vec<u8>>, GalleryError> {
        match self.capabilities.blobs.read(&id.sidecar_name()) {
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
