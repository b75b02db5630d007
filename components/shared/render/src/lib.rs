//! Pictures that need no model and no network: drawn here, for nothing, the same every time.
//!
//! [`draw`] takes what a prompt says, a size and a seed, and gives pixels. The same request gives
//! the same pixels on every machine, natively and in a component: there are no threads, no fonts
//! of the system, and no functions whose last bit is not specified (trigonometry comes from
//! `libm`, never from the platform).
//!
//! No IO: nothing is read but the arguments, and whatever a prompt refers to is refused.
//!
//! # Layout, in the order a request meets it
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )
)]

// What is asked for, and how a prompt is read.
pub mod model;
pub mod prompt;
// The models, one file each.
pub mod card;
pub mod chart;
pub mod diagram;
pub mod pattern;
pub mod qr;
pub mod svg;
pub mod wireframe;
// What they draw with.
pub mod fonts;
pub mod markup;
pub mod random;
pub mod raster;
pub mod theme;

pub use model::{DrawError, Drawing, MODELS, Model, Request, draw};
pub use raster::{Raster, Size};
