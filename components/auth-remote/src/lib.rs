//! Policy component for an OAuth 2.1 resource server in front of an OpenID provider. Export glue
//! only: the rules are `policy::remote`.

use policy::Remote;
use policy::keys::{Failure, Introspector, ProviderMetadata, VerifiedJws, Verifier};
use policy::settings::Settings;
use policy::state::{Entry, Expect, Outcome, State, StateError};
use policy::types::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};

use bindings::exports::imagegen::auth::authorizer::Guest;
use bindings::imagegen::keys::{introspector, verifier};
use bindings::imagegen::log::log;
use bindings::imagegen::settings::settings;
use bindings::imagegen::store::state;

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

/// What the host grants to this component: settings, verification, introspection, small values.
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

impl Introspector for Granted {
    fn introspect(&self, config_url: &str, token: &str) -> Result<String, Failure> {
        introspector::introspect(config_url, token)
    }
}

impl State for Granted {
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError> {
        let entry = state::get(key).map_err(state_error)?;
        Ok(entry.map(|entry| Entry {
            value: entry.value,
            version: entry.version,
        }))
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the parameters of the interface, one for one"
    )]
    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError> {
        let outcome = state::put(key, value, expectation(expected), Some(ttl_seconds));
        outcome.map(outcome_of).map_err(state_error)
    }

    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StateError> {
        let outcome = state::delete(key, expectation(expected));
        outcome.map(outcome_of).map_err(state_error)
    }
}

const fn expectation(expected: Expect) -> state::Expect {
    match expected {
        Expect::Anything => state::Expect::Anything,
        Expect::Absent => state::Expect::Absent,
        Expect::Version(version) => state::Expect::Version(version),
    }
}

const fn outcome_of(outcome: state::Outcome) -> Outcome {
    match outcome {
        state::Outcome::Done(version) => Outcome::Done(version),
        state::Outcome::Conflict => Outcome::Conflict,
    }
}

fn state_error(error: state::Error) -> StateError {
    StateError(format!("{error:?}"))
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
