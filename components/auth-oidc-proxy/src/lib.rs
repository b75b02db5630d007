//! Policy component for an OAuth authorization server in front of an OpenID provider. Export glue
//! only: the rules are `oauth::Proxy`.

mod granted;

use oauth::Proxy;
use oauth::log::{Level, Log};
use policy::types::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};

use bindings::exports::imagegen::auth::authorizer::Guest;
use granted::Granted;

thread_local! {
    /// Settings do not change during the life of an instance, so they are read once.
    static POLICY: Proxy = configured();
}

fn configured() -> Proxy {
    let policy = Proxy::new(&Granted);
    for note in policy.notes() {
        Granted.write(Level::Warn, note);
    }
    if let Some(faults) = policy.faults() {
        Granted.write(Level::Error, &format!("every request is refused: {faults}"));
    }
    policy
}

/// The policy of an OAuth authorization server, as a component.
pub struct AuthOidcProxy;

impl Guest for AuthOidcProxy {
    fn authenticate(head: RequestHead) -> Result<Identity, Denial> {
        POLICY.with(|policy| policy.authenticate(&head, &Granted::services(head.now), &Granted))
    }

    fn authorize(who: Identity, what: Operation) -> Result<(), Denial> {
        POLICY.with(|policy| policy.authorize(&who, &what))
    }

    fn serve(request: HttpRequest) -> Option<HttpResponse> {
        let services = Granted::services(request.head.now);
        POLICY.with(|policy| policy.serve(&request, &services, &Granted))
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
    use super::AuthOidcProxy;

    wit_bindgen::generate!({
        path: [
            "../../wit/deps/io.wit", "../../wit/deps/clocks.wit", "../../wit/deps/random.wit",
            "../../wit/keys", "../../wit/settings", "../../wit/store", "../../wit/http",
            "../../wit/rates", "../../wit/log", "../../wit/auth",
        ],
        world: "imagegen:auth/policy",
        with: {
            "imagegen:auth/types@0.1.0": policy::types,
            "imagegen:keys/types@0.1.0": policy::keys,
        },
        generate_all,
    });

    // Linkers of other targets do not accept the names of the exports.
    #[cfg(target_arch = "wasm32")]
    export!(AuthOidcProxy);
}
