//! What an MCP server component needs around its server: the HTTP shell, the policy, and the
//! capabilities of the world `imagegen:tools/tools` as traits that tests implement in memory.
//!
//! A component is three lines beside its [`mcp::Server`]:
//!
//! ```ignore
//! guest::export!(handle);
//!
//! fn handle(incoming: guest::Incoming) {
//!     incoming.serve(MAX_BODY_BYTES, |caller| MyServer { caller, capabilities: guest::HOST });
//! }
//! ```
//!
//! # Layout, in the order a request meets it

mod bindings;
mod incoming;
pub use incoming::{BodyError, Incoming, Plain, PlainAnswer};
mod caller;
pub use caller::{Access, Caller};
mod answer;
pub mod clock;
pub mod http;
pub mod log;
pub mod random;
pub mod settings;
pub mod store;
pub mod web;

/// For [`export!`] only.
#[doc(hidden)]
pub use wasip2;

use clock::Clock;
use http::Http;
use log::Log;
use random::Random;
use settings::Settings;
use store::{Blobs, State};
use web::Web;

/// Everything that a tools component may use, each behind a trait of its own.
#[derive(Clone, Copy)]
pub struct Capabilities<'a> {
    /// Configuration values.
    pub settings: &'a dyn Settings,
    /// Image files and their sidecars.
    pub blobs: &'a dyn Blobs,
    /// Small values with compare-and-set.
    pub state: &'a dyn State,
    /// The time, and waiting.
    pub clock: &'a dyn Clock,
    /// Requests to the addresses that the deployment grants.
    pub http: &'a dyn Http,
    /// What strangers publish.
    pub web: &'a dyn Web,
    /// Randomness fit for secrets.
    pub random: &'a dyn Random,
    /// The log of the operator.
    pub log: &'a dyn Log,
}

/// The capabilities that the host gives to this component.
pub const HOST: Capabilities<'static> = Capabilities {
    settings: &Host,
    blobs: &Host,
    state: &Host,
    clock: &Host,
    http: &Host,
    web: &Host,
    random: &Host,
    log: &Host,
};

/// Implements every capability by calling its import.
struct Host;

/// Makes a function that takes an [`Incoming`] the `wasi:http/incoming-handler` of the component.
#[macro_export]
macro_rules! export {
    ($handle:path) => {
        /// Carries the export.
        struct Exported;

        impl $crate::wasip2::exports::http::incoming_handler::Guest for Exported {
            fn handle(
                request: $crate::wasip2::http::types::IncomingRequest,
                response: $crate::wasip2::http::types::ResponseOutparam,
            ) {
                $handle($crate::Incoming::new(request, response));
            }
        }

        $crate::wasip2::http::proxy::export!(Exported with_types_in $crate::wasip2);
    };
}
