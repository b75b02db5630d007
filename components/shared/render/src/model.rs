//! The models: their names, how to write prompts for them, and the call that draws.

use crate::prompt::PromptError;
use crate::random::seed_of;
use crate::raster::{MAX_PIXELS, MAX_SIDE, Raster, Size};
use crate::svg::{Svg, SvgError};
use crate::{card, chart, diagram, fonts, pattern, qr, wireframe};

/// One of the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// The prompt is the source of a drawing.
    Svg,
    /// Title, subtitle, points.
    Card,
    /// A texture.
    Pattern,
    /// Boxes and arrows.
    Diagram,
    /// Numbers as bars, lines or slices.
    Chart,
    /// A QR code.
    Qr,
    /// A labelled box.
    Wireframe,
}

/// Every model, in the order in which they are listed to users.
pub const MODELS: [Model; 7] = [
    Model::Svg,
    Model::Card,
    Model::Diagram,
    Model::Chart,
    Model::Pattern,
    Model::Qr,
    Model::Wireframe,
];

/// What to draw.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// With which model.
    pub model: Model,
    /// What; each model has its own grammar, see [`Model::grammar`].
    pub prompt: &'a str,
    /// How large. The model `svg` keeps its own proportions inside of it.
    pub size: Size,
    /// For models with chance in them; `None` for one that follows from the prompt.
    pub seed: Option<u64>,
    /// Whether the background shows through.
    pub is_transparent: bool,
}

/// What was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The pixels.
    pub raster: Raster,
    /// The seed, for models with chance in them.
    pub seed: Option<u64>,
    /// Letters of the prompt that no font has, and that were drawn as boxes.
    pub missing_letters: Vec<char>,
}

/// Why nothing was drawn. Always the fault of whoever asked; the text says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// The prompt is not what the model reads.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The source is not one that is drawn.
    #[error(transparent)]
    Svg(#[from] SvgError),
    /// A size of 0, or more pixels than are drawn.
    #[error("cannot draw at {}x{}\nhint: at most {MAX_SIDE} pixels a side and {MAX_PIXELS} in all", .0.width, .0.height)]
    Size(Size),
    /// What is asked for does not fit.
    #[error("{}x{} is too small: at least {needed} pixels a side are needed", found.width, found.height)]
    TooSmall {
        /// Pixels a side.
        needed: u32,
        /// The size that was asked for.
        found: Size,
    },
}

impl Model {
    /// The model of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        MODELS.into_iter().find(|model| model.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Card => "card",
            Self::Pattern => "pattern",
            Self::Diagram => "diagram",
            Self::Chart => "chart",
            Self::Qr => "qr",
            Self::Wireframe => "wireframe",
        }
    }

    /// What it draws, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Svg => "draws the SVG source that you write",
            Self::Card => {
                "lays out a title, subtitle and points: link previews, banners, slides, quotes"
            }
            Self::Pattern => "makes textures and backgrounds that repeat without a seam",
            Self::Diagram => "lays out boxes and arrows",
            Self::Chart => "plots numbers as bars, lines, areas or slices",
            Self::Qr => "makes a QR code of a text or an address",
            Self::Wireframe => "makes a labelled box of the right size, to be replaced later",
        }
    }

    /// How to write prompts for it, in one sentence.
    pub fn grammar(self) -> &'static str {
        match self {
            Self::Svg => {
                "write one `<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 W H\">` element; shapes, paths, gradients, \
                 patterns, masks, filters and text are drawn, images, scripts and anything outside the source are not"
            }
            Self::Card => card::GRAMMAR.help,
            Self::Pattern => pattern::GRAMMAR.help,
            Self::Diagram => diagram::GRAMMAR.help,
            Self::Chart => chart::GRAMMAR.help,
            Self::Qr => qr::GRAMMAR.help,
            Self::Wireframe => wireframe::GRAMMAR.help,
        }
    }

    /// Whether the same prompt can look different.
    pub fn takes_seed(self) -> bool {
        self == Self::Pattern
    }
}

/// Draws. The same request gives the same pixels, everywhere.
///
/// # Errors
/// See [`DrawError`].
pub fn draw(request: &Request<'_>) -> Result<Drawing, DrawError> {
    let Request {
        model,
        prompt,
        size,
        is_transparent,
        ..
    } = *request;
    if !size.is_drawable() {
        return Err(DrawError::Size(size));
    }
    let seed = model
        .takes_seed()
        .then(|| request.seed.unwrap_or_else(|| seed_of(prompt)));
    let raster = match model {
        Model::Svg => {
            let svg = Svg::parse(prompt)?;
            let size = svg.size_inside(size);
            svg.draw(size, (!is_transparent).then_some([255; 3]))?
        }
        Model::Card => card::draw(prompt, size, is_transparent)?,
        Model::Pattern => pattern::draw(prompt, size, seed.unwrap_or_default())?,
        Model::Diagram => diagram::draw(prompt, size, is_transparent)?,
        Model::Chart => chart::draw(prompt, size, is_transparent)?,
        Model::Qr => qr::draw(prompt, size, is_transparent)?,
        Model::Wireframe => wireframe::draw(prompt, size, is_transparent)?,
    };
    let missing_letters = match model {
        Model::Pattern | Model::Qr => Vec::new(),
        _ => fonts::missing(prompt),
    };
    Ok(Drawing {
        raster,
        seed,
        missing_letters,
    })
}
