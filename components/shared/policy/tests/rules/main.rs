//! The rules of the three policies as tables: what is presented, and what comes of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod allow;
mod attacks;
mod bearer;
mod challenges;
mod configuration;
mod credentials;
mod dpop;
mod fuzzed;
mod identities;
mod introspection;
mod metadata;
mod outages;
mod proofs;
mod properties;
mod scopes;
mod support;
