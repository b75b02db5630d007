//! The time, and waiting.

use std::time::Duration;

use wasip2::clocks::{monotonic_clock, wall_clock};

use crate::Host;

/// The clocks of the host.
pub trait Clock {
    /// Time since the Unix epoch. Can jump; for what is stored and shown.
    fn now(&self) -> Duration;

    /// Time since some moment before the component started. Never jumps; for what is measured.
    fn monotonic(&self) -> Duration;

    /// Returns after this long; the host does other work meanwhile.
    fn sleep(&self, duration: Duration);
}

impl Clock for Host {
    fn now(&self) -> Duration {
        let now = wall_clock::now();
        Duration::new(now.seconds, now.nanoseconds)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn sleep(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        monotonic_clock::subscribe_duration(nanoseconds).block();
    }
}
