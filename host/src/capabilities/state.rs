//! `imagegen:store/state`: small values of one component of one tenant.

use super::blobs::error;
use crate::bindings::state::{Entry, Expect, Host, Outcome};
use crate::bindings::store::Error;
use crate::store::{self, StateNamespace, StatePut};

/// The values that one component of one tenant can name.
#[derive(Clone)]
pub struct State(StateNamespace);

impl State {
    /// Grants this namespace.
    #[must_use]
    pub fn new(namespace: StateNamespace) -> Self {
        Self(namespace)
    }
}

impl Host for State {
    async fn get(&mut self, key: String) -> Result<Option<Entry>, Error> {
        let entry = self.0.get(&key).await.map_err(error)?;
        Ok(entry.map(|entry| Entry {
            value: entry.value,
            version: entry.version,
        }))
    }

    async fn put(
        &mut self,
        key: String,
        value: Vec<u8>,
        expected: Expect,
        ttl_seconds: Option<u32>,
    ) -> Result<Outcome, Error> {
        let put = StatePut {
            value: &value,
            expected: expect(expected),
            ttl_seconds,
        };
        self.0.put(&key, put).await.map(outcome).map_err(error)
    }

    async fn delete(&mut self, key: String, expected: Expect) -> Result<Outcome, Error> {
        self.0
            .delete(&key, expect(expected))
            .await
            .map(outcome)
            .map_err(error)
    }

    async fn keys(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, Error> {
        self.0
            .keys(&prefix, after.as_deref(), limit)
            .await
            .map_err(error)
    }
}

fn expect(expected: Expect) -> store::Expect {
    match expected {
        Expect::Anything => store::Expect::Anything,
        Expect::Absent => store::Expect::Absent,
        Expect::Version(version) => store::Expect::Version(version),
    }
}

fn outcome(outcome: store::Outcome) -> Outcome {
    match outcome {
        store::Outcome::Done(version) => Outcome::Done(version),
        store::Outcome::Conflict => Outcome::Conflict,
    }
}
