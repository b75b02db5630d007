//! How often something may happen: token buckets in memory, a bounded number of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;

/// Buckets of one component of one tenant. Beyond it, the least used ones are forgotten, which
/// makes them full.
const MAX_BUCKETS: u64 = 50_000;
/// A bucket that nobody has touched for so long is forgotten.
const IDLE: Duration = Duration::from_secs(3600);

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Most at once; 0 counts as 1.
    pub burst: u32,
    /// How many more each minute; 0 for no limit.
    pub per_minute: u32,
}

/// Buckets by name and key.
#[derive(Clone)]
pub struct Buckets {
    levels: Cache<Name, Arc<Mutex<Level>>>,
}

/// What is limited, and whose limit it is.
type Name = (Box<str>, Box<str>);

/// How much is in a bucket.
struct Level {
    tokens: f64,
    at: Instant,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            levels: Cache::builder()
                .max_capacity(MAX_BUCKETS)
                .time_to_idle(IDLE)
                .build(),
        }
    }
}

impl Buckets {
    /// Takes one token of a bucket.
    ///
    /// # Errors
    ///
    /// The seconds until there is one, at least 1.
    pub fn take(&self, name_and_key: (&str, &str), rate: Rate) -> Result<(), u32> {
        self.take_at(name_and_key, rate, Instant::now())
    }

    fn take_at(&self, (name, key): (&str, &str), rate: Rate, now: Instant) -> Result<(), u32> {
        if rate.per_minute == 0 {
            return Ok(());
        }
        let burst = f64::from(rate.burst.max(1));
        let full = || {
            Arc::new(Mutex::new(Level {
                tokens: burst,
                at: now,
            }))
        };
        let level = self.levels.get_with((name.into(), key.into()), full);
        let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
        let per_second = f64::from(rate.per_minute) / 60.0;
        let gained = now.saturating_duration_since(level.at).as_secs_f64() * per_second;
        level.tokens = (level.tokens + gained).min(burst);
        level.at = level.at.max(now);
        if level.tokens >= 1.0 {
            level.tokens -= 1.0;
            return Ok(());
        }
        let wait = ((1.0 - level.tokens) / per_second).ceil();
        // At least one token comes each minute, so it is a number from 1 to 60.
        Err(wait.clamp(1.0, 60.0) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 3,
        per_minute: 30,
    };

    #[test]
    fn a_burst_then_the_rate() {
        let buckets = Buckets::default();
        let start = Instant::now();
        let take =
            |ms: u64| buckets.take_at(("register", "a"), RATE, start + Duration::from_millis(ms));
        assert_eq!([take(0), take(0), take(0)], [Ok(()); 3]);
        assert_eq!(take(0), Err(2));
        assert_eq!(take(1_500), Err(1), "refusals cost nothing");
        assert_eq!(take(2_000), Ok(()));
        assert_eq!(take(2_000), Err(2));
        assert_eq!(take(1_000), Err(2), "time does not run backwards");
        assert_eq!([take(60_000), take(60_000), take(60_000)], [Ok(()); 3]);
        assert_eq!(take(60_000), Err(2), "it holds no more than the burst");
    }

    #[test]
    fn keys_and_names_are_apart() {
        let buckets = Buckets::default();
        let one = Rate {
            burst: 0,
            per_minute: 1,
        };
        assert_eq!(buckets.take(("a", "b"), one), Ok(()));
        assert_eq!(buckets.take(("a", "b"), one), Err(60));
        assert_eq!(buckets.take(("a", "c"), one), Ok(()));
        assert_eq!(buckets.take(("b", "b"), one), Ok(()));
        let unlimited = Rate {
            burst: 1,
            per_minute: 0,
        };
        assert!((0..100).all(|_| buckets.take(("a", "b"), unlimited).is_ok()));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let buckets = Buckets::default();
        for key in 0..MAX_BUCKETS * 2 {
            let _ = buckets.take(("a", &key.to_string()), RATE);
        }
        buckets.levels.run_pending_tasks();
        assert!(buckets.levels.entry_count() <= MAX_BUCKETS);
    }
}
