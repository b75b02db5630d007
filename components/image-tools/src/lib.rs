//! The image tools: an MCP server as a WebAssembly component of the world `imagegen:tools/tools`.
//!
//! Everything but the export builds natively too, and is tested there.
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

// The export, and what stands before the server.
pub mod http;
// The server, and what every tool has in hand.
pub mod context;
pub mod server;
// One file for each tool, and the list of them.
pub mod tools;
// What can be read or asked for by name, and the completion of its variables.
mod completion;
mod icons;
pub mod prompts;
pub mod resources;
// Images that come in, and money that goes out.
pub mod imports;
pub mod inputs;
pub mod spending;
// Links for whoever cannot sign in.
pub mod transfer;
// The backends.
pub mod providers;
// Pixels.
pub mod images;
// What is stored: images with their sidecars, and the generations under way.
pub mod gallery;
// What is stored: briefs for whoever writes prompts.
pub mod styles;
// What goes wrong, and what clients take.
pub mod client_limits;
pub mod fault;
// Small things that several of the above need.
mod json_file;
mod text;
mod time;

#[cfg(test)]
#[path = "../tests/server/support/memory.rs"]
mod testing;

#[cfg(target_family = "wasm")]
guest::export!(http::handle);
