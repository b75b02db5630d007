//! Images that a request brings along or names: from the gallery, or in the request itself.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::images::decode::{DecodeError, inspect};
use crate::images::transform::Transform;
use crate::providers::request::InputImage;
use crate::resources::uri;
use crate::text::quoted;

/// An image as input.
pub struct Input {
    /// The image.
    pub image: InputImage,
    /// Its id, when it is in the gallery.
    pub id: Option<ImageId>,
}

/// Loads an image: an id of the gallery, an `image://` URI with or without a query, or a `data:`
/// URI.
///
/// # Errors
/// What names no image, an image that is too large, or a store that fails.
pub fn load(context: Context<'_>, named: &str) -> Result<Input, Fault> {
    let named = named.trim();
    if named
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
    {
        let image = checked(context, from_base64(context, named)?)?;
        return Ok(Input { image, id: None });
    }
    let (id, transform) = match ImageId::parse(named) {
        Some(id) => (id, Transform::default()),
        None if named.starts_with("image://") => uri::parse_view(named)?,
        None => return Err(not_an_image(named)),
    };
    let stored = context.gallery().open(&id)?;
    let stored = stored.ok_or_else(|| {
        Fault::not_found(format!(
            "no image has this id: `{id}`\nhint: read `image://list` to see which there are"
        ))
    })?;
    let bytes = if transform.keeps(stored.format) {
        stored.bytes
    } else {
        transform.apply(stored.bytes, stored.format)?
    };
    Ok(Input {
        image: checked(context, bytes)?,
        id: Some(id),
    })
}

/// Loads several images.
///
/// # Errors
/// As [`load`], for the first that fails.
pub fn load_all(context: Context<'_>, named: &[String]) -> Result<Vec<Input>, Fault> {
    named.iter().map(|name| load(context, name)).collect()
}

/// Judges the bytes of an image from outside: its size, and what it is.
///
/// # Errors
/// An image that is too large, or none.
pub fn checked(context: Context<'_>, bytes: Vec<u8>) -> Result<InputImage, Fault> {
    let max = context.max_input_bytes();
    if bytes.len() > max {
        return Err(too_large(bytes.len(), max));
    }
    let (format, size) = inspect(&bytes).map_err(refused)?;
    Ok(InputImage {
        bytes,
        format,
        size,
    })
}

/// The bytes behind base64 text: as it is, after `data:<type>;base64,`, with white space in it.
///
/// # Errors
/// Text that is no base64, or more than an input can be.
pub fn from_base64(context: Context<'_>, text: &str) -> Result<Vec<u8>, Fault> {
    let text = text.trim();
    let is_uri = text
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let encoded = if is_uri {
        let (kind, data) = text.split_once(',').ok_or_else(malformed)?;
        let is_base64 = kind.get(kind.len().saturating_sub(7)..);
        if !is_base64.is_some_and(|end| end.eq_ignore_ascii_case(";base64")) {
            return Err(malformed());
        }
        data
    } else {
        text
    };
    let max = context.max_input_bytes();
    let compact: String = encoded.split_ascii_whitespace().collect();
    if compact.len() / 4 * 3 > max + 2 {
        return Err(too_large(compact.len() / 4 * 3, max));
    }
    BASE64_STANDARD.decode(compact).map_err(|_| malformed())
}

/// An image that cannot be read.
pub fn refused(error: DecodeError) -> Fault {
    Fault::invalid(error)
}

fn too_large(bytes: usize, max: usize) -> Fault {
    Fault {
        code: "too_large",
        ..Fault::invalid(format!(
            "the image has {bytes} bytes; this server takes at most {max}"
        ))
    }
}

fn malformed() -> Fault {
    Fault::invalid(
        "not base64\nhint: the standard alphabet, with padding; do not make the text up: a generated image is named by its image_id",
    )
}

fn not_an_image(named: &str) -> Fault {
    let shown = quoted(named);
    let hint = if named.starts_with("https://") || named.starts_with("http://") {
        "bring it in with `fetch_image` and use the image_id"
    } else if named.contains(['/', '\\']) {
        "paths of files are not taken (`ALLOW_LOCAL_FILE_INPUT` has no effect); upload the image and use its image_id"
    } else {
        "an image_id, an `image://` URI or a `data:` URI"
    };
    Fault::invalid(format!(
        "not an image of the gallery: {shown}\nhint: {hint}"
    ))
}
