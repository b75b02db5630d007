//! Pixels: what an image is, how it is read, changed and written, all inside fixed limits. No
//! store, no protocol: bytes in, bytes out.
//!
//! # What is there for tools
//!
//! | for | call |
//! |---|---|
//! | bytes from outside | [`ingest::ingest`], with [`data_uri::parse`] before it for base64 |
//! | size and format without pixels | [`decode::inspect`], [`decode::inspect_all`] |
//! | pixels, upright and sRGB | [`decode::decode`] |
//! | a stored image as `image://.../view` wants it | [`transform::Transform::apply`] |
//! | the preview of a result | [`preview::preview`] |
//! | crop, flip | [`picture::Picture::cropped`], [`picture::Picture::flipped`] |
//! | rotation by any angle | [`turn::turn`] |
//! | another size | [`resize::resize`] with `fit`, `fill`, `cover` or `pad` |
//! | text on a picture | [`caption::caption`], [`caption::watermark`] |
//! | one picture on another | [`overlay::composite`] |
//! | several on one sheet | [`sheet::contact_sheet`] |
//! | another format | [`encode::encode`] |
//! | texts inside the file | [`metadata::embed`], [`metadata::read`], [`metadata::strip`] |
//! | colours as users write them | [`colour::parse`] |
//!
//! Edits fail with [`edit::EditError`], whose texts are fit for clients; all but its `Resize` and
//! `Draw` are the client's fault.

// Bytes to pixels and back.
pub mod data_uri;
pub mod decode;
pub mod encode;
pub mod format;
pub mod ingest;
pub mod limits;
pub mod metadata;
pub mod picture;
pub mod profile;
// What a stored image is asked for.
pub mod geometry;
pub mod preview;
pub mod query;
pub mod shape;
pub mod transform;
// Edits that cost nothing.
pub mod caption;
pub mod colour;
pub mod edit;
pub mod overlay;
pub mod resize;
pub mod sheet;
pub mod turn;
