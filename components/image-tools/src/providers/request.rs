//! What a backend is asked for. The values are checked: a backend never sees another aspect ratio.

/// Aspect ratios that the tools take, in the order in which they are listed.
pub const ASPECT_RATIOS: [&str; 5] = ["1:1", "16:9", "9:16", "3:2", "2:3"];

/// Qualities that the tools take.
pub const QUALITIES: [&str; 2] = ["standard", "hd"];

/// Backgrounds that the tools take.
pub const BACKGROUNDS: [&str; 2] = ["opaque", "transparent"];

/// A request for one image.
#[derive(Clone, Debug)]
pub struct GenerateRequest {
    /// What to show.
    pub prompt: String,
    /// What not to show.
    pub negative_prompt: Option<String>,
    /// One of [`ASPECT_RATIOS`].
    pub aspect_ratio: String,
    /// One of [`QUALITIES`].
    pub quality: String,
    /// One of [`BACKGROUNDS`].
    pub background: String,
    /// The model, as the provider names it.
    pub model: Option<String>,
}
