//! Values in the memory of the process, gone when it ends.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Outcome;
use super::operation::{Found, Operation};
use super::record::{KeyRange, Record};

/// The values, by their keys as stored.
#[derive(Default)]
pub(super) struct Memory(Mutex<Values>);

#[derive(Default)]
struct Values {
    records: BTreeMap<Vec<u8>, Record>,
    last_version: u64,
}

impl Memory {
    pub(super) fn read(&self, key: &[u8]) -> Option<Record> {
        self.values().records.get(key).cloned()
    }

    pub(super) fn live_keys(&self, range: &KeyRange, limit: usize, now_ms: u64) -> Vec<Vec<u8>> {
        let values = self.values();
        // A range that ends before it begins is a panic of the map.
        let all = values.records.iter();
        let wanted = all.filter(|(key, record)| {
            std::ops::RangeBounds::contains(range, *key) && record.is_live(now_ms)
        });
        wanted.take(limit).map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn write(&self, operation: Operation, now_ms: u64) -> Outcome {
        let mut values = self.values();
        let found = |key: &Vec<u8>, values: &Values| {
            let record = values.records.get(key);
            let live = record.filter(|record| record.is_live(now_ms));
            live.map_or(Found::Nothing, |record| Found::Live(record.version))
        };
        match operation {
            Operation::Put {
                key,
                value,
                expected,
                expires_at_ms,
            } => {
                if !expected.holds(found(&key, &values)) {
                    return Outcome::Conflict;
                }
                values.last_version = values.last_version.saturating_add(1);
                let version = values.last_version;
                let record = Record {
                    version,
                    expires_at_ms,
                    value,
                };
                values.records.insert(key, record);
                Outcome::Done(version)
            }
            Operation::Delete { key, expected } => {
                if !expected.holds(found(&key, &values)) {
                    return Outcome::Conflict;
                }
                values.records.remove(&key);
                Outcome::Done(0)
            }
            Operation::Barrier => Outcome::Done(0),
            Operation::Sweep => {
                let before = values.records.len();
                values.records.retain(|_, record| record.is_live(now_ms));
                let removed = before.saturating_sub(values.records.len());
                Outcome::Done(u64::try_from(removed).unwrap_or(u64::MAX))
            }
        }
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
