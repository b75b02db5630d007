//! Policy component that lets everybody in as `anonymous`. Export glue only.
//!
//! It uses none of the imports of its world. Where it may be used is the host's decision.

use policy::types::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};

use bindings::exports::imagegen::auth::authorizer::Guest;

/// Everybody is `anonymous`.
pub struct AuthNone;

impl Guest for AuthNone {
    fn authenticate(_head: RequestHead) -> Result<Identity, Denial> {
        Ok(policy::anonymous::identity())
    }

    fn authorize(_who: Identity, _what: Operation) -> Result<(), Denial> {
        Ok(())
    }

    fn serve(_request: HttpRequest) -> Option<HttpResponse> {
        None
    }
}

#[allow(
    unsafe_code,
    unused_imports,
    unused_macros,
    missing_docs,
    clippy::all,
    reason = "generated"
)]
mod bindings {
    use super::AuthNone;

    wit_bindgen::generate!({
        path: [
            "../../wit/deps/io.wit", "../../wit/deps/clocks.wit", "../../wit/deps/random.wit",
            "../../wit/keys", "../../wit/settings", "../../wit/store", "../../wit/http",
            "../../wit/rates", "../../wit/log", "../../wit/auth",
        ],
        world: "imagegen:auth/capabilities",
        with: {
            "imagegen:auth/types@0.1.0": policy::types,
            "imagegen:keys/types@0.1.0": policy::keys,
        },
        generate_all,
    });

    // Linkers of other targets do not accept the names of the exports.
    #[cfg(target_arch = "wasm32")]
    export!(AuthNone);
}
