//! The protocol as a client sees it: one request in, one answer out. One file for each table of
//! rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "protocol/ask.rs"]
mod ask;
#[path = "protocol/authorization.rs"]
mod authorization;
#[path = "protocol/batches.rs"]
mod batches;
#[path = "protocol/bodies.rs"]
mod bodies;
#[path = "protocol/client.rs"]
mod client;
#[path = "protocol/eras.rs"]
mod eras;
#[path = "protocol/headers.rs"]
mod headers;
#[path = "protocol/http.rs"]
mod http;
#[path = "protocol/legacy.rs"]
mod legacy;
#[path = "protocol/properties.rs"]
mod properties;
#[path = "protocol/results.rs"]
mod results;
#[path = "protocol/shop.rs"]
mod shop;
#[path = "protocol/streams.rs"]
mod streams;
