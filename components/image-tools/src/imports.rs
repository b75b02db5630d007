//! Images that come in from outside become images of the gallery: named by their bytes, so that
//! the same image is imported once.

use serde::Serialize;

use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::NewImage;
use crate::gallery::id::ImageId;
use crate::gallery::sidecar::{Origin, Sidecar};
use crate::images::decode::decode;
use crate::inputs;

/// What tools and links answer after an import.
#[derive(Serialize)]
pub struct Imported {
    /// The image.
    pub image_id: ImageId,
    /// Its URI.
    pub original_uri: String,
    /// The URI of what is known of it.
    pub metadata_uri: String,
    /// MIME type.
    pub content_type: String,
    /// Width and height in pixels.
    pub dimensions: [u32; 2],
    /// Size of the file in bytes.
    pub original_size_bytes: u64,
    /// `imported`.
    pub origin: Origin,
    /// How it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_source: Option<String>,
}

/// Stores an image from outside. It is decoded first, all of it: what is kept can be shown.
///
/// # Errors
/// An image that is too large or none, or a store that fails.
pub fn import(context: Context<'_>, bytes: Vec<u8>, source: String) -> Result<Sidecar, Fault> {
    let new = NewImage {
        background: "opaque".to_owned(),
        origin_source: Some(source),
        ..NewImage::default()
    };
    store(context, bytes, new)
}

/// Stores an image under the id of its bytes.
///
/// # Errors
/// As [`import`].
pub fn store(context: Context<'_>, bytes: Vec<u8>, new: NewImage) -> Result<Sidecar, Fault> {
    let image = inputs::checked(context, bytes)?;
    let picture = decode(&image.bytes).map_err(inputs::refused)?;
    let gallery = context.gallery();
    let mut id = ImageId::of_bytes(&image.bytes);
    if let Some(known) = gallery.open(&id)? {
        if known.bytes != image.bytes {
            // The id of an image that was generated, by chance: that image stays.
            id = ImageId::random(context.capabilities.random);
        } else if known.sidecar.origin == Origin::Imported && new.origin_source.is_some() {
            return Ok(known.sidecar);
        } else {
            // The record is written anew, and with it the origin in the index.
            gallery.delete(&id)?;
        }
    }
    let sidecar = gallery.register(&id, &image.bytes, new)?;
    gallery.store_thumbnail(&id, picture);
    let log = context.capabilities.log;
    log.info(&format!(
        "image stored: {id}: {}",
        sidecar.origin_source.as_deref().unwrap_or("edited")
    ));
    Ok(sidecar)
}

impl From<Sidecar> for Imported {
    fn from(sidecar: Sidecar) -> Self {
        Self {
            original_uri: sidecar.id.view_uri(),
            metadata_uri: sidecar.id.metadata_uri(),
            image_id: sidecar.id,
            content_type: sidecar.content_type,
            dimensions: sidecar.original_dimensions,
            original_size_bytes: sidecar.original_size_bytes,
            origin: sidecar.origin,
            origin_source: sidecar.origin_source,
        }
    }
}

impl Imported {
    /// For people.
    pub fn sentence(&self) -> String {
        let [width, height] = self.dimensions;
        let kind = &self.content_type;
        format!(
            "Imported the image as {}: {kind}, {width}x{height}.",
            self.original_uri
        )
    }
}
