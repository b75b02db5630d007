//! One request in the hands of the flow: the configuration, the world, the log.

use policy::loggable::Loggable;
use policy::rates::Rate;
use policy::state::StateError;
use policy::types::RequestHead;

use crate::access_token::Parties;
use crate::answer::OAuthError;
use crate::config::Config;
use crate::log::{Level, Log};
use crate::provider::{Provider, ProviderError};
use crate::seal::{Purpose, Seal};
use crate::services::Services;

/// When to ask again after the store has failed, in seconds.
pub const STORE_RETRY_AFTER_SECONDS: u32 = 5;

/// What every step of the flow needs.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The configuration, without faults.
    pub config: &'a Config,
    /// The world, at the time of the request.
    pub services: &'a Services<'a>,
    /// The log.
    pub log: &'a dyn Log,
}

impl<'a> Call<'a> {
    /// The time, seconds since the Unix epoch.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.services.now
    }

    /// Writes a line that begins with a stable code.
    pub fn note(&self, level: Level, line: &str) {
        self.log.write(level, line);
    }

    /// The seal of a purpose at this server, for one client where it has to be that one.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, client_id: &str) -> Seal<'a> {
        let context = [&self.config.issuer, &self.config.resource, client_id];
        self.config.keys.seal(purpose, &context)
    }

    /// Issuer and resource.
    #[must_use]
    pub fn parties(&self) -> Parties<'a> {
        Parties {
            issuer: &self.config.issuer,
            resource: &self.config.resource,
        }
    }

    /// The provider.
    ///
    /// # Errors
    /// It cannot be had at the moment.
    pub fn provider(&self) -> Result<Provider, ProviderError> {
        Provider::discover(&self.config.config_url, self.services.verifier)
    }

    /// Takes one token of the bucket of the client's address.
    ///
    /// # Errors
    /// The number of seconds until there is one.
    pub fn admit(&self, rate: Rate, head: &RequestHead) -> Result<(), u32> {
        let address = head.client_address.as_deref().unwrap_or("unknown");
        self.services.limiter.take(rate, address)
    }
}

/// 503: the store does not answer.
pub fn store_unavailable(error: &StateError) -> OAuthError {
    OAuthError::unavailable(
        STORE_RETRY_AFTER_SECONDS,
        format!("store_unavailable {}", Loggable::new(&error.0)),
    )
}
