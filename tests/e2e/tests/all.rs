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
mod introspection;
mod login_check;
mod logs;
mod main_job;
mod metadata;
mod pages;
mod providers;
mod proxy;
mod real_clients;
mod remote_rules;
mod scoreboard;
mod stdio;
mod tools;
