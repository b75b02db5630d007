//! What the host grants to this component, as the traits that the rules use.

use std::time::Duration;

use oauth::log::{Level, Log};
use oauth::random::Random;
use oauth::services::{Pause, Services};
use policy::http::{Client, Destination, Error, Request, Response};
use policy::keys::{Failure, ProviderMetadata, VerifiedJws, Verifier};
use policy::rates::{Limiter, Rate};
use policy::settings::Settings;
use policy::state::{Entry, Expect, Outcome, State, StateError};

use crate::bindings::imagegen::http::{client, types as http};
use crate::bindings::imagegen::keys::verifier;
use crate::bindings::imagegen::log::log;
use crate::bindings::imagegen::rates::limiter;
use crate::bindings::imagegen::settings::settings;
use crate::bindings::imagegen::store::{state, types as store};
use crate::bindings::wasi::random::random;

/// All of it.
pub struct Granted;

impl Granted {
    /// Everything that a request may use, at its time.
    pub fn services(now: u64) -> Services<'static> {
        Services {
            http: &Self,
            state: &Self,
            limiter: &Self,
            verifier: &Self,
            random: &Self,
            pause: &Self,
            now,
        }
    }
}

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

impl Client for Granted {
    fn send(&self, to: Destination, request: &Request) -> Result<Response, Error> {
        let to = match to {
            Destination::Provider => client::Destination::Provider,
            Destination::Public => client::Destination::Public,
        };
        let request = http::Request {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            max_response_bytes: request.max_response_bytes,
            timeout_ms: request.timeout_ms,
        };
        match client::send(to, &request) {
            Ok(response) => Ok(Response {
                status: response.status,
                headers: response.headers,
                body: response.body,
            }),
            Err(error) => Err(match error {
                http::Error::NotGranted(text) => Error::NotGranted(text),
                http::Error::Invalid(text) => Error::Invalid(text),
                http::Error::AddressRefused(text) => Error::AddressRefused(text),
                http::Error::Timeout => Error::Timeout,
                http::Error::TooLarge => Error::TooLarge,
                http::Error::Connection(text) => Error::Connection(text),
            }),
        }
    }
}

impl State for Granted {
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError> {
        let entry = state::get(key).map_err(problem)?;
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
        state::put(key, value, expectation(expected), Some(ttl_seconds))
            .map(outcome)
            .map_err(problem)
    }

    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StateError> {
        state::delete(key, expectation(expected))
            .map(outcome)
            .map_err(problem)
    }
}

fn expectation(expected: Expect) -> state::Expect {
    match expected {
        Expect::Anything => state::Expect::Anything,
        Expect::Absent => state::Expect::Absent,
        Expect::Version(version) => state::Expect::Version(version),
    }
}

fn outcome(outcome: state::Outcome) -> Outcome {
    match outcome {
        state::Outcome::Done(version) => Outcome::Done(version),
        state::Outcome::Conflict => Outcome::Conflict,
    }
}

fn problem(error: store::Error) -> StateError {
    StateError(match error {
        store::Error::InvalidName(text) => format!("invalid name: {text}"),
        store::Error::TooLarge(bytes) => format!("larger than {bytes} bytes"),
        store::Error::NoSpace => "no space".to_owned(),
        store::Error::Damaged(text) => format!("damaged: {text}"),
        store::Error::Other(text) => text,
    })
}

impl Limiter for Granted {
    fn take(&self, rate: Rate, key: &str) -> Result<(), u32> {
        match limiter::take(rate.bucket, key, rate.burst, rate.per_minute) {
            None => Ok(()),
            Some(seconds) => Err(seconds),
        }
    }
}

impl Random for Granted {
    fn fill(&self, bytes: &mut [u8]) {
        let mut drawn = Vec::new();
        while drawn.len() < bytes.len() {
            drawn.extend(random::get_random_bytes(bytes.len() as u64));
        }
        for (byte, drawn) in bytes.iter_mut().zip(drawn) {
            *byte = drawn;
        }
    }
}

impl Pause for Granted {
    fn pause(&self, ms: u32) {
        std::thread::sleep(Duration::from_millis(u64::from(ms)));
    }
}

impl Log for Granted {
    fn write(&self, level: Level, line: &str) {
        let level = match level {
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        log::write(level, line);
    }
}
