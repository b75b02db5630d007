//! Every capability in memory: a store that can be filled, damaged and made to fail, and a clock
//! that moves only when somebody sleeps.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and not every test uses everything"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use guest::Capabilities;
use guest::clock::Clock;
use guest::http::{Http, HttpError, HttpExchange, Request};
use guest::log::{Level, Log};
use guest::random::Random;
use guest::settings::Settings;
use guest::store::{
    BlobEntry, BlobPage, Blobs, Expect, NewValue, Outcome, State, StoreError, Versioned,
};
use guest::web::{Web, WebError, WebRequest, WebResponse};

/// The host of a test.
#[derive(Default)]
pub struct Memory {
    settings: BTreeMap<String, String>,
    blobs: RefCell<BTreeMap<String, (Vec<u8>, u64)>>,
    values: RefCell<BTreeMap<String, Value>>,
    version: Cell<u64>,
    now: Cell<Duration>,
    slept: Cell<Duration>,
    random: Cell<u64>,
    log: RefCell<Vec<(Level, String)>>,
    full: Cell<bool>,
    /// Writes of jobs that still succeed; after them the disk is full.
    job_writes_left: Cell<Option<usize>>,
    state_writes: RefCell<Vec<Vec<u8>>>,
    calls: Cell<usize>,
    /// Writes of blobs that still succeed.
    blob_writes_left: Cell<Option<usize>>,
    /// What the web has, by URL.
    web: RefCell<BTreeMap<String, Result<WebResponse, WebError>>>,
    /// What else happens while somebody sleeps.
    meanwhile: RefCell<Option<Meanwhile>>,
}

type Meanwhile = Box<dyn Fn(&Memory)>;

struct Value {
    bytes: Vec<u8>,
    version: u64,
    expires: Option<Duration>,
}

/// 2026-07-10T12:34:56 UTC.
const START: Duration = Duration::from_secs(1_783_686_896);

impl Memory {
    pub fn new() -> Self {
        let memory = Self::default();
        memory.now.set(START);
        memory
    }

    pub fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Another process on the same store: everything but the settings is taken over.
    pub fn restarted(self, settings: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            settings: settings.iter().map(owned).collect(),
            ..self
        }
    }

    pub fn capabilities(&self) -> Capabilities<'_> {
        Capabilities {
            settings: self,
            blobs: self,
            state: self,
            clock: self,
            http: self,
            web: self,
            random: self,
            log: self,
        }
    }

    pub fn put_blob(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        let modified = u64::try_from(self.now.get().as_millis()).unwrap();
        self.blobs
            .borrow_mut()
            .insert(name.to_owned(), (bytes.into(), modified));
    }

    pub fn blob(&self, name: &str) -> Option<Vec<u8>> {
        self.blobs
            .borrow()
            .get(name)
            .map(|(bytes, _)| bytes.clone())
    }

    /// Puts something into the web.
    pub fn publish(&self, url: &str, answer: Result<WebResponse, WebError>) {
        self.web.borrow_mut().insert(url.to_owned(), answer);
    }

    pub fn remove_blob(&self, name: &str) {
        self.blobs.borrow_mut().remove(name);
    }

    /// Puts a value that nobody wrote into the state.
    pub fn put_state(&self, key: &str, bytes: &[u8]) {
        let value = NewValue {
            bytes,
            ttl_seconds: None,
        };
        let _ = State::put(self, key, value, Expect::Anything).unwrap();
    }

    pub fn blob_names(&self) -> Vec<String> {
        self.blobs.borrow().keys().cloned().collect()
    }

    pub fn keys_now(&self) -> Vec<String> {
        State::keys(self, "", None).unwrap()
    }

    /// Lets time pass without anybody sleeping.
    pub fn advance(&self, duration: Duration) {
        self.now.set(self.now.get() + duration);
    }

    /// From now on every write fails as on a full disk, or no longer.
    pub fn set_full(&self, full: bool) {
        self.full.set(full);
    }

    /// The first `jobs` writes to the state succeed. Everything after that fails, as if the
    /// process had been killed there.
    pub fn stop_writing_after_jobs(&self, jobs: usize) {
        self.job_writes_left.set(Some(jobs));
    }

    /// From now on every write of a blob fails as on a full disk, or no longer.
    pub fn fail_blob_writes(&self, fail: bool) {
        self.blob_writes_left.set(fail.then_some(0));
    }

    /// So many writes of blobs succeed, and no more.
    pub fn fail_blob_writes_after(&self, writes: usize) {
        self.blob_writes_left.set(Some(writes));
    }

    /// Lets something else happen whenever somebody sleeps.
    pub fn on_sleep(&self, meanwhile: impl Fn(&Memory) + 'static) {
        *self.meanwhile.borrow_mut() = Some(Box::new(meanwhile));
    }

    /// Every value that was written to the state, in order.
    pub fn state_writes(&self) -> Vec<Vec<u8>> {
        self.state_writes.borrow().clone()
    }

    pub fn slept(&self) -> Duration {
        self.slept.get()
    }

    /// Lines of the log at `level`.
    pub fn logged(&self, level: Level) -> Vec<String> {
        let log = self.log.borrow();
        log.iter()
            .filter(|(one, _)| *one == level)
            .map(|(_, line)| line.clone())
            .collect()
    }

    /// Calls of the host since the last time this was asked.
    pub fn take_calls(&self) -> usize {
        self.calls.take()
    }

    fn count(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    fn writable(&self) -> Result<(), StoreError> {
        if self.full.get() || self.job_writes_left.get() == Some(0) {
            Err(StoreError::NoSpace)
        } else {
            Ok(())
        }
    }

    fn next_version(&self) -> u64 {
        self.version.set(self.version.get() + 1);
        self.version.get()
    }

    fn expect(&self, key: &str, expected: Expect) -> bool {
        let mut values = self.values.borrow_mut();
        let now = self.now.get();
        values.retain(|_, value| value.expires.is_none_or(|expires| expires > now));
        let version = values.get(key).map(|value| value.version);
        match expected {
            Expect::Anything => true,
            Expect::Absent => version.is_none(),
            Expect::Version(wanted) => version == Some(wanted),
        }
    }
}

impl Settings for Memory {
    fn setting(&self, name: &str) -> Option<String> {
        self.count();
        self.settings.get(name).cloned()
    }
}

impl Log for Memory {
    fn write(&self, level: Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }
}

/// No network.
impl Http for Memory {
    fn start<'a>(&self, _: &Request<'a>) -> Result<Box<dyn HttpExchange + 'a>, HttpError> {
        Err(HttpError::Refused("a test has no network".to_owned()))
    }
}

impl Clock for Memory {
    fn now(&self) -> Duration {
        self.count();
        self.now.get()
    }

    fn monotonic(&self) -> Duration {
        self.count();
        self.now.get() - START
    }

    fn sleep(&self, duration: Duration) {
        self.slept.set(self.slept.get() + duration);
        self.advance(duration);
        // Taken out meanwhile: what happens may sleep itself.
        let meanwhile = self.meanwhile.borrow_mut().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile(self);
            *self.meanwhile.borrow_mut() = Some(meanwhile);
        }
    }
}

impl Random for Memory {
    /// A Weyl sequence: never the same twice, and the same in every test.
    fn random_u64(&self) -> u64 {
        self.random
            .set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.random.get()
    }
}

impl Blobs for Memory {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.count();
        Ok(self.blob(name))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.count();
        self.writable()?;
        match self.blob_writes_left.get() {
            Some(0) => return Err(StoreError::NoSpace),
            left => self.blob_writes_left.set(left.map(|left| left - 1)),
        }
        let file = name.split_once('/').map(|(_, file)| file).unwrap();
        assert!(
            file.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
            "name: {name}"
        );
        self.put_blob(name, bytes);
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<bool, StoreError> {
        self.count();
        Ok(self.blobs.borrow_mut().remove(name).is_some())
    }

    /// Pages of three, so that every test with two images turns one.
    fn entries(
        &self,
        collection: &str,
        suffix: &str,
        after: Option<&str>,
    ) -> Result<BlobPage, StoreError> {
        self.count();
        let blobs = self.blobs.borrow();
        let entry = |(name, (bytes, modified)): (&String, &(Vec<u8>, u64))| BlobEntry {
            name: name.clone(),
            size: bytes.len() as u64,
            modified_ms: *modified,
        };
        let mut found = blobs
            .iter()
            .filter(|(name, _)| {
                name.starts_with(&format!("{collection}/")) && name.ends_with(suffix)
            })
            .filter(|(name, _)| after.is_none_or(|after| name.as_str() > after))
            .map(entry);
        let entries: Vec<_> = found.by_ref().take(3).collect();
        let next = found
            .next()
            .and_then(|_| entries.last().map(|last| last.name.clone()));
        Ok(BlobPage { entries, next })
    }
}

impl Web for Memory {
    fn get(&self, request: &WebRequest<'_>) -> Result<WebResponse, WebError> {
        self.count();
        let web = self.web.borrow();
        let answer = web.get(request.url).cloned();
        let answer = answer.unwrap_or_else(|| Err(WebError::Refused("no such page".to_owned())));
        match answer {
            Ok(answer) if answer.body.len() > request.max_bytes => Err(WebError::TooLarge),
            answer => answer,
        }
    }
}

impl State for Memory {
    fn get(&self, key: &str) -> Result<Option<Versioned>, StoreError> {
        self.count();
        self.expect(key, Expect::Anything);
        let values = self.values.borrow();
        Ok(values.get(key).map(|value| Versioned {
            value: value.bytes.clone(),
            version: value.version,
        }))
    }

    fn put(&self, key: &str, value: NewValue<'_>, expected: Expect) -> Result<Outcome, StoreError> {
        self.count();
        self.writable()?;
        if value.bytes.len() > 64 * 1024 {
            return Err(StoreError::TooLarge(64 * 1024));
        }
        if !self.expect(key, expected) {
            return Ok(Outcome::Conflict);
        }
        self.job_writes_left
            .set(self.job_writes_left.get().map(|left| left - 1));
        self.state_writes.borrow_mut().push(value.bytes.to_vec());
        let version = self.next_version();
        let expires = value
            .ttl_seconds
            .map(|seconds| self.now.get() + Duration::from_secs(seconds.into()));
        self.values.borrow_mut().insert(
            key.to_owned(),
            Value {
                bytes: value.bytes.to_vec(),
                version,
                expires,
            },
        );
        Ok(Outcome::Done(version))
    }

    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StoreError> {
        self.count();
        if !self.expect(key, expected) {
            return Ok(Outcome::Conflict);
        }
        self.values.borrow_mut().remove(key);
        Ok(Outcome::Done(0))
    }

    fn keys(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>, StoreError> {
        self.count();
        self.expect("", Expect::Anything);
        let values = self.values.borrow();
        let keys = values.keys().filter(|key| key.starts_with(prefix));
        Ok(keys
            .filter(|key| after.is_none_or(|after| key.as_str() > after))
            .take(3)
            .cloned()
            .collect())
    }
}
