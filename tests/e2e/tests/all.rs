//! All end-to-end tests, as one program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod auth_modes;
mod bad_input;
mod cli;
mod conformance;
mod faults;
mod logs;
mod main_job;
mod metadata;
mod remote_rules;
mod stdio;
mod tools;
