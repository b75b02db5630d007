//! Policy component for static bearer tokens, each allowed everything. Export glue only: the rules
//! are `policy::bearer`.

use policy::Bearer;
use policy::settings::Settings;
use policy::types::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};

use bindings::exports::imagegen::auth::authorizer::Guest;
use bindings::imagegen::log::log;
use bindings::imagegen::settings::settings;

thread_local! {
    /// Settings do not change during the life of an instance, so they are read once.
    static POLICY: Bearer = configured();
}

fn configured() -> Bearer {
    let policy = Bearer::new(&Granted);
    for note in policy.notes() {
        log::write(log::Level::Warn, note);
    }
    if let Some(faults) = policy.faults() {
        log::write(
            log::Level::Error,
            &format!("every request is refused: {faults}"),
        );
    }
    policy
}

struct Granted;

impl Settings for Granted {
    fn get(&self, name: &str) -> Option<String> {
        settings::get(name)
    }
}

/// The policy of static tokens, as a component.
pub struct AuthBearer;

impl Guest for AuthBearer {
    fn authenticate(head: RequestHead) -> Result<Identity, Denial> {
        POLICY.with(|policy| policy.authenticate(&head))
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
    use super::AuthBearer;

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
    export!(AuthBearer);
}
