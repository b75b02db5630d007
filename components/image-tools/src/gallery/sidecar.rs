//! The record beside an image, in the format of the Python server, so that galleries can be
//! carried over and back. Reading judges everything: a sidecar comes from a disk that others
//! write to as well.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::id::ImageId;
use crate::images::format::Format;

/// Largest sidecar that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// What is known of an image. The order of the fields is the order in the file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sidecar {
    /// The image.
    pub id: ImageId,
    /// What was asked for; empty for an imported image.
    pub prompt: String,
    /// What was not wanted.
    pub negative_prompt: Option<String>,
    /// The provider; empty for an imported image.
    pub provider: String,
    /// `16:9` and the like; empty for an imported image.
    pub aspect_ratio: String,
    /// `standard` or `hd`; empty for an imported image.
    pub quality: String,
    /// `opaque` or `transparent`.
    pub background: String,
    /// MIME type of the image.
    pub content_type: String,
    /// The file of the image, without a directory.
    pub original_filename: String,
    /// Size of that file in bytes.
    pub original_size_bytes: u64,
    /// Width and height in pixels.
    pub original_dimensions: [u32; 2],
    /// What the provider has to say about the image.
    pub provider_metadata: Map<String, Value>,
    /// ISO 8601, UTC.
    pub created_at: String,
    /// The images that it was made from.
    pub source_image_ids: Vec<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// How it was imported; `None` when it was generated.
    pub origin_source: Option<String>,
}

/// Where an image comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A provider made it.
    Generated,
    /// It was brought in.
    Imported,
}

/// Why a sidecar cannot be trusted. For the log; the entry is skipped and never deleted.
#[derive(Debug, thiserror::Error)]
pub enum SidecarError {
    /// More bytes than a sidecar can need.
    #[error("larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// Not JSON, or not the fields that a sidecar has.
    /// Where, but not what: the text of a parser can repeat a prompt.
    #[error("not a sidecar: line {}, column {}", .0.line(), .0.column())]
    Malformed(#[from] serde_json::Error),
    /// It is the record of another image.
    #[error("it names another image")]
    OtherImage,
    /// Its image would be a file that is not this image's own.
    #[error("its image is not a file of the gallery that belongs to it")]
    ForeignFile,
    /// Not one of the three formats.
    #[error("its content type is not supported")]
    ContentType,
}

/// The file as others write it: everything that the Python server can leave out is optional.
#[derive(Deserialize)]
struct Raw {
    id: String,
    prompt: String,
    #[serde(default)]
    negative_prompt: Option<String>,
    provider: String,
    #[serde(default)]
    aspect_ratio: Option<String>,
    #[serde(default)]
    quality: Option<String>,
    #[serde(default)]
    background: Option<String>,
    content_type: String,
    original_filename: String,
    #[serde(default)]
    original_size_bytes: u64,
    original_dimensions: [u32; 2],
    #[serde(default)]
    provider_metadata: Option<Map<String, Value>>,
    created_at: String,
    #[serde(default)]
    source_image_ids: Option<Vec<String>>,
    /// Written before an image could have several sources.
    #[serde(default)]
    source_image_id: Option<String>,
    #[serde(default)]
    origin: Option<String>,
    #[serde(default)]
    origin_source: Option<String>,
}

impl Sidecar {
    /// Reads the sidecar of the image `id`.
    ///
    /// # Errors
    /// See [`SidecarError`].
    pub fn parse(id: &ImageId, bytes: &[u8]) -> Result<Self, SidecarError> {
        if bytes.len() > MAX_BYTES {
            return Err(SidecarError::TooLarge);
        }
        let raw: Raw = serde_json::from_slice(bytes)?;
        if raw.id != id.as_str() {
            return Err(SidecarError::OtherImage);
        }
        if !is_own_file(id, &raw.original_filename) {
            return Err(SidecarError::ForeignFile);
        }
        if Format::from_mime(&raw.content_type).is_none() {
            return Err(SidecarError::ContentType);
        }
        let (origin, origin_source) = coerced_origin(raw.origin.as_deref(), raw.origin_source);
        let sources = raw
            .source_image_ids
            .unwrap_or_else(|| raw.source_image_id.into_iter().collect());
        Ok(Self {
            id: id.clone(),
            prompt: raw.prompt,
            negative_prompt: raw.negative_prompt,
            provider: raw.provider,
            aspect_ratio: raw.aspect_ratio.unwrap_or_default(),
            quality: raw.quality.unwrap_or_default(),
            background: raw.background.unwrap_or_else(|| "opaque".to_owned()),
            content_type: raw.content_type,
            original_filename: raw.original_filename,
            original_size_bytes: raw.original_size_bytes,
            original_dimensions: raw.original_dimensions,
            provider_metadata: raw.provider_metadata.unwrap_or_default(),
            created_at: raw.created_at,
            source_image_ids: sources,
            origin,
            origin_source,
        })
    }

    /// The model that made the image, if the provider told.
    pub fn model(&self) -> Option<&str> {
        self.provider_metadata.get("model").and_then(Value::as_str)
    }
}

/// The name of the file that holds an image.
pub fn file_name(id: &ImageId, format: Format) -> String {
    format!("{id}-original.{}", format.extension())
}

/// `<id>-original.<extension>` and nothing else. A path, or the file of another image, would let
/// whoever can write one sidecar read or delete what is not theirs.
fn is_own_file(id: &ImageId, name: &str) -> bool {
    let extension = name
        .strip_prefix(id.as_str())
        .and_then(|rest| rest.strip_prefix("-original."));
    matches!(extension, Some("png" | "jpg" | "jpeg" | "webp"))
}

/// An image is imported only if the sidecar says from where; anything else counts as generated.
fn coerced_origin(origin: Option<&str>, source: Option<String>) -> (Origin, Option<String>) {
    match (origin, source) {
        (Some("imported"), Some(source)) if !source.is_empty() => (Origin::Imported, Some(source)),
        _ => (Origin::Generated, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn id() -> ImageId {
        ImageId::parse("0123456789ab").unwrap()
    }

    /// What the Python server writes for a generated image.
    fn python() -> Value {
        json!({
            "id": "0123456789ab", "prompt": "a fox", "negative_prompt": null, "provider": "placeholder",
            "aspect_ratio": "1:1", "quality": "standard", "background": "opaque", "content_type": "image/png",
            "original_filename": "0123456789ab-original.png", "original_size_bytes": 123,
            "original_dimensions": [256, 256], "provider_metadata": {"quality": "placeholder"},
            "created_at": "2026-07-10T12:34:56.789012+00:00", "source_image_ids": [],
            "origin": "generated", "origin_source": null
        })
    }

    fn parse(change: impl FnOnce(&mut Value)) -> Result<Sidecar, SidecarError> {
        let mut value = python();
        change(&mut value);
        Sidecar::parse(&id(), value.to_string().as_bytes())
    }

    #[test]
    fn a_python_sidecar_comes_back_unchanged() {
        let sidecar = parse(|_| ()).unwrap();
        assert_eq!(serde_json::to_value(&sidecar).unwrap(), python());
    }

    #[test]
    fn fields_are_written_in_the_order_of_python() {
        let text = serde_json::to_string(&parse(|_| ()).unwrap()).unwrap();
        let names = [
            "\"id\"",
            "prompt",
            "negative_prompt",
            "provider",
            "aspect_ratio",
            "quality",
            "background",
            "content_type",
            "original_filename",
            "original_size_bytes",
            "original_dimensions",
            "provider_metadata",
            "created_at",
            "source_image_ids",
            "\"origin\"",
            "origin_source",
        ];
        let positions: Vec<_> = names.map(|name| text.find(name).unwrap()).to_vec();
        assert!(positions.is_sorted(), "{text}");
    }

    #[test]
    fn an_old_sidecar_is_read() {
        let old = parse(|value| {
            let fields = value.as_object_mut().unwrap();
            for name in [
                "origin",
                "origin_source",
                "source_image_ids",
                "background",
                "negative_prompt",
            ] {
                fields.remove(name);
            }
            fields.insert("source_image_id".to_owned(), json!("ba9876543210"));
        });
        let old = old.unwrap();
        assert_eq!(old.source_image_ids, ["ba9876543210"]);
        assert_eq!(
            (old.origin, old.background.as_str()),
            (Origin::Generated, "opaque")
        );
    }

    #[test]
    fn an_inconsistent_origin_is_generated() {
        let origin = |origin: Value, source: Value| {
            let sidecar = parse(|value| {
                value["origin"] = origin;
                value["origin_source"] = source;
            });
            let sidecar = sidecar.unwrap();
            (sidecar.origin, sidecar.origin_source)
        };
        assert_eq!(
            origin(json!("imported"), json!("upload")),
            (Origin::Imported, Some("upload".to_owned()))
        );
        for (named, source) in [
            ("imported", json!("")),
            ("imported", json!(null)),
            ("generated", json!("upload")),
            ("?", json!("x")),
        ] {
            assert_eq!(
                origin(json!(named), source),
                (Origin::Generated, None),
                "{named}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_its_own_is_damage() {
        let names = [
            "../0123456789ab-original.png",
            "/etc/passwd",
            "ba9876543210-original.png",
            "0123456789ab-original.json",
            "0123456789ab-original.png/..",
            "0123456789ab.json",
            "",
        ];
        for name in names {
            let sidecar = parse(|value| value["original_filename"] = json!(name));
            assert!(matches!(sidecar, Err(SidecarError::ForeignFile)), "{name}");
        }
    }

    #[test]
    fn a_prompt_in_the_wrong_place_is_not_repeated() {
        let damaged = parse(|value| value["original_dimensions"] = json!("a secret prompt"));
        assert!(!damaged.unwrap_err().to_string().contains("secret"));
    }

    #[test]
    fn other_damage_is_told_apart() {
        assert!(matches!(
            parse(|value| value["id"] = json!("ba9876543210")),
            Err(SidecarError::OtherImage)
        ));
        assert!(matches!(
            parse(|value| value["content_type"] = json!("text/html")),
            Err(SidecarError::ContentType)
        ));
        assert!(matches!(
            parse(|value| value["original_dimensions"] = json!([1])),
            Err(SidecarError::Malformed(_))
        ));
        assert!(matches!(
            parse(|value| value["prompt"] = json!("x".repeat(MAX_BYTES))),
            Err(SidecarError::TooLarge)
        ));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(Sidecar::parse(&id(), &bytes).is_err());
        }

        #[test]
        fn a_damaged_sidecar_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut bytes = python().to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(cut.index(bytes.len() * 3));
            let _ = Sidecar::parse(&id(), &bytes);
        }
    }
}
