//! What a backend is asked for. The values are checked: a backend never sees another aspect ratio,
//! and every picture in a request has been decoded once before.

use serde_json::{Map, Value};

use crate::images::format::Format;
use crate::images::shape::Size;

/// Aspect ratios that every backend takes, in the order in which they are listed.
pub const ASPECT_RATIOS: [&str; 5] = ["1:1", "16:9", "9:16", "3:2", "2:3"];

/// Every aspect ratio that the tools take; some backends take only [`ASPECT_RATIOS`].
pub const ALL_ASPECT_RATIOS: [&str; 14] = [
    "1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "21:9", "4:1", "1:4", "8:1",
    "1:8",
];

/// Qualities that the tools take.
pub const QUALITIES: [&str; 2] = ["standard", "hd"];

/// Backgrounds that the tools take.
pub const BACKGROUNDS: [&str; 2] = ["opaque", "transparent"];

/// A request for images.
#[derive(Clone, Debug)]
pub struct GenerateRequest {
    /// What to show.
    pub prompt: String,
    /// What not to show.
    pub negative_prompt: Option<String>,
    /// One of [`ALL_ASPECT_RATIOS`]; without effect when there is a [`size`](Self::size).
    pub aspect_ratio: String,
    /// The exact size in pixels.
    pub size: Option<Size>,
    /// One of [`QUALITIES`].
    pub quality: String,
    /// One of [`BACKGROUNDS`].
    pub background: String,
    /// The model, as the provider names it.
    pub model: Option<String>,
    /// How many variants; at least 1. A backend makes at most [`Model::max_images`] in one call.
    ///
    /// [`Model::max_images`]: super::model::Model::max_images
    pub n: u32,
    /// The same seed gives the same image, where the backend has such a thing.
    pub seed: Option<u64>,
    /// The format of the file; by default the backend chooses.
    pub output_format: Option<Format>,
    /// Pictures to change or to go by, the first being the one that a mask applies to.
    pub references: Vec<InputImage>,
    /// Where to change the first reference: a PNG of its size, transparent where it may change.
    pub mask: Option<InputImage>,
    /// How far to go from the first reference, 0 to 1.
    pub strength: Option<f64>,
    /// A name for whom this is done that says nothing about them, for the abuse desk of a backend.
    pub end_user: Option<String>,
    /// What only one backend understands, by the name of the argument.
    pub options: Map<String, Value>,
}

/// A picture that a request brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputImage {
    /// The file.
    pub bytes: Vec<u8>,
    /// What the first bytes show.
    pub format: Format,
    /// In pixels.
    pub size: Size,
}

impl Default for GenerateRequest {
    fn default() -> Self {
        Self {
            prompt: String::new(),
            negative_prompt: None,
            aspect_ratio: "1:1".to_owned(),
            size: None,
            quality: "standard".to_owned(),
            background: "opaque".to_owned(),
            model: None,
            n: 1,
            seed: None,
            output_format: None,
            references: Vec::new(),
            mask: None,
            strength: None,
            end_user: None,
            options: Map::new(),
        }
    }
}

impl GenerateRequest {
    /// A request for one square image.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            ..Self::default()
        }
    }

    /// Whether the background must be transparent.
    pub fn is_transparent(&self) -> bool {
        self.background == "transparent"
    }

    /// Whether the better quality is asked for.
    pub fn is_hd(&self) -> bool {
        self.quality == "hd"
    }
}
