//! Fetching and judging the two documents of a provider: where it says who it is, and its keys.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;

use super::config::KeysConfig;
use super::discovery::{Discovered, DiscoveryFault};
use super::fetch::{FetchFault, fetch_json};
use super::grant::Grant;
use super::jwks::{KeySet, SetFault};

/// Where the documents come from.
pub(super) struct Origin {
    pub(super) grant: Grant,
    pub(super) config: Arc<KeysConfig>,
    pub(super) client: Client,
}

/// Documents that may be used until the hard time to live is over.
pub(super) struct Loaded {
    pub(super) discovered: Discovered,
    pub(super) keys: KeySet,
    /// Refetches of the keys alone leave this as it is. Otherwise a flood of unknown key ids
    /// could put off the discovery forever, and a moved key set would not be found.
    pub(super) discovered_at: Duration,
    pub(super) keys_at: Duration,
    pub(super) soft_ttl: Duration,
}

/// Why documents could not be had. The last good ones stay in use.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadFault {
    #[error("discovery document `{0}`: {1}")]
    DiscoveryFetch(String, FetchFault),
    #[error("discovery document `{0}`: {1}")]
    Discovery(String, DiscoveryFault),
    #[error("key set `{0}`: {1}")]
    KeysFetch(String, FetchFault),
    #[error("key set `{0}`: {1}")]
    Keys(String, SetFault),
}

impl Origin {
    /// Fetches both documents, or, with `known` ones, only the keys. `now` becomes their time: it
    /// is that of the request, since what comes later cannot be younger than that.
    pub(super) async fn load(
        &self,
        known: Option<&Loaded>,
        now: Duration,
    ) -> Result<Loaded, LoadFault> {
        let (discovered, discovered_at) = match known {
            Some(known) => (known.discovered.clone(), known.discovered_at),
            None => (self.discover().await?, now),
        };
        let uri = &discovered.jwks_uri;
        let document = fetch_json(&self.client, uri, self.config.timeout)
            .await
            .map_err(|fault| LoadFault::KeysFetch(uri.to_string(), fault))?;
        let keys = KeySet::parse(&document.body)
            .map_err(|fault| LoadFault::Keys(uri.to_string(), fault))?;
        let soft_ttl = self.config.soft_ttl_for(document.max_age);
        Ok(Loaded {
            discovered,
            keys,
            discovered_at,
            keys_at: now,
            soft_ttl,
        })
    }

    async fn discover(&self) -> Result<Discovered, LoadFault> {
        let name = || self.grant.config_url.clone();
        let document = fetch_json(&self.client, &self.grant.url, self.config.timeout)
            .await
            .map_err(|fault| LoadFault::DiscoveryFetch(name(), fault))?;
        Discovered::parse(&document.body, &self.grant)
            .map_err(|fault| LoadFault::Discovery(name(), fault))
    }
}
