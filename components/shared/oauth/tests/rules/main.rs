//! What the rules let through and what they refuse.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod authentication;
mod cookies;
mod documents;
mod forms;
mod fuzzed;
mod fuzzed_provider;
mod locations;
mod metadata;
mod pages;
mod redirects;
mod registrations;
mod seals;
mod support;
mod world;
