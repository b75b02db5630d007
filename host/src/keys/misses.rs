//! When an unknown key id is worth a refetch.
//!
//! Anybody can send tokens with random key ids, and before the key is known nothing tells them
//! from the first token after a rotation. Three measures together keep a flood from the provider
//! and still find a new key:
//!
//! * A token bucket bounds refetches: a burst of 3, then one in 30 s, whatever arrives.
//! * A key id that a fresh set did not have is remembered, and asks for nothing for a minute. One
//!   broken client that repeats its token thus uses at most half of what the bucket earns, and
//!   the burst stays whole for a rotation. The memory is bounded and forgets the oldest; a flood
//!   of random ids can flush it, which costs no more than the bucket allows.
//! * When the bucket is empty the miss is noted, and the maintenance refetches as soon as the
//!   bucket has earned one, without waiting for another token. A refetch brings the whole
//!   set, so it does not matter who caused it: **a flood cannot hide a new key, it only chooses
//!   the moments at which the set is refetched, and these are at most 30 s apart.** While the
//!   bucket is empty the set is younger than 30 s, so "unknown" is an honest answer.
//!
//! Scheduled refreshes do not draw from the bucket.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::config::KeysConfig;

/// The refetch budget of one issuer and the key ids that it does not know.
#[derive(Debug)]
pub(super) struct Misses {
    tokens: u32,
    /// When the bucket last had nothing to earn, or earned its last token.
    counted_at: Duration,
    /// Key ids that are not in the set, until when that is taken for granted.
    unknown: HashMap<String, Duration>,
    /// The same ids, oldest first.
    order: VecDeque<String>,
    /// Whether a miss found the bucket empty since the last refetch.
    owed: bool,
}

/// Whether the set is to be fetched again for an unknown key id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Advice {
    /// Yes; the budget has been charged.
    Refetch,
    /// No: the budget is used up for the moment.
    OverBudget,
}

impl Misses {
    pub(super) fn new(config: &KeysConfig, now: Duration) -> Self {
        Self {
            tokens: config.refetch_burst,
            counted_at: now,
            unknown: HashMap::new(),
            order: VecDeque::new(),
            owed: false,
        }
    }

    /// Whether a fresh set did not have this key id a moment ago.
    pub(super) fn remembers(&self, kid: &str, now: Duration) -> bool {
        self.unknown.get(kid).is_some_and(|until| now < *until)
    }

    /// Judges a miss that is not remembered, and charges the budget.
    pub(super) fn judge(&mut self, config: &KeysConfig, now: Duration) -> Advice {
        if self.charge(config, now) {
            Advice::Refetch
        } else {
            self.owed = true;
            Advice::OverBudget
        }
    }

    /// Whether a refetch is owed to an earlier miss and can be paid now; charges the budget.
    pub(super) fn pay(&mut self, config: &KeysConfig, now: Duration) -> bool {
        self.owed && self.charge(config, now)
    }

    /// Remembers that a set fetched just now does not have the id.
    pub(super) fn remember(&mut self, kid: &str, config: &KeysConfig, now: Duration) {
        if self
            .unknown
            .insert(kid.to_owned(), now + config.unknown_kid_ttl)
            .is_some()
        {
            self.order.retain(|known| known != kid);
        }
        self.order.push_back(kid.to_owned());
        while self.order.len() > config.unknown_kids {
            if let Some(oldest) = self.order.pop_front() {
                self.unknown.remove(&oldest);
            }
        }
    }

    /// The time until the next refetch is earned.
    pub(super) fn wait(&mut self, config: &KeysConfig, now: Duration) -> Duration {
        self.earn(config, now);
        if self.tokens > 0 {
            return Duration::ZERO;
        }
        (self.counted_at + config.refetch_period).saturating_sub(now)
    }

    fn charge(&mut self, config: &KeysConfig, now: Duration) -> bool {
        self.earn(config, now);
        let Some(left) = self.tokens.checked_sub(1) else {
            return false;
        };
        self.tokens = left;
        self.owed = false;
        true
    }

    fn earn(&mut self, config: &KeysConfig, now: Duration) {
        while self.tokens < config.refetch_burst
            && now >= self.counted_at.saturating_add(config.refetch_period)
        {
            self.tokens += 1;
            self.counted_at += config.refetch_period;
        }
        if self.tokens >= config.refetch_burst {
            self.counted_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// One token with an unknown key id, as the source of keys handles it. True: it refetched.
    fn miss(misses: &mut Misses, kid: &str, config: &KeysConfig, now: Duration) -> bool {
        if misses.remembers(kid, now) || misses.judge(config, now) == Advice::OverBudget {
            return false;
        }
        misses.remember(kid, config, now);
        true
    }

    #[test]
    fn a_flood_of_random_ids_gets_three_and_then_one_in_thirty_seconds() {
        let config = KeysConfig::default();
        let mut misses = Misses::new(&config, Duration::ZERO);
        let mut refetches = 0;
        for tick in 0..=600u32 {
            for id in 0..100 {
                let kid = format!("{tick}-{id}");
                refetches += u32::from(miss(&mut misses, &kid, &config, SECOND * tick));
            }
        }
        assert_eq!(refetches, 3 + 600 / 30);
        assert!(misses.unknown.len() <= config.unknown_kids);
    }

    #[test]
    fn one_repeated_id_leaves_the_burst_to_others() {
        let config = KeysConfig::default();
        let mut misses = Misses::new(&config, Duration::ZERO);
        let mut refetches = 0;
        for tick in 0..3600u32 {
            refetches += u32::from(miss(&mut misses, "stale", &config, SECOND * tick));
            assert!(misses.tokens + 1 >= config.refetch_burst);
        }
        assert_eq!(refetches, 60);
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let config = KeysConfig {
            unknown_kids: 2,
            ..KeysConfig::default()
        };
        let mut misses = Misses::new(&config, Duration::ZERO);
        for kid in ["a", "b", "a", "c"] {
            misses.remember(kid, &config, Duration::ZERO);
        }
        assert_eq!(misses.order, ["a", "c"]);
        assert_eq!(misses.unknown.len(), 2);
        assert!(misses.remembers("a", SECOND * 59));
        assert!(!misses.remembers("a", SECOND * 60));
    }

    #[test]
    fn an_empty_bucket_owes_one_refetch() {
        let config = KeysConfig {
            refetch_burst: 1,
            ..KeysConfig::default()
        };
        let mut misses = Misses::new(&config, Duration::ZERO);
        assert_eq!(misses.judge(&config, Duration::ZERO), Advice::Refetch);
        assert!(!misses.pay(&config, SECOND * 40), "nothing is owed");
        assert_eq!(misses.judge(&config, SECOND * 40), Advice::Refetch);
        assert_eq!(misses.judge(&config, SECOND * 41), Advice::OverBudget);
        assert!(misses.wait(&config, SECOND * 41) > SECOND * 20);
        assert!(!misses.pay(&config, SECOND * 42));
        assert!(misses.pay(&config, SECOND * 80));
        assert!(!misses.pay(&config, SECOND * 200), "it is paid once");
    }
}
