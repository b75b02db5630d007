//! What `/readyz` and `check` tell about a provider.

use std::time::Duration;

use super::algorithm::Algorithm;
use super::source::Source;

/// The state of one granted provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderStatus {
    /// The configuration URL, as granted.
    pub config_url: String,
    /// Whether tokens of this provider can be verified now.
    pub ready: bool,
    /// The issuer, when a usable discovery document has been read.
    pub issuer: Option<String>,
    /// The time since the last good key set came.
    pub age: Option<Duration>,
    /// How many keys may be used.
    pub keys: usize,
    /// Why other keys of the set may not be used, one line each.
    pub skipped_keys: Vec<String>,
    /// JWS names of the algorithms that the keys may be used for.
    pub algorithms: Vec<&'static str>,
    /// What went wrong last, unless it went well since. Holds no secret.
    pub last_error: Option<String>,
}

impl ProviderStatus {
    pub(super) fn of(source: &Source) -> Self {
        let ready = source.current().is_some();
        let config_url = source.grant().config_url.clone();
        let last_error = source.last_error();
        let Some((loaded, age)) = source.last_good() else {
            return Self {
                config_url,
                ready,
                issuer: None,
                age: None,
                keys: 0,
                skipped_keys: Vec::new(),
                algorithms: Vec::new(),
                last_error,
            };
        };
        Self {
            config_url,
            ready,
            issuer: Some(loaded.discovered.provider.issuer.clone()),
            age: Some(age),
            keys: loaded.keys.len(),
            skipped_keys: loaded.keys.skipped().to_vec(),
            algorithms: loaded
                .keys
                .algorithms()
                .into_iter()
                .map(Algorithm::name)
                .collect(),
            last_error,
        }
    }
}
