//! The limits of the key service. The defaults are what production uses; tests tighten them.

use std::time::Duration;

/// How long documents are kept and how often they may be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysConfig {
    /// Longest time for one document, from connecting to its last byte.
    pub timeout: Duration,
    /// Bounds of the soft time to live, which `Cache-Control: max-age` of the key set chooses.
    /// At its end the documents are refreshed in the background while the old ones serve on.
    pub soft_ttl: (Duration, Duration),
    /// Soft time to live when the key set does not say one.
    pub soft_ttl_unsaid: Duration,
    /// For how long the last good keys are used while the provider cannot be reached.
    pub hard_ttl: Duration,
    /// Refetches for unknown key ids: how many at once,
    pub refetch_burst: u32,
    /// and the time in which one more is earned.
    pub refetch_period: Duration,
    /// For how long a key id that a fresh set did not have causes no refetch of its own.
    pub unknown_kid_ttl: Duration,
    /// How many such key ids are remembered per issuer.
    pub unknown_kids: usize,
    /// First and longest pause after a failed fetch; it doubles in between.
    pub backoff: (Duration, Duration),
    /// How many tokens of one issuer may wait for a fetch; the others are told to come back.
    pub waiting: usize,
}

impl Default for KeysConfig {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        let hours = |count: u64| minutes(count * 60);
        Self {
            timeout: Duration::from_secs(5),
            soft_ttl: (minutes(5), hours(24)),
            soft_ttl_unsaid: minutes(15),
            hard_ttl: hours(24),
            refetch_burst: 3,
            refetch_period: Duration::from_secs(30),
            unknown_kid_ttl: minutes(1),
            unknown_kids: 1024,
            backoff: (Duration::from_secs(1), minutes(1)),
            waiting: 256,
        }
    }
}

impl KeysConfig {
    /// The soft time to live for a key set that asks for `max_age`. It ends well before the hard
    /// one: were they equal, the keys would lapse in the moment in which the refresh starts.
    pub(super) fn soft_ttl_for(&self, max_age: Option<Duration>) -> Duration {
        let (shortest, longest) = self.soft_ttl;
        let asked = max_age.unwrap_or(self.soft_ttl_unsaid);
        asked.min(longest).max(shortest).min(self.hard_ttl / 4 * 3)
    }

    /// The pause after that many failures in a row.
    pub(super) fn backoff_after(&self, failures: u32) -> Duration {
        let (first, longest) = self.backoff;
        let doubled = 2u32
            .checked_pow(failures.saturating_sub(1))
            .unwrap_or(u32::MAX);
        first
            .checked_mul(doubled)
            .map_or(longest, |pause| pause.min(longest))
    }
}
