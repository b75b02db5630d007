//! The native host of image-generation-mcp: sockets, limits, keys, storage and logs for components
//! that hold the policy and the product.
//!
//! A request meets the modules in this order:
//!
//! 1. [`server`] accepts the connection and reads the head;
//! 2. [`request`] tells the story: [`admit`], [`tenant`], [`route`], [`auth`], [`invoke`], [`respond`];
//! 3. [`engine`] and [`capabilities`] are what components run on and what they may do.
//!
//! Errors are in [`error`]; only [`respond`] knows status codes. [`stdio`] is the other way in.

pub mod admit;
pub mod app;
pub mod auth;
pub mod bindings;
pub mod capabilities;
pub mod cli;
pub mod config;
pub mod engine;
pub mod error;
pub mod invoke;
pub mod keys;
pub mod outbound;
pub mod rates;
pub mod request;
pub mod respond;
pub mod route;
pub mod server;
pub mod shutdown;
pub mod stdio;
pub mod store;
pub mod telemetry;
pub mod tenant;
