//! The resources: images with their transforms, their sidecars, styles, and what there is to know.

mod image_list;
pub mod uri;

use base64::prelude::{BASE64_STANDARD, Engine};
use mcp::model::{MetaObject, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::Stored;
use crate::gallery::id::ImageId;
use crate::images::format::Format;
use crate::images::limits::MAX_DELIVERED_BYTES;
use crate::images::transform::Transform;
use crate::providers::catalog::Catalog;
use crate::providers::request::{ASPECT_RATIOS, BACKGROUNDS, QUALITIES};
use crate::styles::Style;
use crate::text::quoted;
use uri::ResourceUri;

/// A resource, or a template of resources.
pub struct Definition {
    /// The URI, or the URI template (RFC 6570).
    pub uri: &'static str,
    /// A short name.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The MIME type; `None` when it depends on the resource.
    pub mime_type: Option<&'static str>,
}

const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";

/// Resources with a fixed URI.
pub const RESOURCES: [Definition; 4] = [
    Definition {
        uri: "info://prompt-guide",
        name: "prompt guide",
        title: "Prompt Guide",
        description: "How to ask for an image: what all providers understand, and what each wants.",
        mime_type: Some(MARKDOWN),
    },
    Definition {
        uri: "info://providers",
        name: "providers",
        title: "Providers",
        description: "The configured image providers with their models, and what can be asked of them.",
        mime_type: Some(JSON),
    },
    Definition {
        uri: "image://list",
        name: "images",
        title: "Images",
        description: "The newest images, and the generations that are under way or failed.",
        mime_type: Some(JSON),
    },
    Definition {
        uri: "style://list",
        name: "styles",
        title: "Styles",
        description: "The styles of the library with their tags and defaults.",
        mime_type: Some(JSON),
    },
];

/// Templates of resources.
pub const TEMPLATES: [Definition; 3] = [
    Definition {
        uri: uri::VIEW_TEMPLATE,
        name: "image",
        title: "Image",
        description: "An image. Without parameters: as it was stored. With parameters, in this order: the part inside \
                      crop_x, crop_y, crop_w, crop_h (pixels); turned by rotate (90, 180 or 270, clockwise); mirrored by \
                      flip (horizontal or vertical); width and height (both: scaled to cover, then cut around the centre; \
                      one: proportional); format (png, webp without loss, or jpeg); quality (1 to 100, for jpeg).",
        mime_type: None,
    },
    Definition {
        uri: uri::METADATA_TEMPLATE,
        name: "image metadata",
        title: "Image metadata",
        description: "Prompt, provider, parameters and origin of an image.",
        mime_type: Some(JSON),
    },
    Definition {
        uri: uri::STYLE_TEMPLATE,
        name: "style",
        title: "Style",
        description: "A style of the library: its header and its brief, as in the file.",
        mime_type: Some(MARKDOWN),
    },
];

/// What a resource holds.
pub enum Contents {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// Its MIME type.
        mime_type: &'static str,
        /// Whether nothing had to be left out.
        complete: bool,
    },
    /// An image file.
    Image {
        /// The file.
        bytes: Vec<u8>,
        /// What it is.
        format: Format,
    },
}

/// The resources for `resources/list`.
pub fn list() -> Vec<Resource> {
    let resource = |definition: &Definition| {
        let resource = Resource::new(definition.uri, definition.name)
            .with_title(definition.title)
            .with_description(definition.description);
        match definition.mime_type {
            Some(mime_type) => resource.with_mime_type(mime_type),
            None => resource,
        }
    };
    RESOURCES.iter().map(resource).collect()
}

/// The templates for `resources/templates/list`.
pub fn templates() -> Vec<ResourceTemplate> {
    let template = |definition: &Definition| {
        let template = ResourceTemplate::new(definition.uri, definition.name)
            .with_title(definition.title)
            .with_description(definition.description);
        match definition.mime_type {
            Some(mime_type) => template.with_mime_type(mime_type),
            None => template,
        }
    };
    TEMPLATES.iter().map(template).collect()
}

/// What a reader says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The time of the request, seconds since the Unix epoch.
    pub now: u64,
    /// Where a list has to end, in bytes of JSON.
    pub list_bytes: usize,
}

/// Reads a resource.
///
/// # Errors
/// A URI that names nothing, parameters that do not fit, or a store that fails.
pub fn read(context: Context<'_>, uri: &str, reader: Reader) -> Result<Contents, Fault> {
    match uri::parse(uri)? {
        ResourceUri::Providers => providers(context, reader.now),
        ResourceUri::ImageList => image_list::read(context, reader.list_bytes),
        ResourceUri::PromptGuide => Ok(Contents::markdown(include_str!("guides/prompt-guide.md"))),
        ResourceUri::StyleList => {
            let styles = context.styles().list()?;
            let summaries: Vec<_> = styles.iter().map(Style::summary).collect();
            Contents::json(&summaries, true)
        }
        ResourceUri::Style(name) => {
            let style = context
                .styles()
                .find(&name)?
                .ok_or_else(|| no_style(&name))?;
            Ok(Contents::markdown(style.text))
        }
        ResourceUri::View(id, transform) => view(context, &id, &transform),
        ResourceUri::Metadata(id) => {
            let text = context
                .gallery()
                .sidecar_text(&id)?
                .ok_or_else(|| no_image(&id))?;
            Ok(Contents::Text {
                text,
                mime_type: JSON,
                complete: true,
            })
        }
    }
}

impl Contents {
    /// As the result of `resources/read`.
    pub fn into_result(self, uri: &str) -> ReadResourceResult {
        let contents = match self {
            Self::Text {
                text,
                mime_type,
                complete,
            } => {
                let contents = ResourceContents::text(text, uri).with_mime_type(mime_type);
                if complete {
                    contents
                } else {
                    contents.with_meta(incomplete())
                }
            }
            Self::Image { bytes, format } => {
                ResourceContents::blob(BASE64_STANDARD.encode(bytes), uri)
                    .with_mime_type(format.mime())
            }
        };
        ReadResourceResult::new(vec![contents])
    }

    fn markdown(text: impl Into<String>) -> Self {
        Self::Text {
            text: text.into(),
            mime_type: MARKDOWN,
            complete: true,
        }
    }

    fn json(value: &impl Serialize, complete: bool) -> Result<Self, Fault> {
        let text = serde_json::to_string(value).map_err(|error| {
            Fault::server("internal", "the resource cannot be written as JSON", error)
        })?;
        Ok(Self::Text {
            text,
            mime_type: JSON,
            complete,
        })
    }
}

fn view(context: Context<'_>, id: &ImageId, transform: &Transform) -> Result<Contents, Fault> {
    let stored = context.gallery().open(id)?;
    let Stored {
        mut bytes,
        mut format,
        ..
    } = stored.ok_or_else(|| no_image(id))?;
    if !transform.keeps(format) {
        bytes = transform.apply(bytes, format)?;
        format = transform.encoding(format).format;
    }
    if bytes.len() > MAX_DELIVERED_BYTES {
        let message = format!(
            "the image file is larger than {MAX_DELIVERED_BYTES} bytes\nhint: ask for `format=jpeg`"
        );
        return Err(Fault::invalid(message));
    }
    Ok(Contents::Image { bytes, format })
}

fn providers(context: Context<'_>, now: u64) -> Result<Contents, Fault> {
    #[derive(Serialize)]
    struct Answer {
        #[serde(flatten)]
        catalog: Catalog,
        supported_aspect_ratios: [&'static str; 5],
        supported_quality_levels: [&'static str; 2],
        supported_backgrounds: [&'static str; 2],
    }
    let answer = Answer {
        catalog: Catalog::new(context, (now, false)),
        supported_aspect_ratios: ASPECT_RATIOS,
        supported_quality_levels: QUALITIES,
        supported_backgrounds: BACKGROUNDS,
    };
    Contents::json(&answer, true)
}

/// Says that a list is not all there is, as the array itself has no place for it.
fn incomplete() -> MetaObject {
    let mut meta = MetaObject::default();
    meta.insert("imagegen/complete".to_owned(), Value::Bool(false));
    meta
}

/// The style does not exist.
pub(crate) fn no_style(name: &str) -> Fault {
    let name = quoted(name);
    Fault::not_found(format!(
        "no style has this name: {name}\nhint: read `style://list` to see which there are"
    ))
}

fn no_image(id: &ImageId) -> Fault {
    Fault::not_found(format!("no image has this id: `{id}`"))
}
