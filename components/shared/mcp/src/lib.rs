//! The Model Context Protocol over Streamable HTTP, for one request at a time.
//!
//! Two eras live on one endpoint: *modern* (2026-07-28, stateless) and *legacy* (2025-11-25,
//! 2025-06-18 and 2025-03-26, here without sessions). A component brings its tools, resources and
//! prompts as a [`Server`]; [`serve`] turns one [`HttpRequest`] into calls of it and writes the
//! answer to a [`Responder`]. Nothing here does IO or reads a clock, so everything builds for
//! `wasm32-wasip2` and natively alike. Host, Origin, CORS and credentials are checked elsewhere.
//!
//! # Layout, in the order a request meets it

mod http;
pub use http::{Disconnected, HttpRequest, Responder};
// The story: check the head, parse, classify, dispatch, answer.
mod serve;
pub use serve::serve;
// JSON without duplicate keys.
mod json;
// JSON-RPC messages.
mod message;
// Which era a request belongs to.
mod classify;
mod version;
pub use version::{Era, Version};
// What `_meta` says.
mod meta;
// The headers that repeat parts of a modern body.
mod headers;
mod parameter_headers;
pub use parameter_headers::ParameterHeader;
// One classified request, and its method.
mod call;
mod method;
mod methods;
// What a component implements and answers.
mod server;
pub use server::{CacheHint, CacheScope, Denial, Features, List, Operation, Server, ToolFacts};
mod page;
pub use page::{Page, invalid_cursor, only_page};
mod reply;
pub use reply::{Reply, ToolReply};
mod arguments;
pub use arguments::{ArgumentErrors, check_arguments};
// What a handler has in hand while it works.
mod exchange;
pub use exchange::{Exchange, Flow};
mod log_level;
pub use log_level::LogLevel;
mod notification;
// Questions to the user, and the state between the rounds.
mod input;
mod state;
// The way back.
mod fault;
mod output;
mod recorder;
mod wire;
pub use recorder::Recorder;

/// The types of MCP itself, from the official Rust SDK.
pub use rmcp::model;
