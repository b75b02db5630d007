//! From an HTTP request to the server. The policy is asked before anything here exists.

use guest::{HOST, Incoming};

use crate::server::ImageServer;

/// Largest request body, in bytes. The host has its own, usually smaller limit; this one holds
/// where the component runs without it.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Serves one request.
pub fn handle(incoming: Incoming) {
    incoming.serve(MAX_BODY_BYTES, |caller| ImageServer::new(caller, HOST));
}
