//! Transfer links: one image down or one image up, for whoever has the link. The token in the link
//! is the credential; what is stored is its hash.
//!
//! A link is used once. While it is in use others wait (409); when a transfer fails the link is
//! free again; a download can be repeated for a moment, since clients lose what they receive.

pub mod links;
pub mod serve;

pub use links::{Created, Kind, Links};
pub use serve::{BodyError, Request, Response, serve};
