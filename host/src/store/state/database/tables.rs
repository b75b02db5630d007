//! The tables of the database.

use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::super::record::{KeyRange, Record};
use super::Fault;

/// Namespace and key to version, end and value.
const VALUES: TableDefinition<&[u8], &[u8]> = TableDefinition::new("values");

/// The ends of the values that have one, to find the expired without reading all.
const ENDS: TableDefinition<(u64, &[u8]), ()> = TableDefinition::new("ends");

/// Numbers of the whole database.
const NUMBERS: TableDefinition<&str, u64> = TableDefinition::new("numbers");

/// The version given last. One count for all keys: a key that comes back after its removal must
/// not get a version that it had before.
const LAST_VERSION: &str = "last-version";

/// Creates the tables, so that readers find them.
pub(super) fn create(transaction: &WriteTransaction) -> Result<(), Fault> {
    WriteTables::open(transaction).map(|_| ())
}

/// A snapshot for reading.
pub(in super::super) struct ReadTables {
    values: redb::ReadOnlyTable<&'static [u8], &'static [u8]>,
}

impl ReadTables {
    pub(super) fn open(transaction: &ReadTransaction) -> Result<Self, Fault> {
        Ok(Self {
            values: transaction.open_table(VALUES)?,
        })
    }

    /// The record of a key, also when it has expired.
    pub(in super::super) fn record(&self, key: &[u8]) -> Result<Option<Record>, Fault> {
        record(&self.values, key)
    }

    /// The first keys of a range that have not expired. A record that cannot be read counts.
    pub(in super::super) fn live_keys(
        &self,
        range: &KeyRange,
        limit: usize,
        now_ms: u64,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let (start, end) = range;
        let bounds = (
            start.as_ref().map(Vec::as_slice),
            end.as_ref().map(Vec::as_slice),
        );
        let mut keys = Vec::new();
        for entry in self.values.range::<&[u8]>(bounds)? {
            let (key, value) = entry?;
            if Record::decode(value.value()).is_none_or(|record| record.is_live(now_ms)) {
                keys.push(key.value().to_vec());
                if keys.len() == limit {
                    break;
                }
            }
        }
        Ok(keys)
    }
}

/// The tables within a transaction.
pub(in super::super) struct WriteTables<'t> {
    values: Table<'t, &'static [u8], &'static [u8]>,
    ends: Table<'t, (u64, &'static [u8]), ()>,
    numbers: Table<'t, &'static str, u64>,
    changed: bool,
}

impl<'t> WriteTables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, Fault> {
        Ok(Self {
            values: transaction.open_table(VALUES)?,
            ends: transaction.open_table(ENDS)?,
            numbers: transaction.open_table(NUMBERS)?,
            changed: false,
        })
    }

    /// A version greater than any before it.
    pub(in super::super) fn next_version(&mut self) -> Result<u64, Fault> {
        let last = self
            .numbers
            .get(LAST_VERSION)?
            .map_or(0, |last| last.value());
        let next = last.saturating_add(1);
        self.numbers.insert(LAST_VERSION, next)?;
        Ok(next)
    }

    pub(in super::super) fn insert(&mut self, key: &[u8], record: &Record) -> Result<(), Fault> {
        self.remove(key)?;
        if let Some(end) = record.expires_at_ms {
            self.ends.insert((end, key), ())?;
        }
        self.values.insert(key, record.encode().as_slice())?;
        self.changed = true;
        Ok(())
    }

    pub(in super::super) fn remove(&mut self, key: &[u8]) -> Result<(), Fault> {
        let Some(old) = self
            .values
            .remove(key)?
            .map(|old| Record::decode(old.value()))
        else {
            return Ok(());
        };
        if let Some(end) = old.and_then(|old| old.expires_at_ms) {
            self.ends.remove((end, key))?;
        }
        self.changed = true;
        Ok(())
    }

    /// Removes the end of a value and the value, unless it has another end by now.
    pub(in super::super) fn remove_expired(&mut self, end: u64, key: &[u8]) -> Result<(), Fault> {
        if let Ok(Some(record)) = self.record(key)
            && record.expires_at_ms == Some(end)
        {
            self.values.remove(key)?;
        }
        self.ends.remove((end, key))?;
        self.changed = true;
        Ok(())
    }

    pub(in super::super) fn record(&self, key: &[u8]) -> Result<Option<Record>, Fault> {
        record(&self.values, key)
    }

    /// Keys of values whose end has come, the oldest first, each with its end.
    pub(in super::super) fn expired(
        &self,
        limit: usize,
        now_ms: u64,
    ) -> Result<Vec<(u64, Vec<u8>)>, Fault> {
        let ended = self
            .ends
            .range(..(now_ms.saturating_add(1), [].as_slice()))?;
        ended
            .take(limit)
            .map(|entry| {
                let (key, ()) = entry.map(|(key, _)| (key, ()))?;
                let (end, key) = key.value();
                Ok((end, key.to_vec()))
            })
            .collect()
    }

    /// Whether there is anything to commit.
    pub(super) fn changed(&self) -> bool {
        self.changed
    }
}

fn record(
    values: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Record>, Fault> {
    let Some(value) = values.get(key)? else {
        return Ok(None);
    };
    Record::decode(value.value()).map(Some).ok_or(Fault::Record)
}
