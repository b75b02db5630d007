//! Warm instances for isolation `subject`: reused one request at a time, for the same tenant and
//! subject only, bounded in count, age, idle time and requests; dropped on any failure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::Proxy;

use crate::bindings::auth::Identity;
use crate::capabilities::authorizer::Authorizer;
use crate::engine::link::ToolsState;

/// Bounds of the reuse.
#[derive(Clone, Copy, Debug)]
pub struct WarmBounds {
    /// Idle instances of all subjects together.
    pub max_idle: usize,
    /// Age at which an instance is not used again.
    pub max_age: Duration,
    /// Idle time after which an instance is dropped.
    pub max_idle_time: Duration,
    /// Requests after which an instance is not used again.
    pub max_requests: u64,
}

/// An instance of the tools, instantiated or not yet.
pub struct Instance {
    pub store: Store<ToolsState>,
    pub proxy: Option<Proxy>,
    born: Instant,
    requests: u64,
}

impl Instance {
    /// An instance that has served nobody.
    pub fn fresh(store: Store<ToolsState>) -> Self {
        Self {
            store,
            proxy: None,
            born: Instant::now(),
            requests: 1,
        }
    }

    /// Makes the instance serve another request of the same subject.
    pub fn begin(&mut self, authorizer: Authorizer, request_id: Arc<str>) {
        self.requests = self.requests.saturating_add(1);
        self.store.data_mut().begin(authorizer, request_id);
    }
}

/// Whose memory an instance holds: the subject and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubjectKey {
    issuer: Option<String>,
    subject: String,
}

impl SubjectKey {
    /// The key of a caller.
    pub fn of(identity: &Identity) -> Self {
        Self {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
        }
    }
}

/// The idle instances of one tenant.
pub struct WarmPool {
    bounds: WarmBounds,
    idle: Mutex<Idle<Instance>>,
}

impl WarmPool {
    /// An empty pool.
    pub fn new(bounds: WarmBounds) -> Self {
        Self {
            bounds,
            idle: Mutex::new(Idle::default()),
        }
    }

    /// An instance that served this subject before.
    pub fn take(&self, subject: &SubjectKey, now: Instant) -> Option<Instance> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (since, instance) = idle.take(subject)?;
            if self.usable(&instance, now)
                && now.saturating_duration_since(since) <= self.bounds.max_idle_time
            {
                return Some(instance);
            }
        }
    }

    /// Keeps an instance for the next request of the subject it served.
    pub fn give_back(&self, subject: SubjectKey, instance: Instance, now: Instant) {
        if !self.usable(&instance, now) {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.count >= self.bounds.max_idle {
            idle.drop_longest_idle();
        }
        if idle.count < self.bounds.max_idle {
            idle.put(subject, now, instance);
        }
    }

    /// Drops what has been idle or alive for too long.
    pub fn sweep(&self, now: Instant) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|since, instance| {
            self.usable(instance, now)
                && now.saturating_duration_since(since) <= self.bounds.max_idle_time
        });
    }

    fn usable(&self, instance: &Instance, now: Instant) -> bool {
        instance.requests < self.bounds.max_requests
            && now.saturating_duration_since(instance.born) <= self.bounds.max_age
    }
}

/// Idle things by subject, with the time since when they are idle.
struct Idle<T> {
    by_subject: HashMap<SubjectKey, Vec<(Instant, T)>>,
    count: usize,
}

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self {
            by_subject: HashMap::new(),
            count: 0,
        }
    }
}

impl<T> Idle<T> {
    fn put(&mut self, subject: SubjectKey, now: Instant, thing: T) {
        self.by_subject
            .entry(subject)
            .or_default()
            .push((now, thing));
        self.count = self.count.saturating_add(1);
    }

    fn take(&mut self, subject: &SubjectKey) -> Option<(Instant, T)> {
        let things = self.by_subject.get_mut(subject)?;
        let thing = things.pop();
        if things.is_empty() {
            self.by_subject.remove(subject);
        }
        if thing.is_some() {
            self.count = self.count.saturating_sub(1);
        }
        thing
    }

    fn retain(&mut self, keep: impl Fn(Instant, &T) -> bool) {
        self.by_subject.retain(|_, things| {
            things.retain(|(since, thing)| keep(*since, thing));
            !things.is_empty()
        });
        self.count = self.by_subject.values().map(Vec::len).sum();
    }

    fn drop_longest_idle(&mut self) {
        // Within a subject the first is the one that has been idle for longest: `take` pops the last.
        let oldest = self
            .by_subject
            .iter()
            .filter_map(|(subject, things)| {
                things.first().map(|(since, _)| (*since, subject.clone()))
            })
            .min_by_key(|(since, _)| *since);
        if let Some((_, subject)) = oldest
            && let Some(things) = self.by_subject.get_mut(&subject)
        {
            things.remove(0);
            if things.is_empty() {
                self.by_subject.remove(&subject);
            }
            self.count = self.count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(issuer: Option<&str>, subject: &str) -> SubjectKey {
        SubjectKey {
            issuer: issuer.map(str::to_owned),
            subject: subject.to_owned(),
        }
    }

    #[test]
    fn what_belongs_to_one_subject_is_never_given_to_another() {
        let mut idle = Idle::default();
        let now = Instant::now();
        idle.put(subject(Some("https://a"), "alice"), now, "alice of a");
        idle.put(subject(Some("https://b"), "alice"), now, "alice of b");
        assert_eq!(idle.take(&subject(None, "alice")), None);
        assert_eq!(
            idle.take(&subject(Some("https://b"), "alice")).unwrap().1,
            "alice of b"
        );
        assert_eq!(idle.take(&subject(Some("https://b"), "alice")), None);
        assert_eq!(idle.count, 1);
    }

    #[test]
    fn the_longest_idle_goes_first() {
        let mut idle = Idle::default();
        let start = Instant::now();
        for (seconds, name) in [(3, "c"), (1, "a"), (2, "b")] {
            idle.put(
                subject(None, name),
                start + Duration::from_secs(seconds),
                name,
            );
        }
        idle.drop_longest_idle();
        assert!(idle.take(&subject(None, "a")).is_none());
        assert_eq!(idle.count, 2);
        idle.retain(|since, _| since > start + Duration::from_secs(2));
        assert!(idle.take(&subject(None, "b")).is_none());
        assert!(idle.take(&subject(None, "c")).is_some());
    }
}
