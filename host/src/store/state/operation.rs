//! One write, carried out within a transaction that it may share with others.

use super::database::{Fault, WriteTables};
use super::record::Record;
use super::{Expect, Outcome};

/// How many expired values one write removes on the side. A write makes at most one, so they do
/// not pile up.
const SWEPT_BY_A_WRITE: usize = 8;

/// How many a sweep removes in one transaction, so that writes in between do not wait long.
const SWEPT_AT_ONCE: usize = 1000;

/// What a caller wants changed. Keys are as stored.
#[derive(Debug)]
pub(super) enum Operation {
    Put {
        key: Vec<u8>,
        value: Vec<u8>,
        expected: Expect,
        expires_at_ms: Option<u64>,
    },
    Delete {
        key: Vec<u8>,
        expected: Expect,
    },
    Sweep,
    /// Nothing: answered when everything before it has been.
    Barrier,
}

impl Operation {
    /// Carries it out. `Done` of a sweep holds the number of values removed.
    pub(super) fn apply(&self, tables: &mut WriteTables, now_ms: u64) -> Result<Outcome, Fault> {
        match self {
            Self::Put {
                key,
                value,
                expected,
                expires_at_ms,
            } => {
                if !holds(*expected, tables, key, now_ms)? {
                    return Ok(Outcome::Conflict);
                }
                sweep(tables, SWEPT_BY_A_WRITE, now_ms)?;
                let version = tables.next_version()?;
                let (expires_at_ms, value) = (*expires_at_ms, value.clone());
                tables.insert(
                    key,
                    &Record {
                        version,
                        expires_at_ms,
                        value,
                    },
                )?;
                Ok(Outcome::Done(version))
            }
            Self::Delete { key, expected } => {
                if !holds(*expected, tables, key, now_ms)? {
                    return Ok(Outcome::Conflict);
                }
                tables.remove(key)?;
                Ok(Outcome::Done(0))
            }
            Self::Barrier => Ok(Outcome::Done(0)),
            Self::Sweep => Ok(Outcome::Done(sweep(tables, SWEPT_AT_ONCE, now_ms)?)),
        }
    }
}

/// What is under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// A value of this version.
    Live(u64),
    /// A value that is there, but has no version that anybody could have read.
    Damaged,
}

impl Expect {
    pub(super) fn holds(self, found: Found) -> bool {
        match self {
            Self::Anything => true,
            Self::Absent => found == Found::Nothing,
            Self::Version(version) => found == Found::Live(version),
        }
    }
}

fn holds(expected: Expect, tables: &WriteTables, key: &[u8], now_ms: u64) -> Result<bool, Fault> {
    let found = match tables.record(key) {
        Ok(Some(record)) if record.is_live(now_ms) => Found::Live(record.version),
        Ok(_) => Found::Nothing,
        Err(Fault::Record) => Found::Damaged,
        Err(fault) => return Err(fault),
    };
    Ok(expected.holds(found))
}

fn sweep(tables: &mut WriteTables, limit: usize, now_ms: u64) -> Result<u64, Fault> {
    let expired = tables.expired(limit, now_ms)?;
    for (end, key) in &expired {
        tables.remove_expired(*end, key)?;
    }
    Ok(expired.len() as u64)
}
