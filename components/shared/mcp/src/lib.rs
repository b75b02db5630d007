//! The Model Context Protocol over Streamable HTTP, for one request at a time.
//!
//! Two eras live on one endpoint: *modern* (2026-07-28, stateless) and *legacy* (2025-11-25,
//! 2025-06-18 and 2025-03-26, here without sessions). A component brings its tools, resources and
//! prompts as a [`Server`]; [`serve()`] turns one [`HttpRequest`] into calls of it and writes the
//! answer to a [`Responder`]. Nothing here does IO or reads a clock, so everything builds for
//! `wasm32-wasip2` and natively alike. Host, Origin, CORS and credentials are checked elsewhere.
//!
//! # Layout, in the order a request meets it
//!
//! * `http`: the request, and where the answer goes
//! * `serve`: the story: check the head, parse, classify, dispatch, answer
//! * `message`: the three shapes of JSON-RPC
//! * `classify`, `version`: which era and version a message belongs to
//! * `meta`: what `_meta` says
//! * `headers`, `parameter_headers`: the headers that repeat parts of a modern body
//! * `call`, `method`, `methods`: one classified request, and what its method does
//! * `server`, `page`, `reply`: what a component implements, and what it returns
//! * `arguments`: refusing arguments by name
//! * `exchange`, `log_level`, `notification`: what a handler can say before its result
//! * `input`, `state`: questions to the user, and the state between the rounds
//! * `fault`: what goes back instead of a result
//! * `output`, `wire`: the way back
//! * `recorder`: a responder for tests

mod http;
pub use http::{Disconnected, HttpRequest, Responder};
mod serve;
pub use serve::serve;
mod classify;
mod message;
mod version;
pub use version::{Era, Version};
mod headers;
mod meta;
mod parameter_headers;
pub use parameter_headers::ParameterHeader;
mod call;
mod method;
mod methods;
mod server;
pub use server::{CacheHint, CacheScope, Denial, Features, List, Operation, Server, ToolFacts};
mod page;
pub use page::{Page, invalid_cursor, only_page};
mod reply;
pub use reply::{Reply, ToolReply};
mod arguments;
pub use arguments::{ArgumentErrors, check_arguments};
mod exchange;
pub use exchange::{Exchange, Flow};
mod log_level;
pub use log_level::LogLevel;
mod fault;
mod input;
mod notification;
mod output;
mod recorder;
mod state;
mod wire;
pub use recorder::Recorder;

/// The types of MCP itself, from the official Rust SDK.
pub use rmcp::model;
