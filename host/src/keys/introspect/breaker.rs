//! Leaves a provider alone that failed several times in a row.

use std::fmt::Display;
use std::time::Duration;

use super::super::failure::Unavailable;
use super::IntrospectionConfig;

/// How it went lately.
#[derive(Default)]
pub(super) struct Breaker {
    failures: u32,
    closed_until: Duration,
    pub(super) reason: String,
}

impl Breaker {
    /// Why and how long not to ask, if so.
    pub(super) fn closed(&self, now: Duration) -> Option<Unavailable> {
        let wait = self.closed_until.saturating_sub(now);
        (!wait.is_zero()).then(|| Unavailable::after(self.reason.clone(), wait))
    }

    /// Counts a failure. Returns when it makes sense to ask again.
    pub(super) fn failed(
        &mut self,
        fault: &impl Display,
        config: &IntrospectionConfig,
        now: Duration,
    ) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.reason = format!("introspection: {fault}");
        let (shortest, longest) = config.pause;
        let Some(excess) = self.failures.checked_sub(config.failures) else {
            return shortest;
        };
        let doubled = 2u32.checked_pow(excess).unwrap_or(u32::MAX);
        let pause = shortest
            .checked_mul(doubled)
            .map_or(longest, |pause| pause.min(longest));
        self.closed_until = now.saturating_add(pause);
        pause
    }
}
