//! The redb file: opened once, checked, and opened again after an I/O error.

mod open;
mod tables;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use redb::ReadableDatabase;

use self::open::Lock;
use super::super::error::{Error, OpenError, is_full};
use super::Outcome;
use super::operation::Operation;

pub(super) use self::open::FILE_NAME;
pub(super) use self::tables::{ReadTables, WriteTables};

/// The open database. Methods block; they are called on threads for blocking work.
pub(super) struct Database {
    path: PathBuf,
    slot: RwLock<Slot>,
    commits: AtomicU64,
}

enum Slot {
    Open(redb::Database, Lock),
    /// After an I/O error redb refuses everything, reading too, until the file is opened again:
    /// that is done when somebody needs it.
    Failed(Lock),
    Closed,
}

/// Why a transaction did not happen.
#[derive(Debug)]
pub(super) enum Fault {
    Redb(Box<redb::Error>),
    /// A value that is too short to be one.
    Record,
    Closed,
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Redb(Box::new(error.into()))
    }
}

impl Database {
    /// Opens or creates the file. Nothing is deleted or moved away, whatever is found.
    pub(super) fn open(path: PathBuf) -> Result<Self, OpenError> {
        let lock = Lock::take(&path)?;
        let redb = open::open_or_create(&path)?;
        Ok(Self {
            path,
            slot: RwLock::new(Slot::Open(redb, lock)),
            commits: AtomicU64::new(0),
        })
    }

    /// Closes the file, after what is under way. From now on everything fails.
    pub(super) fn close(&self) {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        // Variant fields are dropped in order: the file is closed before others may open it.
        *slot = Slot::Closed;
    }

    /// Reads from one consistent snapshot.
    pub(super) fn read<T>(
        &self,
        read: impl Fn(&ReadTables) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let attempt = || self.with(|redb| read(&ReadTables::open(&redb.begin_read()?)?));
        match attempt() {
            // A write has failed in this moment: what is on the disk is as good as before.
            Err(fault) if self.close_after(&fault) => attempt().map_err(Error::from),
            outcome => outcome.map_err(Error::from),
        }
    }

    /// Carries out all operations in one transaction, or none of them.
    pub(super) fn write(
        &self,
        operations: &[&Operation],
        now_ms: u64,
    ) -> Result<Vec<Outcome>, Error> {
        let attempt = || self.with(|redb| self.transact(redb, operations, now_ms));
        let outcome = attempt();
        if let Err(fault) = &outcome
            && self.close_after(fault)
            && fault.is_stale()
        {
            // It was an earlier error that closed the database; this write has not been tried.
            return attempt().map_err(Error::from);
        }
        outcome.map_err(Error::from)
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn transact(
        &self,
        redb: &redb::Database,
        operations: &[&Operation],
        now_ms: u64,
    ) -> Result<Vec<Outcome>, Fault> {
        // Durable when `commit` returns, by one flush: data, checksums and the switch to them are
        // written together. After a crash in the middle the checksums do not fit, and redb takes
        // the state before. That can be fooled only by somebody who chooses the order in which the
        // disk writes pages, so the second flush of redb's two-phase commit is not paid for.
        let transaction = redb.begin_write()?;
        let mut tables = WriteTables::open(&transaction)?;
        let outcomes = operations
            .iter()
            .map(|operation| operation.apply(&mut tables, now_ms))
            .collect::<Result<Vec<_>, _>>()?;
        let changed = tables.changed();
        drop(tables);
        if changed {
            transaction.commit()?;
            self.commits.fetch_add(1, Ordering::Relaxed);
        } else {
            transaction.abort()?;
        }
        Ok(outcomes)
    }

    fn with<T>(&self, work: impl Fn(&redb::Database) -> Result<T, Fault>) -> Result<T, Fault> {
        match &*self.slot.read().unwrap_or_else(PoisonError::into_inner) {
            Slot::Open(redb, _) => return work(redb),
            Slot::Closed => return Err(Fault::Closed),
            Slot::Failed(_) => {}
        }
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        if let Slot::Failed(_) = *slot {
            let redb = open::open_existing(&self.path)?;
            *slot = match std::mem::replace(&mut *slot, Slot::Closed) {
                Slot::Failed(lock) => Slot::Open(redb, lock),
                other => other,
            };
        }
        // Kept while working: otherwise the next failure could come before it was of use.
        match &*slot {
            Slot::Open(redb, _) => work(redb),
            Slot::Failed(_) | Slot::Closed => Err(Fault::Closed),
        }
    }

    /// Closes the file when it has to be opened again.
    fn close_after(&self, fault: &Fault) -> bool {
        if !fault.is_io() {
            return false;
        }
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        *slot = match std::mem::replace(&mut *slot, Slot::Closed) {
            Slot::Open(redb, lock) => {
                drop(redb);
                Slot::Failed(lock)
            }
            other => other,
        };
        true
    }
}

impl Fault {
    fn is_io(&self) -> bool {
        matches!(self, Self::Redb(error) if matches!(**error, redb::Error::Io(_) | redb::Error::PreviousIo))
    }

    fn is_stale(&self) -> bool {
        matches!(self, Self::Redb(error) if matches!(**error, redb::Error::PreviousIo))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let error = match fault {
            Fault::Record => return Self::Damaged("a value is too short".to_owned()),
            Fault::Closed => return Self::Other("the state database is closed".to_owned()),
            Fault::Redb(error) => *error,
        };
        match error {
            redb::Error::Io(error) if is_full(&error) => Self::NoSpace,
            redb::Error::Corrupted(_) | redb::Error::LockPoisoned(_) => {
                Self::Damaged(error.to_string())
            }
            error => Self::Other(error.to_string()),
        }
    }
}
