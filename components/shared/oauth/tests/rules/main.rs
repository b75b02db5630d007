//! What the rules let through and what they refuse.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cookies;
mod forms;
mod locations;
mod redirects;
mod seals;
mod support;
