//! `wasi:http/outgoing-handler`: outbound requests of the tools.
//!
//! No address is granted: the built-in provider needs none, and a provider that needs one brings
//! the allow-list with it. Until then every request is refused before a name is resolved.

use http::{Request, Response};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// Finishes reading or writing of a message.
type Finish = Box<dyn Future<Output = Result<(), Error>> + Send>;
/// An answer with what is left to do for it.
type Answer = Box<dyn Future<Output = Result<(Response<WasiBody>, Finish), Error>> + Send>;

/// The outbound rules of one instance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outbound;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _finish: Finish,
    ) -> Answer {
        let authority = request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::warn!(
            authority,
            "an outbound request of the tools was refused: the address is not granted"
        );
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}
