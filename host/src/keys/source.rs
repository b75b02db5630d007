//! The documents of one provider: loaded once, refreshed in the background, never fetched twice
//! at the same time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Semaphore, watch};

use super::algorithm::Algorithm;
use super::clock::Clock;
use super::documents::{LoadFault, Loaded, Origin};
use super::failure::Unavailable;
use super::grant::Grant;
use super::jwks::Lookup;
use super::misses::{Advice, Misses};

/// A granted provider with what is known of it.
pub(super) struct Source {
    origin: Origin,
    clock: Clock,
    /// The last good documents. Read without a lock: tokens with known keys never wait.
    loaded: ArcSwapOption<Loaded>,
    progress: Mutex<Progress>,
    /// Counts finished fetches, to wake those who wait for one.
    finished: watch::Sender<u64>,
    waiting: Semaphore,
}

struct Progress {
    running: bool,
    /// How many fetches failed since the last success.
    failures: u32,
    /// No fetch on schedule or for want of documents before that.
    not_before: Duration,
    last_error: Option<String>,
    misses: Misses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Everything,
    KeysOnly,
}

/// What a token with an unknown key has to wait for.
enum Wait {
    /// Nothing: the set is as fresh as it can be.
    Settled,
    /// A fetch that somebody else started.
    Joined(Finish),
    /// A fetch that was started for it.
    Started(Finish),
}

/// Tells when the fetch under way ends. To be taken while `progress` is locked: before that, it
/// could tell of the end of an earlier one.
type Finish = watch::Receiver<u64>;

impl Source {
    pub(super) fn new(origin: Origin, clock: Clock) -> Arc<Self> {
        let now = clock.now();
        let progress = Progress {
            running: false,
            failures: 0,
            not_before: now,
            last_error: None,
            misses: Misses::new(&origin.config, now),
        };
        Arc::new(Self {
            waiting: Semaphore::new(origin.config.waiting),
            origin,
            clock,
            loaded: ArcSwapOption::empty(),
            progress: Mutex::new(progress),
            finished: watch::Sender::new(0),
        })
    }

    /// Fetches what is due and waits until it has come or failed.
    pub(super) async fn maintain(self: &Arc<Self>) {
        let mut finish = {
            let mut progress = self.progress();
            if !progress.running {
                let Some(extent) = self.due(&mut progress) else {
                    return;
                };
                self.start(&mut progress, extent);
            }
            self.finished.subscribe()
        };
        // An error means that nobody can finish any more, which cannot be while `self` lives.
        let _ = finish.changed().await;
    }

    /// The documents; fetches them when there are none that may be used.
    pub(super) async fn ready(self: &Arc<Self>) -> Result<Arc<Loaded>, Unavailable> {
        if let Some(loaded) = self.current() {
            return Ok(loaded);
        }
        let finish = {
            let mut progress = self.progress();
            if !progress.running {
                let wait = progress.not_before.saturating_sub(self.clock.now());
                if !wait.is_zero() {
                    return Err(progress.unavailable(wait));
                }
                self.start(&mut progress, Extent::Everything);
            }
            self.finished.subscribe()
        };
        self.wait_for(finish).await?;
        self.current().ok_or_else(|| {
            let progress = self.progress();
            progress.unavailable(progress.not_before.saturating_sub(self.clock.now()))
        })
    }

    /// The documents after the key set had no key for a token: fetched again when the budget
    /// allows, else as they are.
    pub(super) async fn after_miss(
        self: &Arc<Self>,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<Loaded>, Unavailable> {
        // Tokens without a key id miss by their algorithm. The prefix keeps the two apart.
        let miss = kid.map_or_else(|| format!("a{}", algorithm.name()), |kid| format!("k{kid}"));
        let (finish, started) = match self.ask_for(&miss)? {
            Wait::Settled => return self.ready().await,
            Wait::Joined(finish) => (finish, false),
            Wait::Started(finish) => (finish, true),
        };
        self.wait_for(finish).await?;
        let loaded = self.ready().await?;
        if matches!(loaded.keys.find(kid, algorithm), Lookup::Missing) {
            let mut progress = self.progress();
            let now = self.clock.now();
            if progress.failures > 0 {
                let wait = progress.misses.wait(&self.origin.config, now);
                return Err(progress.unavailable(wait));
            }
            if started {
                progress.misses.remember(&miss, &self.origin.config, now);
            }
        }
        Ok(loaded)
    }

    pub(super) fn grant(&self) -> &Grant {
        &self.origin.grant
    }

    /// The documents that may be used now.
    pub(super) fn current(&self) -> Option<Arc<Loaded>> {
        let (loaded, age) = self.last_good()?;
        (age <= self.origin.config.hard_ttl).then_some(loaded)
    }

    /// The last good documents, however old, with the time since the keys came.
    pub(super) fn last_good(&self) -> Option<(Arc<Loaded>, Duration)> {
        let loaded = self.loaded.load_full()?;
        let age = self.clock.now().saturating_sub(loaded.keys_at);
        Some((loaded, age))
    }

    /// What went wrong last, unless it went well since.
    pub(super) fn last_error(&self) -> Option<String> {
        self.progress().last_error.clone()
    }

    fn due(&self, progress: &mut Progress) -> Option<Extent> {
        let now = self.clock.now();
        let stale = |loaded: &Loaded| now >= loaded.discovered_at + loaded.soft_ttl;
        if self.loaded.load().as_deref().is_none_or(stale) && now >= progress.not_before {
            return Some(Extent::Everything);
        }
        progress
            .misses
            .pay(&self.origin.config, now)
            .then_some(Extent::KeysOnly)
    }

    fn ask_for(self: &Arc<Self>, miss: &str) -> Result<Wait, Unavailable> {
        let mut progress = self.progress();
        let now = self.clock.now();
        if progress.misses.remembers(miss, now) {
            return Ok(Wait::Settled);
        }
        if progress.running {
            return Ok(Wait::Joined(self.finished.subscribe()));
        }
        match progress.misses.judge(&self.origin.config, now) {
            Advice::Refetch => {
                self.start(&mut progress, Extent::KeysOnly);
                Ok(Wait::Started(self.finished.subscribe()))
            }
            // The last refetch was a moment ago: see `misses`. When it failed, nobody knows
            // whether this key exists.
            Advice::OverBudget if progress.failures > 0 => {
                let wait = progress.misses.wait(&self.origin.config, now);
                Err(progress.unavailable(wait))
            }
            Advice::OverBudget => Ok(Wait::Settled),
        }
    }

    /// Starts a fetch. It is a task of its own: a client that hangs up does not stop what others
    /// wait for and what the budget has paid.
    fn start(self: &Arc<Self>, progress: &mut Progress, extent: Extent) {
        progress.running = true;
        let running = Running(self.clone());
        tokio::spawn(async move {
            let source = &running.0;
            let known = source
                .loaded
                .load_full()
                .filter(|_| extent == Extent::KeysOnly);
            let outcome = source
                .origin
                .load(known.as_deref(), source.clock.now())
                .await;
            source.record(outcome);
        });
    }

    async fn wait_for(&self, mut finish: Finish) -> Result<(), Unavailable> {
        let Ok(_permit) = self.waiting.try_acquire() else {
            let reason = "too many requests wait for the provider already".to_owned();
            return Err(Unavailable::after(reason, Duration::ZERO));
        };
        let _ = finish.changed().await;
        Ok(())
    }

    fn record(&self, outcome: Result<Loaded, LoadFault>) {
        let mut progress = self.progress();
        let config_url = &self.origin.grant.config_url;
        match outcome {
            Ok(loaded) => {
                let before = self.loaded.load();
                let skipped = before.as_ref().map(|before| before.keys.skipped());
                if skipped != Some(loaded.keys.skipped()) {
                    for reason in loaded.keys.skipped() {
                        tracing::warn!(config_url, reason, "key of the provider left out");
                    }
                }
                if progress.failures > 0 || before.is_none() {
                    tracing::info!(config_url, keys = loaded.keys.len(), "provider is usable");
                }
                self.loaded.store(Some(Arc::new(loaded)));
                progress.failures = 0;
                progress.not_before = Duration::ZERO;
                progress.last_error = None;
            }
            Err(fault) => {
                progress.failures = progress.failures.saturating_add(1);
                let pause = self.origin.config.backoff_after(progress.failures);
                progress.not_before = self.clock.now() + pause;
                let reason = fault.to_string();
                tracing::warn!(
                    config_url,
                    reason,
                    failures = progress.failures,
                    "fetch failed"
                );
                progress.last_error = Some(reason);
            }
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn unavailable(&self, wait: Duration) -> Unavailable {
        let reason = self.last_error.clone();
        Unavailable::after(reason.unwrap_or_else(|| "not fetched yet".to_owned()), wait)
    }
}

/// Marks the end of a fetch, also of one that panicked.
struct Running(Arc<Source>);

impl Drop for Running {
    fn drop(&mut self) {
        let mut progress = self.0.progress();
        progress.running = false;
        self.0
            .finished
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}
