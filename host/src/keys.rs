//! Discovery documents and signatures of the granted OpenID providers, as a service of the host.
//!
//! This is the mechanism behind `imagegen:keys/verifier`. Key material stays here; which claims
//! make a token acceptable is for the policy component to say.
//!
//! A token takes this path: `jws` reads it strictly; the `source` of its issuer has the keys
//! (loaded once, refreshed in the background, refetched for unknown key ids within the budget of
//! `misses`); a key that `jwk` has admitted for the token's algorithm has to have signed it.
//!
//! The service belongs to the process and holds no reference to a tenant: grant it all providers
//! of the configuration, and let each component name only those of its tenant.

mod algorithm;
mod clock;
mod config;
mod discovery;
mod documents;
mod ed25519;
mod failure;
mod fetch;
mod grant;
mod introspect;
mod json;
mod jwk;
mod jwks;
mod jws;
mod lacks;
mod misses;
mod source;
mod status;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use url::Url;

use self::documents::{Loaded, Origin};
use self::failure::quoted;
use self::jwks::{KeySet, Lookup};
use self::jws::UnverifiedJws;
use self::source::Source;

pub use self::algorithm::Algorithm;
pub use self::clock::Clock;
pub use self::config::KeysConfig;
pub use self::failure::{Failure, Provider, Unavailable, VerifiedJws};
pub use self::fetch::http_client;
pub use self::grant::{ConfigFault, ProviderGrant};
pub use self::introspect::{IntrospectionClient, IntrospectionConfig, Introspector};
pub use self::lacks::lacks;
pub use self::status::ProviderStatus;

/// How often the maintenance looks for work. Most looks find none and cost a few comparisons.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(1);

/// Largest key set that a caller may bring, in bytes.
const MAX_KEY_SET_BYTES: usize = 64 * 1024;

/// The keys of the granted providers. Cheap to share behind an `Arc`; all methods take `&self`
/// and may run at the same time.
pub struct Keys {
    sources: Vec<Arc<Source>>,
}

impl Keys {
    /// Checks the grants and fetches nothing yet. Grants of the same URL are joined.
    ///
    /// # Errors
    ///
    /// All configuration URLs that cannot be used.
    pub fn new(
        providers: Vec<ProviderGrant>,
        config: KeysConfig,
        client: reqwest::Client,
        clock: Clock,
    ) -> Result<Self, Vec<ConfigFault>> {
        let mut grants: Vec<grant::Grant> = Vec::new();
        let mut faults = Vec::new();
        for provider in providers {
            match grant::Grant::check(provider) {
                Err(fault) => faults.push(fault),
                Ok(new) => match grants
                    .iter_mut()
                    .find(|old| old.config_url == new.config_url)
                {
                    Some(old) => old.merge(new),
                    None => grants.push(new),
                },
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let config = Arc::new(config);
        let source = |grant| {
            let origin = Origin {
                grant,
                config: config.clone(),
                client: client.clone(),
            };
            Source::new(origin, clock.clone())
        };
        Ok(Self {
            sources: grants.into_iter().map(source).collect(),
        })
    }

    /// No providers: every question is answered with [`Failure::NotGranted`].
    #[must_use]
    pub fn none() -> Self {
        Self {
            sources: Vec::new(),
        }
    }

    /// The provider behind a configuration URL.
    ///
    /// # Errors
    ///
    /// [`Failure::NotGranted`], or [`Failure::Unavailable`] while there is no usable document.
    pub async fn provider(&self, config_url: &str) -> Result<Provider, Failure> {
        let source = self
            .sources
            .iter()
            .find(|source| source.grant().config_url == config_url)
            .ok_or_else(|| {
                Failure::NotGranted(format!("configuration URL {}", quoted(config_url)))
            })?;
        Ok(source.ready().await?.discovered.provider.clone())
    }

    /// Verifies the signature of a compact JWS with the keys of `issuer`. `algorithms` are JWS
    /// names; unknown ones are ignored. No claim is judged.
    ///
    /// # Errors
    ///
    /// See [`Failure`]. Only [`Failure::Unavailable`] can become better by waiting.
    pub async fn verify(
        &self,
        issuer: &str,
        jws: &str,
        algorithms: &[&str],
    ) -> Result<VerifiedJws, Failure> {
        let token = UnverifiedJws::parse(jws, algorithms)?;
        let (source, mut loaded) = self.of_issuer(issuer).await?;
        let kid = token.kid.as_deref();
        if matches!(loaded.keys.find(kid, token.algorithm), Lookup::Missing) {
            loaded = source.after_miss(kid, token.algorithm).await?;
        }
        judge(token, &loaded.keys)
    }

    /// Verifies the signature of a compact JWS with keys that the caller brings: a JWK set of public
    /// keys. The rules are those of [`verify`](Self::verify); what the keys are worth is for the
    /// caller to say.
    ///
    /// # Errors
    ///
    /// See [`Failure`]; a set without a usable key is [`Failure::KeyUnknown`].
    pub fn verify_with(
        &self,
        key_set: &str,
        jws: &str,
        algorithms: &[&str],
    ) -> Result<VerifiedJws, Failure> {
        let token = UnverifiedJws::parse(jws, algorithms)?;
        if key_set.len() > MAX_KEY_SET_BYTES {
            return Err(Failure::KeyUnknown(format!(
                "a key set of {} bytes, at most {MAX_KEY_SET_BYTES}",
                key_set.len()
            )));
        }
        let unusable = |reason: String| Failure::KeyUnknown(format!("key set: {reason}"));
        json::strict_object(key_set.as_bytes()).map_err(|fault| unusable(fault.to_string()))?;
        let keys =
            KeySet::parse(key_set.as_bytes()).map_err(|fault| unusable(fault.to_string()))?;
        judge(token, &keys)
    }

    /// Whether an endpoint that the document of a granted provider names may be asked, by the rules
    /// for its key set.
    fn admits(&self, config_url: &str, endpoint: &Url) -> Result<(), &'static str> {
        let mut sources = self.sources.iter();
        match sources.find(|source| source.grant().config_url == config_url) {
            Some(source) => source.grant().admits_jwks(endpoint),
            None => Err("the provider is not granted"),
        }
    }

    /// Fetches all documents that are due: everything at the start. Waits for the outcome, which
    /// [`status`](Self::status) tells; at most two times the time limit of a document.
    pub async fn prefetch(&self) {
        let mut running = JoinSet::new();
        for source in &self.sources {
            let source = source.clone();
            running.spawn(async move { source.maintain().await });
        }
        while running.join_next().await.is_some() {}
    }

    /// Keeps the documents fresh and retries failed fetches, for as long as it is polled. To be
    /// spawned once by the host; without it, fetches happen only on demand.
    pub async fn run(self: Arc<Self>) {
        while !self.sources.is_empty() {
            self.prefetch().await;
            tokio::time::sleep(MAINTENANCE_INTERVAL).await;
        }
    }

    /// What is known of each provider, in the order of the grants.
    pub fn status(&self) -> Vec<ProviderStatus> {
        self.sources
            .iter()
            .map(|source| ProviderStatus::of(source))
            .collect()
    }

    /// The source that speaks for an issuer. Sources that have said who they are come first: two
    /// URLs can come into question for one issuer, and one of them may be out of order.
    async fn of_issuer(&self, issuer: &str) -> Result<(Arc<Source>, Arc<Loaded>), Failure> {
        for source in &self.sources {
            if let Some(loaded) = source.current()
                && loaded.discovered.provider.issuer == issuer
            {
                return Ok((source.clone(), loaded));
            }
        }
        let mut unavailable = None;
        for source in self
            .sources
            .iter()
            .filter(|source| source.grant().may_be(issuer))
        {
            match source.ready().await {
                Ok(loaded) if loaded.discovered.provider.issuer == issuer => {
                    return Ok((source.clone(), loaded));
                }
                Ok(_) => {}
                Err(reason) => unavailable = Some(reason),
            }
        }
        match unavailable {
            Some(reason) => Err(reason.into()),
            None => Err(Failure::NotGranted(format!("issuer {}", quoted(issuer)))),
        }
    }
}

/// Whether a key of the set made the signature.
fn judge(token: UnverifiedJws<'_>, keys: &KeySet) -> Result<VerifiedJws, Failure> {
    let kid = token.kid.as_deref();
    match keys.find(kid, token.algorithm) {
        Lookup::Found(keys) => {
            let signed = |key: &&aws_lc_rs::signature::ParsedPublicKey| {
                key.verify_sig(token.signing_input, &token.signature)
                    .is_ok()
            };
            if keys.iter().any(signed) {
                token.into_verified()
            } else {
                Err(Failure::SignatureInvalid)
            }
        }
        Lookup::WrongAlgorithm => Err(Failure::AlgorithmRefused(format!(
            "the key {kid:?} is not for `{}`",
            token.algorithm.name()
        ))),
        Lookup::Missing => Err(Failure::KeyUnknown(match kid {
            Some(kid) => format!("{kid:?}"),
            None => format!(
                "no key for `{}`, and the token names none",
                token.algorithm.name()
            ),
        })),
        Lookup::Ambiguous(count) => Err(Failure::KeyUnknown(format!(
            "the token names none, and {count} keys fit"
        ))),
    }
}
