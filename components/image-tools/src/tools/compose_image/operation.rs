//! One step of an edit: what was asked for, checked before anything is decoded.

use image::Rgba;
use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::images::caption::{Caption, caption, watermark};
use crate::images::colour::{self, TRANSPARENT};
use crate::images::geometry::Geometry;
use crate::images::overlay::{Anchor, Overlay, composite};
use crate::images::picture::Picture;
use crate::images::resize::{Mode, resize};
use crate::images::shape::{CropBox, Flip, Shape, Size};
use crate::images::turn::turn;

/// A step, with everything that it needs.
pub(super) enum Operation {
    Crop(CropBox),
    Rotate(f64, Rgba<u8>),
    Flip(Flip),
    Resize(Option<u32>, Option<u32>, Mode),
    Text(Caption),
    Watermark(String, u8),
    Overlay(String, Overlay),
}

/// As it is in the arguments.
#[derive(Deserialize)]
struct Raw {
    op: String,
    #[serde(default)]
    x: u32,
    #[serde(default)]
    y: u32,
    width: Option<u32>,
    height: Option<u32>,
    degrees: Option<f64>,
    direction: Option<String>,
    mode: Option<String>,
    background: Option<String>,
    text: Option<String>,
    anchor: Option<String>,
    size: Option<u32>,
    colour: Option<String>,
    bold: Option<bool>,
    opacity: Option<f64>,
    image: Option<String>,
    #[serde(default)]
    margin: u32,
    max_percent: Option<u32>,
}

/// How much of a watermark shows, unless asked otherwise.
const FAINT: f64 = 0.25;

impl Operation {
    /// Reads a step that was checked against the schema.
    ///
    /// # Errors
    /// What the step lacks, or a colour that is none.
    pub(super) fn read(value: &Value) -> Result<Self, Fault> {
        let raw: Raw = serde_json::from_value(value.clone()).map_err(Fault::invalid)?;
        let lacks = |name: &str| Fault::invalid(format!("`{}` needs `{name}`", raw.op));
        let background = raw.background.as_deref().map(colour::parse);
        let background = background.transpose().map_err(Fault::invalid)?;
        let anchor = raw.anchor.as_deref().and_then(Anchor::from_name);
        Ok(match raw.op.as_str() {
            "crop" => Self::Crop(CropBox {
                x: raw.x,
                y: raw.y,
                size: Size {
                    width: raw.width.ok_or_else(|| lacks("width"))?,
                    height: raw.height.ok_or_else(|| lacks("height"))?,
                },
            }),
            "rotate" => Self::Rotate(
                raw.degrees.ok_or_else(|| lacks("degrees"))?,
                background.unwrap_or(TRANSPARENT),
            ),
            "flip" => match raw.direction.as_deref() {
                Some("horizontal") => Self::Flip(Flip::Horizontal),
                Some("vertical") => Self::Flip(Flip::Vertical),
                _ => return Err(lacks("direction")),
            },
            "resize" => {
                if raw.width.is_none() && raw.height.is_none() {
                    return Err(lacks("width` or `height"));
                }
                let mode = raw.mode.as_deref().unwrap_or("fit");
                let mode = Mode::from_name(mode, background.unwrap_or(TRANSPARENT));
                Self::Resize(raw.width, raw.height, mode.unwrap_or(Mode::Fit))
            }
            "text" => {
                let plain = Caption::default();
                let colour = raw.colour.as_deref().map(colour::parse).transpose();
                Self::Text(Caption {
                    text: raw.text.clone().ok_or_else(|| lacks("text"))?,
                    anchor: anchor.unwrap_or(plain.anchor),
                    size: raw.size,
                    colour: colour.map_err(Fault::invalid)?.unwrap_or(plain.colour),
                    background,
                    bold: raw.bold.unwrap_or(plain.bold),
                })
            }
            "watermark" => Self::Watermark(
                raw.text.clone().ok_or_else(|| lacks("text"))?,
                opacity(raw.opacity.unwrap_or(FAINT)),
            ),
            _ => Self::Overlay(
                raw.image.clone().ok_or_else(|| lacks("image"))?,
                Overlay {
                    anchor: anchor.unwrap_or_default(),
                    margin: raw.margin,
                    max_percent: raw.max_percent,
                    opacity: opacity(raw.opacity.unwrap_or(1.0)),
                },
            ),
        })
    }

    /// The other image that the step needs, as it was named.
    pub(super) fn image(&self) -> Option<&str> {
        match self {
            Self::Overlay(image, _) => Some(image),
            _ => None,
        }
    }

    /// Does the step. `upper` is the image that [`image`](Self::image) names.
    ///
    /// # Errors
    /// A step that does not fit the picture.
    pub(super) fn apply(self, picture: Picture, upper: Option<Picture>) -> Result<Picture, Fault> {
        Ok(match self {
            Self::Crop(crop) => {
                let shape = Shape {
                    crop: Some(crop),
                    ..Shape::default()
                };
                Geometry::plan(picture.size(), &shape).map_err(Fault::invalid)?;
                picture.cropped(crop)
            }
            Self::Rotate(degrees, background) => turn(picture, degrees, background)?,
            Self::Flip(flip) => picture.flipped(flip),
            Self::Resize(width, height, mode) => {
                let now = picture.size();
                let proportional = |side: u32, of: u32, to: u32| {
                    let wanted = u64::from(side) * u64::from(to) / u64::from(of.max(1));
                    u32::try_from(wanted.max(1)).unwrap_or(u32::MAX)
                };
                let size = match (width, height) {
                    (Some(width), Some(height)) => Size { width, height },
                    (Some(width), None) => Size {
                        width,
                        height: proportional(width, now.width, now.height),
                    },
                    (None, Some(height)) => Size {
                        width: proportional(height, now.height, now.width),
                        height,
                    },
                    (None, None) => now,
                };
                resize(picture, size, mode)?
            }
            Self::Text(text) => caption(picture, &text)?,
            Self::Watermark(text, opacity) => watermark(picture, &text, opacity)?,
            Self::Overlay(_, overlay) => match upper {
                Some(upper) => composite(picture, upper, overlay)?,
                None => picture,
            },
        })
    }
}

fn opacity(share: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 255"
    )]
    let opacity = (share.clamp(0.0, 1.0) * 255.0).round() as u8;
    opacity
}
