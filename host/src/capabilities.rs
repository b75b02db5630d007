//! What the host does for components, one file per WIT capability.
//!
//! Every file has the same parts: the state of one instance, the implementation of the generated
//! `Host` trait for it, and its tests. `engine/link.rs` is the one list that wires them.

pub mod authorizer;
pub mod blobs;
pub mod http_client;
pub mod introspector;
pub mod log;
pub mod outbound;
pub mod rates;
pub mod settings;
pub mod state;
pub mod verifier;
