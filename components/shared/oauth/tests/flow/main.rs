//! The flow as clients and users meet it, with a scripted provider, a store with real
//! compare-and-set, and several servers that share the two. Rows are those of the attack list.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::type_complexity,
    reason = "a test fails by panicking, and one prints what it measures"
)]

mod authorize;
mod callback;
mod clients;
mod codes;
mod consent;
mod cost;
mod fuzzed;
mod happy;
mod hygiene;
mod outages;
mod protected;
mod provider;
mod refresh;
mod revoke;
mod support;
mod world;
