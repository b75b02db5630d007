//! Pixels: what an image is, how it is read, changed and written, all inside fixed limits. No
//! store, no protocol: bytes in, bytes out.

pub mod decode;
pub mod encode;
pub mod format;
pub mod geometry;
pub mod limits;
pub mod picture;
pub mod preview;
pub mod query;
pub mod shape;
pub mod transform;
