//! Thumbnails: a small file beside each image, made once, so that looking through a gallery
//! decodes no original.

use super::id::ImageId;
use super::sidecar::Sidecar;
use super::{Gallery, GalleryError};
use crate::images::decode::decode;
use crate::images::encode::{EncodeError, Encoding, encode};
use crate::images::format::Format;
use crate::images::picture::Picture;

/// Longest side of a thumbnail, in pixels.
pub const SIDE: u32 = 128;

/// Quality of a thumbnail.
const QUALITY: u8 = 75;

/// Largest file that is taken for a thumbnail, in bytes: as many pixels as it has, without loss.
const MAX_BYTES: usize = 96 * 1024;

/// A thumbnail as it is stored.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// The image file.
    pub bytes: Vec<u8>,
    /// What it is.
    pub format: Format,
}

impl Gallery<'_> {
    /// The thumbnail of an image. One that is missing is made and stored; `None` when the image
    /// cannot be decoded.
    ///
    /// # Errors
    /// A store that fails, or a damaged image.
    pub fn thumbnail(self, sidecar: &Sidecar) -> Result<Option<Thumbnail>, GalleryError> {
        let stored = self
            .capabilities
            .blobs
            .read(&self.blob(&sidecar.id.thumbnail_file()));
        if let Ok(Some(bytes)) = stored
            && bytes.len() <= MAX_BYTES
            && let Some(format) = Format::sniff(&bytes)
        {
            return Ok(Some(Thumbnail { bytes, format }));
        }
        let Some(stored) = self.open(&sidecar.id)? else {
            return Ok(None);
        };
        match decode(&stored.bytes) {
            Ok(picture) => Ok(self.store_thumbnail(&sidecar.id, picture)),
            Err(_) => Ok(None),
        }
    }

    /// Makes and stores the thumbnail of an image. That it cannot be stored is no failure: it is
    /// made again when it is needed.
    pub fn store_thumbnail(self, id: &ImageId, picture: Picture) -> Option<Thumbnail> {
        let thumbnail = make(picture).ok()??;
        let name = self.blob(&id.thumbnail_file());
        if let Err(error) = self.capabilities.blobs.write(&name, &thumbnail.bytes) {
            let log = self.capabilities.log;
            log.warn(&format!("gallery: thumbnail not stored: {id}: {error}"));
        }
        Some(thumbnail)
    }
}

fn make(picture: Picture) -> Result<Option<Thumbnail>, EncodeError> {
    let size = picture.size().shrunk_to(SIDE);
    let Ok(small) = picture.covering(size) else {
        return Ok(None);
    };
    let format = if small.is_translucent() {
        Format::Webp
    } else {
        Format::Jpeg
    };
    let encoding = Encoding {
        format,
        quality: QUALITY,
    };
    let bytes = encode(&small, encoding)?;
    Ok(Some(Thumbnail { bytes, format }))
}
