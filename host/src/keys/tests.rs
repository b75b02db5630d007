//! The key service against a provider on loopback that tells the truth, lies, or breaks.

mod fetching;
mod flood;
mod idp;
mod introspection;
mod key_rules;
mod outages;
mod rotation;
mod signatures;
pub(crate) mod signer;
mod tokens;
mod vectors;
mod with_key_sets;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use self::idp::Idp;
use self::signer::TestKey;
use super::{Algorithm, Clock, Failure, Keys, KeysConfig, ProviderGrant, http_client};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A clock that stands still until a test moves it.
#[derive(Clone, Default)]
struct Hands(Arc<AtomicU64>);

impl Hands {
    fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let hands = self.0.clone();
        Clock::from_fn(move || Duration::from_millis(hands.load(Ordering::SeqCst)))
    }
}

/// The service with one provider granted.
struct Setup {
    idp: Idp,
    keys: Keys,
    hands: Hands,
}

impl Setup {
    async fn new(keys: &[&TestKey]) -> Self {
        Self::with(Idp::start(keys).await, KeysConfig::default())
    }

    fn with(idp: Idp, config: KeysConfig) -> Self {
        let hands = Hands::default();
        let keys = service(vec![grant(&idp)], config, &hands);
        Self { idp, keys, hands }
    }

    async fn verify(&self, token: &str) -> Result<(), Failure> {
        self.keys
            .verify(&self.idp.issuer(), token, &all())
            .await
            .map(|_| ())
    }

    fn last_error(&self) -> String {
        self.keys.status().remove(0).last_error.unwrap_or_default()
    }

    fn ready(&self) -> bool {
        self.keys.status().remove(0).ready
    }
}

fn service(grants: Vec<ProviderGrant>, config: KeysConfig, hands: &Hands) -> Keys {
    Keys::new(grants, config, http_client().unwrap(), hands.clock()).unwrap()
}

fn grant(idp: &Idp) -> ProviderGrant {
    ProviderGrant {
        config_url: idp.config_url(),
        extra_jwks_hosts: Vec::new(),
    }
}

/// A configuration for providers that do not answer: waits are real time.
fn impatient() -> KeysConfig {
    KeysConfig {
        timeout: Duration::from_millis(300),
        ..KeysConfig::default()
    }
}

fn all() -> Vec<&'static str> {
    Algorithm::ALL.into_iter().map(Algorithm::name).collect()
}

fn payload() -> String {
    json!({"iss": "x", "sub": "alice"}).to_string()
}

#[track_caller]
fn assert_unavailable(outcome: Result<(), Failure>) -> super::Unavailable {
    match outcome {
        Err(Failure::Unavailable(unavailable)) => {
            assert!(unavailable.retry_after_seconds >= 1);
            unavailable
        }
        other => panic!("expected unavailable: {other:?}"),
    }
}

#[track_caller]
fn assert_unknown(outcome: Result<(), Failure>) {
    assert!(
        matches!(outcome, Err(Failure::KeyUnknown(_))),
        "{outcome:?}"
    );
}

fn refused_algorithm(outcome: &Result<(), Failure>) -> bool {
    matches!(outcome, Err(Failure::AlgorithmRefused(_)))
}

fn malformed(outcome: &Result<(), Failure>) -> bool {
    matches!(outcome, Err(Failure::Malformed(_)))
}
