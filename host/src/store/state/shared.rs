//! Values as files in a directory that several processes share.
//!
//! A value is one file, named by the digests of its namespace and its key, and replaced as a whole:
//! readers need no lock, and a listing opens no file of another namespace.
//! Writers of the same shard exclude each other by a lock of the file system, so that comparing and
//! setting is one step for all processes. The lock file holds the last version given in its shard.

mod file;

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::ops::{Bound, RangeBounds as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use self::file::{Fault, encode, is_value, load, name_of, prefix_of, shard_of};
use super::super::error::{Error, OpenError};
use super::super::private;
use super::Outcome;
use super::operation::{Found, Operation};
use super::record::{KeyRange, Record};

/// Writers of different shards do not wait for each other.
const SHARDS: u8 = 64;
/// The file of a shard that writers lock.
const LOCK: &str = "lock";
/// What unfinished files begin with.
const UNFINISHED: &str = ".new-";
/// Age at which an unfinished file can belong to no write that still goes on.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);
/// The directory. Methods block; they are called on threads for blocking work.
pub(super) struct SharedDirectory {
    path: PathBuf,
}

/// The shard of a key, locked.
struct Writing<'a> {
    shard: PathBuf,
    lock: &'a File,
}

impl SharedDirectory {
    /// Creates the directory when it is missing, and checks that files can be locked in it.
    pub(super) fn open(path: PathBuf) -> Result<Self, OpenError> {
        let directory = Self { path };
        let failed = |source| OpenError::Shared {
            path: directory.path.clone(),
            source,
        };
        private::create_directory(&directory.path).map_err(failed)?;
        for shard in 0..SHARDS {
            let shard = directory.shard(shard);
            private::create_directory(&shard).map_err(failed)?;
            private::open_or_create(&shard.join(LOCK)).map_err(failed)?;
        }
        // Without locks, two replicas could accept one code.
        directory.locked(0, |_| Ok(())).map_err(failed)?;
        Ok(directory)
    }

    pub(super) fn read(&self, key: &[u8]) -> Result<Option<Record>, Error> {
        match load(&self.file(key)) {
            Ok(Some(stored)) if stored.key == key => Ok(Some(stored.record)),
            Ok(None) => Ok(None),
            Ok(Some(_)) => Err(Error::Damaged("a value of another key".to_owned())),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Keys in the range that have a value, in order. What is damaged is reported and passed over.
    pub(super) fn live_keys(
        &self,
        range: &KeyRange,
        limit: usize,
        now_ms: u64,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let (Bound::Included(first) | Bound::Excluded(first), _) = range else {
            return Ok(Vec::new());
        };
        let namespace = prefix_of(first);
        let mut keys = Vec::new();
        for shard in 0..SHARDS {
            let of_namespace = |path: &PathBuf| {
                let name = path.file_name().and_then(|name| name.to_str());
                name.is_some_and(|name| name.starts_with(&namespace))
            };
            for path in self.values(shard)?.filter(of_namespace) {
                match load(&path) {
                    Ok(Some(stored)) if stored.record.is_live(now_ms) => keys.push(stored.key),
                    Ok(_) => {}
                    Err(fault) => report(&path, &fault),
                }
            }
        }
        keys.retain(|key| range.contains(key));
        keys.sort_unstable();
        keys.truncate(limit);
        Ok(keys)
    }

    /// Carries out one write. Durable when this returns.
    pub(super) fn write(&self, operation: &Operation, now_ms: u64) -> Result<Outcome, Error> {
        let (key, expected) = match operation {
            Operation::Put { key, expected, .. } | Operation::Delete { key, expected } => {
                (key, *expected)
            }
            Operation::Barrier => return Ok(Outcome::Done(0)),
            Operation::Sweep => return self.sweep(now_ms).map(Outcome::Done),
        };
        let path = self.file(key);
        let written = self.locked(shard_of(key), |writing| {
            let before = match load(&path) {
                Ok(stored) => stored.map(|stored| stored.record),
                Err(Fault::Damaged) => None,
                Err(Fault::Io(error)) => return Err(error),
            };
            let damaged = before.is_none() && path.try_exists()?;
            let found = match &before {
                _ if damaged => Found::Damaged,
                Some(record) if record.is_live(now_ms) => Found::Live(record.version),
                _ => Found::Nothing,
            };
            if !expected.holds(found) {
                return Ok(Outcome::Conflict);
            }
            match operation {
                Operation::Put {
                    value,
                    expires_at_ms,
                    ..
                } => {
                    let least = before.map_or(0, |record| record.version);
                    let version = writing.next_version(least, now_ms)?;
                    let record = Record {
                        version,
                        expires_at_ms: *expires_at_ms,
                        value: value.clone(),
                    };
                    writing.replace(&path, &encode(key, &record))?;
                    Ok(Outcome::Done(version))
                }
                _ => {
                    writing.remove(&path)?;
                    Ok(Outcome::Done(0))
                }
            }
        });
        written.map_err(|error| Error::io("state", &error))
    }

    /// Removes expired values and the leftovers of killed writers. Tells how many values.
    fn sweep(&self, now_ms: u64) -> Result<u64, Error> {
        let mut removed = 0u64;
        for shard in 0..SHARDS {
            let is_expired = |path: &PathBuf| {
                let stored = load(path);
                matches!(stored, Ok(Some(stored)) if !stored.record.is_live(now_ms))
            };
            let expired: Vec<PathBuf> = self.values(shard)?.filter(is_expired).collect();
            if !expired.is_empty() {
                let swept = self.locked(shard, |writing| {
                    let mut count = 0;
                    // It may have been written again meanwhile.
                    for path in expired.iter().filter(|path| is_expired(path)) {
                        writing.remove(path)?;
                        count += 1;
                    }
                    Ok(count)
                });
                removed += swept.map_err(|error| Error::io("state", &error))?;
            }
            clean(&self.shard(shard));
        }
        Ok(removed)
    }

    fn locked<T>(
        &self,
        shard: u8,
        work: impl FnOnce(&Writing<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        let shard = self.shard(shard);
        let lock = private::open_or_create(&shard.join(LOCK))?;
        lock.lock()?;
        let outcome = work(&Writing { shard, lock: &lock });
        // Closing alone does not do: a child process that is being started has the file too.
        lock.unlock()?;
        outcome
    }

    fn values(&self, shard: u8) -> Result<impl Iterator<Item = PathBuf>, Error> {
        let entries = match fs::read_dir(self.shard(shard)) {
            Ok(entries) => Some(entries),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io("state", &error)),
        };
        let names = entries.into_iter().flatten().filter_map(Result::ok);
        Ok(names
            .map(|entry| entry.path())
            .filter(|path| is_value(path)))
    }

    fn shard(&self, shard: u8) -> PathBuf {
        self.path.join(format!("{shard:02}"))
    }

    fn file(&self, key: &[u8]) -> PathBuf {
        self.shard(shard_of(key)).join(name_of(key))
    }
}

impl Writing<'_> {
    /// Greater than any before, also of values that are gone: than the last of the shard, and than
    /// the time, in case the counter was lost with the power.
    fn next_version(&self, least: u64, now_ms: u64) -> io::Result<u64> {
        let mut lock = self.lock;
        let mut bytes = Vec::new();
        lock.rewind()?;
        lock.take(9).read_to_end(&mut bytes)?;
        let last = <[u8; 8]>::try_from(bytes.as_slice()).map_or(0, u64::from_be_bytes);
        let version = last.max(least).saturating_add(1).max(now_ms);
        lock.rewind()?;
        lock.write_all(&version.to_be_bytes())?;
        lock.set_len(8)?;
        Ok(version)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(&self.shard)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)?;
        self.flush()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.flush(),
        }
    }

    /// Makes names durable.
    fn flush(&self) -> io::Result<()> {
        #[cfg(unix)]
        File::open(&self.shard)?.sync_all()?;
        Ok(())
    }
}

/// Removes unfinished files that nobody finishes any more.
fn clean(shard: &Path) {
    let Ok(entries) = fs::read_dir(shard) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        let changed = entry.metadata().and_then(|metadata| metadata.modified());
        let age = changed
            .ok()
            .and_then(|changed| SystemTime::now().duration_since(changed).ok());
        if unfinished && age.is_some_and(|age| age > LEFTOVER_AGE) {
            // Another replica may do the same.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn report(path: &Path, fault: &Fault) {
    let file = path.display();
    match fault {
        Fault::Damaged => tracing::warn!(%file, "damaged value of the state passed over"),
        Fault::Io(error) => tracing::warn!(%file, %error, "value of the state passed over"),
    }
}
