//! Policy component for an OAuth 2.1 resource server in front of an OpenID provider. Export glue
//! only: the rules are `policy::remote`.

use policy::Remote;
use policy::keys::{Failure, Introspector, ProviderMetadata, VerifiedJws, Verifier};
use policy::settings::Settings;
use policy::state::{Entry, Expect, Outcome, State, StateError};
use policy::types::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};

use bindings::exports::imagegen::auth::authorizer::Guest;
use bindings::imagegen::keys::verifier;
use bindings::imagegen::log::log;
use bindings::imagegen::settings::settings;

thread_local! {
    /// Settings do not change during the life of an instance, so they are read once.
    static POLICY: Remote = configured();
}

fn configured() -> Remote {
    let policy = Remote::new(&Granted);
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

/// What the host grants to this component: settings and verification.
struct Granted;

impl Settings for Granted {
    fn get(&self, name: &str) -> Option<String> {
        settings::get(name)
    }
}

impl Verifier for Granted {
    fn provider(&self, config_url: &str) -> Result<ProviderMetadata, Failure> {
        verifier::provider(config_url)
    }

    fn verify(
        &self,
        issuer: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        verifier::verify(issuer, jws, algorithms)
    }

    fn verify_with(
        &self,
        key_set: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        verifier::verify_with(key_set, jws, algorithms)
    }
}

/// Not imported yet: the hosts of this contract do not link it.
impl Introspector for Granted {
    fn introspect(&self, _: &str, _: &str) -> Result<String, Failure> {
        Err(Failure::NotGranted(
            "introspection is not linked".to_owned(),
        ))
    }
}

/// Not imported yet either, so no proof of possession can be accepted: 503.
impl State for Granted {
    fn value(&self, _: &str) -> Result<Option<Entry>, StateError> {
        Err(StateError("the state is not linked".to_owned()))
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the parameters of the interface, one for one"
    )]
    fn put(&self, _: &str, _: &[u8], _: Expect, _: u32) -> Result<Outcome, StateError> {
        Err(StateError("the state is not linked".to_owned()))
    }

    fn delete(&self, _: &str, _: Expect) -> Result<Outcome, StateError> {
        Err(StateError("the state is not linked".to_owned()))
    }
}

/// The policy of an OAuth 2.1 resource server, as a component.
pub struct AuthRemote;

impl Guest for AuthRemote {
    fn authenticate(head: RequestHead) -> Result<Identity, Denial> {
        POLICY.with(|policy| policy.authenticate(&head, &Granted))
    }

    fn authorize(who: Identity, what: Operation) -> Result<(), Denial> {
        POLICY.with(|policy| policy.authorize(&who, &what))
    }

    fn serve(request: HttpRequest) -> Option<HttpResponse> {
        POLICY.with(|policy| policy.serve(&request, &Granted))
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
    use super::AuthRemote;

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
    export!(AuthRemote);
}
