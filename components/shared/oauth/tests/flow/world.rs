//! The world of a test: a store, rates, randomness, a log. Threads share it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use oauth::log::{Level, Log};
use oauth::random::Random;
use oauth::services::{Pause, Services};
use policy::rates::{Limiter, Rate};
use policy::state::{Entry, Expect, Outcome, State, StateError};
use sha2::{Digest, Sha256};

use crate::provider::Provider;

pub const NOW: u64 = 1_800_000_000;

#[derive(Default)]
pub struct World {
    pub provider: Provider,
    pub store: Store,
    pub log: Lines,
    pub rates: Rates,
    dice: Dice,
    now: AtomicU64,
}

impl World {
    /// What a server gets for one request.
    pub fn services(&self) -> Services<'_> {
        Services {
            http: &self.provider,
            state: &self.store,
            limiter: &self.rates,
            verifier: &self.provider,
            random: &self.dice,
            pause: self,
            now: self.now(),
        }
    }

    pub fn now(&self) -> u64 {
        NOW + self.now.load(SeqCst)
    }

    pub fn back_to_the_start(&self) {
        self.now.store(0, SeqCst);
        self.store.now.store(NOW, SeqCst);
    }

    pub fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, SeqCst);
        self.store.now.store(self.now(), SeqCst);
    }
}

impl Pause for World {
    fn pause(&self, ms: u32) {
        std::thread::sleep(Duration::from_micros(u64::from(ms) * 100));
    }
}

/// Values with versions and an end. It can be made to fail.
#[derive(Default)]
pub struct Store {
    values: Mutex<BTreeMap<String, (Entry, u64)>>,
    versions: AtomicU64,
    now: AtomicU64,
    pub is_down: AtomicBool,
}

impl Store {
    pub fn keys(&self) -> Vec<String> {
        self.values.lock().unwrap().keys().cloned().collect()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let values = self.values.lock().unwrap();
        values
            .values()
            .flat_map(|(entry, _)| entry.value.clone())
            .collect()
    }

    /// The disk is gone.
    pub fn forget(&self) {
        self.values.lock().unwrap().clear();
    }

    fn check(&self, key: &str) -> Result<(), StateError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-:/".contains(&b);
        assert!(
            (1..=200).contains(&key.len()) && key.bytes().all(allowed),
            "{key}"
        );
        if self.is_down.load(SeqCst) {
            return Err(StateError("the disk is full".to_owned()));
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        self.now.load(SeqCst).max(NOW)
    }
}

impl State for Store {
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError> {
        self.check(key)?;
        let values = self.values.lock().unwrap();
        let live = values.get(key).filter(|(_, end)| *end > self.now());
        Ok(live.map(|(entry, _)| entry.clone()))
    }

    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError> {
        self.check(key)?;
        assert!(value.len() <= 64 * 1024, "{key} has {} bytes", value.len());
        let mut values = self.values.lock().unwrap();
        let held = values
            .get(key)
            .filter(|(_, end)| *end > self.now())
            .map(|(entry, _)| entry.version);
        let holds = match expected {
            Expect::Anything => true,
            Expect::Absent => held.is_none(),
            Expect::Version(version) => held == Some(version),
        };
        if !holds {
            return Ok(Outcome::Conflict);
        }
        let version = self.versions.fetch_add(1, SeqCst) + 1;
        let entry = Entry {
            value: value.to_vec(),
            version,
        };
        values.insert(key.to_owned(), (entry, self.now() + u64::from(ttl_seconds)));
        Ok(Outcome::Done(version))
    }

    fn delete(&self, key: &str, _: Expect) -> Result<Outcome, StateError> {
        self.check(key)?;
        self.values.lock().unwrap().remove(key);
        Ok(Outcome::Done(0))
    }
}

/// Rates that are never exceeded, unless a bucket is named.
#[derive(Default)]
pub struct Rates(pub Mutex<Option<&'static str>>);

impl Limiter for Rates {
    fn take(&self, rate: Rate, key: &str) -> Result<(), u32> {
        assert!(["192.0.2.1", "client.example"].contains(&key), "{key}");
        assert!(rate.burst > 0 && rate.per_minute > 0);
        let empty = *self.0.lock().unwrap();
        if empty == Some(rate.bucket) {
            Err(7)
        } else {
            Ok(())
        }
    }
}

/// Bytes that differ each time and are the same in each run.
#[derive(Default)]
struct Dice(AtomicU64);

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let throw = Sha256::digest(self.0.fetch_add(1, SeqCst).to_be_bytes());
            let length = chunk.len();
            chunk.copy_from_slice(&throw[..length]);
        }
    }
}

/// What was logged.
#[derive(Default)]
pub struct Lines(Mutex<Vec<String>>);

impl Lines {
    pub fn all(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl Log for Lines {
    fn write(&self, level: Level, line: &str) {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        self.0.lock().unwrap().push(format!("{level:?} {line}"));
    }
}
