//! What was fetched from a URL of a client, kept in the state that all replicas share.
//!
//! A document is good for as long as its server says, within limits. One that has been used at
//! `/token` is kept much longer: a client that comes back to refresh a token is known even while its
//! server is down, and an id that nobody has ever signed in with is never fetched there.

mod freshness;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::http::{Destination, Error, Request};
use policy::loggable::Loggable;
use policy::rates::Rate;
use policy::state::{Expect, StateError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ClientError, Occasion};
use crate::services::Services;
use freshness::{MAX_FRESH, fresh_for};

/// How long a failure is remembered, and keys are not fetched again, in seconds.
const FAILURE_TTL: u32 = 60;
/// How long something is kept that nobody has signed in with, and that somebody has.
const SEEN_TTL: u32 = 24 * 60 * 60;
const USED_TTL: u32 = 400 * 24 * 60 * 60;
const TIMEOUT_MS: u32 = 5_000;
/// How often one host is asked, whoever makes us ask it.
const RATE: Rate = Rate {
    bucket: "client-document",
    burst: 20,
    per_minute: 20,
};

const MAX_HOST_KEY_BYTES: usize = 200;

/// Where something is.
pub(super) struct Source<'a> {
    /// Separates what is kept from the same URL for different uses.
    pub(super) kind: &'static str,
    pub(super) url: &'a str,
    pub(super) host: &'a str,
    pub(super) max_bytes: u32,
}

#[derive(Serialize, Deserialize)]
struct Record<T> {
    value: T,
    fetched_at: u64,
    fresh_until: u64,
    /// Whether it has been used at `/token`.
    is_used: bool,
}

/// A failure to fetch; it outlives the attempt, so a stranger cannot make us repeat it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Failed {
    reason: String,
    is_transient: bool,
}

type Parse<'a, T> = dyn Fn(&[u8]) -> Result<T, String> + 'a;

/// What is at a URL: what is kept while it is fresh, else what is fetched.
pub(super) fn obtain<T: Serialize + DeserializeOwned>(
    source: &Source<'_>,
    occasion: Occasion,
    services: &Services<'_>,
    parse: &Parse<'_, T>,
) -> Result<T, ClientError> {
    let is_token = occasion == Occasion::Token;
    let known = source.record::<T>(services)?;
    let known = match known {
        Some(mut record) if record.is_fresh(services.now) => {
            if is_token && !record.is_used {
                record.is_used = true;
                source.keep(&record, services)?;
            }
            return Ok(record.value);
        }
        None if is_token => return Err(ClientError::unknown("document_never_fetched")),
        other => other,
    };
    let is_used = is_token || known.as_ref().is_some_and(|record| record.is_used);
    match (source.fetch_once(is_used, services, parse), known) {
        (Ok(record), _) => Ok(record.value),
        // It was good before, and whoever refreshes a token is not to suffer.
        (Err(failed), Some(record)) if is_token && failed.is_transient => Ok(record.value),
        (Err(failed), _) => Err(failed.into()),
    }
}

/// Fetches again what is kept; `None` when that was done a moment ago.
pub(super) fn renew<T: Serialize + DeserializeOwned>(
    source: &Source<'_>,
    services: &Services<'_>,
    parse: &Parse<'_, T>,
) -> Result<Option<T>, ClientError> {
    let record = source.record::<T>(services)?;
    let is_recent = record.as_ref().is_some_and(|record| {
        services.now.saturating_sub(record.fetched_at) < u64::from(FAILURE_TTL)
    });
    if is_recent {
        return Ok(None);
    }
    let is_used = record.is_some_and(|record| record.is_used);
    let fetched = source.fetch_once(is_used, services, parse)?;
    Ok(Some(fetched.value))
}

impl Source<'_> {
    fn record<T: DeserializeOwned>(
        &self,
        services: &Services<'_>,
    ) -> Result<Option<Record<T>>, ClientError> {
        let entry = services.state.value(&self.key("known"))?;
        // What an older version has written in another form is fetched again.
        Ok(entry.and_then(|entry| serde_json::from_slice(&entry.value).ok()))
    }

    fn keep<T: Serialize>(
        &self,
        record: &Record<T>,
        services: &Services<'_>,
    ) -> Result<(), ClientError> {
        let ttl = if record.is_used { USED_TTL } else { SEEN_TTL };
        let json = serde_json::to_vec(record).unwrap_or_default();
        services
            .state
            .put(&self.key("known"), &json, Expect::Anything, ttl)?;
        Ok(())
    }

    /// Fetches unless that has failed within the last minute.
    fn fetch_once<T: Serialize>(
        &self,
        is_used: bool,
        services: &Services<'_>,
        parse: &Parse<'_, T>,
    ) -> Result<Record<T>, Failed> {
        let key = self.key("failed");
        let transient =
            |error: StateError| Failed::transient(format!("state {}", Loggable::new(&error.0)));
        if let Some(entry) = services.state.value(&key).map_err(transient)? {
            return Err(serde_json::from_slice(&entry.value)
                .unwrap_or_else(|_| Failed::transient("failed before".to_owned())));
        }
        // Not a failure of the host: it is not remembered.
        services
            .limiter
            .take(RATE, &self.host_key())
            .map_err(|_| Failed::transient("host_asked_too_often".to_owned()))?;
        match self.fetch(services, parse) {
            Ok((value, fresh_for)) => {
                let record = Record {
                    value,
                    fetched_at: services.now,
                    fresh_until: services.now.saturating_add(fresh_for),
                    is_used,
                };
                self.keep(&record, services)
                    .map_err(|error| Failed::transient(error.to_string()))?;
                Ok(record)
            }
            Err(failed) => {
                let json = serde_json::to_vec(&failed).unwrap_or_default();
                services
                    .state
                    .put(&key, &json, Expect::Anything, FAILURE_TTL)
                    .map_err(transient)?;
                Err(failed)
            }
        }
    }

    fn fetch<T>(&self, services: &Services<'_>, parse: &Parse<'_, T>) -> Result<(T, u64), Failed> {
        let request = Request {
            method: "GET".to_owned(),
            url: self.url.to_owned(),
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: Vec::new(),
            max_response_bytes: self.max_bytes,
            timeout_ms: TIMEOUT_MS,
        };
        let response = services.http.send(Destination::Public, &request)?;
        if response.status != 200 {
            let reason = format!("status {}", response.status);
            return Err(Failed {
                is_transient: response.status >= 500 || response.status == 429,
                reason,
            });
        }
        if response.body.len() > self.max_bytes as usize {
            return Err(Failed::lasting("too_large"));
        }
        if !crate::answer::is_json(&response.headers) {
            return Err(Failed::lasting("content type is not JSON"));
        }
        let value = parse(&response.body).map_err(Failed::lasting)?;
        Ok((value, fresh_for(&response)))
    }

    /// A key of `wit/rates/limiter.wit`; however the letters of a name are written, it is one host.
    fn host_key(&self) -> String {
        let mut host = self.host.to_ascii_lowercase();
        host.truncate(MAX_HOST_KEY_BYTES);
        host
    }

    /// A key of `wit/store/state.wit`: the URL can be longer, and have other characters.
    fn key(&self, what: &str) -> String {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(self.url));
        format!("{}/{what}/{digest}", self.kind)
    }
}

impl<T> Record<T> {
    /// A clock that was set back does not make anything last longer.
    const fn is_fresh(&self, now: u64) -> bool {
        now < self.fresh_until && self.fresh_until - now <= MAX_FRESH
    }
}

impl Failed {
    fn lasting(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            is_transient: false,
        }
    }

    const fn transient(reason: String) -> Self {
        Self {
            reason,
            is_transient: true,
        }
    }
}

impl From<Failed> for ClientError {
    fn from(failed: Failed) -> Self {
        if failed.is_transient {
            Self::Unavailable(failed.reason)
        } else {
            Self::Unknown(failed.reason)
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error {
            Error::NotGranted(text) => {
                Self::lasting(format!("not_granted {}", Loggable::new(&text)))
            }
            Error::Invalid(text) => Self::lasting(format!("invalid {}", Loggable::new(&text))),
            Error::AddressRefused(text) => {
                Self::lasting(format!("address_refused {}", Loggable::new(&text)))
            }
            Error::TooLarge => Self::lasting("too_large"),
            Error::Timeout => Self::transient("timeout".to_owned()),
            Error::Connection(text) => {
                Self::transient(format!("connection {}", Loggable::new(&text)))
            }
        }
    }
}

impl From<StateError> for ClientError {
    fn from(error: StateError) -> Self {
        Self::Unavailable(format!("state {}", Loggable::new(&error.0)))
    }
}
