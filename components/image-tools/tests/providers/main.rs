//! The providers against the fake image API, over real connections: what they ask, what they make
//! of the answers, and what each failure becomes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bfl;
mod comfyui;
mod discovery;
mod gemini;
#[path = "../server/support/memory.rs"]
mod memory;
mod network;
mod openai;
mod replicate;
mod sd_webui;
mod session;
