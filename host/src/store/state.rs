//! Small values with compare-and-set and a time to live: in one redb file, in a directory that
//! several processes share, or in memory.

mod database;
mod memory;
mod operation;
mod queue;
mod record;
mod shared;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::database::Database;
use self::memory::Memory;
use self::operation::Operation;
use self::queue::Queue;
use self::record::{KeyRange, Namespace, Record};
use self::shared::SharedDirectory;
use super::clock::WallClock;
use super::error::{Error, OpenError};
use super::name::{check_key, check_key_prefix};

/// The largest value, in bytes.
const MAX_VALUE_BYTES: usize = 64 * 1024;

/// The state of the process. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct State {
    shared: Arc<Shared>,
}

/// The part of the state that one component of one tenant can name.
#[derive(Clone)]
pub struct StateNamespace {
    shared: Arc<Shared>,
    namespace: Namespace,
}

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateEntry {
    /// The bytes as written.
    pub value: Vec<u8>,
    /// For [`Expect::Version`].
    pub version: u64,
}

/// A value to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatePut<'a> {
    /// At most 64 KiB.
    pub value: &'a [u8],
    /// What must hold.
    pub expected: Expect,
    /// When it expires, or never.
    pub ttl_seconds: Option<u32>,
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: the write always happens.
    Anything,
    /// There is no value, or it has expired.
    Absent,
    /// The value still has this version.
    Version(u64),
}

/// The outcome of a write that could be attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened, and this is the version now (0 after a delete).
    Done(u64),
    /// The expectation does not hold; nothing changed.
    Conflict,
}

struct Shared {
    backend: Backend,
    clock: WallClock,
}

/// What keeps the values.
enum Backend {
    Database {
        database: Arc<Database>,
        queue: Arc<Queue>,
    },
    Directory(Arc<SharedDirectory>),
    Memory(Memory),
}

impl State {
    /// Opens `state.redb` in `directory`; creates both when they are missing, for the owner alone.
    /// Reads the whole file to check it, so that a damaged one is found now and not by a request.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. Nothing is deleted or moved away.
    pub async fn open(directory: &Path, clock: WallClock) -> Result<Self, OpenError> {
        let path = directory.join(database::FILE_NAME);
        let task = tokio::task::spawn_blocking({
            let path = path.clone();
            move || Database::open(path)
        });
        // redb panics on some damage in debug builds.
        let database = task.await.unwrap_or_else(|error| {
            Err(OpenError::Damaged {
                path,
                detail: error.to_string(),
            })
        })?;
        let database = Arc::new(database);
        let queue = Arc::new(Queue::new(database.clone(), clock.clone()));
        Ok(Self::with(Backend::Database { database, queue }, clock))
    }

    /// Uses a directory that other processes may use at the same time, also on other machines when
    /// the file system has locks between them. It is created when it is missing.
    ///
    /// # Errors
    ///
    /// [`OpenError::Shared`].
    pub async fn open_shared(directory: PathBuf, clock: WallClock) -> Result<Self, OpenError> {
        let path = directory.clone();
        let task = tokio::task::spawn_blocking(move || SharedDirectory::open(directory));
        let opened = task.await.unwrap_or_else(|error| {
            Err(OpenError::Shared {
                path,
                source: std::io::Error::other(error),
            })
        })?;
        Ok(Self::with(Backend::Directory(Arc::new(opened)), clock))
    }

    /// Values that nobody else sees and that end with the process.
    #[must_use]
    pub fn in_memory(clock: WallClock) -> Self {
        Self::with(Backend::Memory(Memory::default()), clock)
    }

    fn with(backend: Backend, clock: WallClock) -> Self {
        Self {
            shared: Arc::new(Shared { backend, clock }),
        }
    }

    /// The values of a component of a tenant. Different pairs never see each other's values.
    pub fn namespace(&self, tenant: &str, component: &str) -> StateNamespace {
        StateNamespace {
            shared: self.shared.clone(),
            namespace: Namespace::new(tenant, component),
        }
    }

    /// Removes expired values and tells how many. Reads never see them anyway, and every write
    /// removes some; this is for a start after a long rest.
    ///
    /// # Errors
    ///
    /// As for any write.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let mut removed = 0;
        loop {
            let Outcome::Done(count) = self.shared.write(Operation::Sweep).await? else {
                return Ok(removed);
            };
            removed += count;
            if count == 0 {
                return Ok(removed);
            }
        }
    }

    /// Closes the database, after the writes that have been submitted. Everything fails from now
    /// on. Without it, the last clone closes the database when it is dropped, and writes whose
    /// callers have left may still be under way then.
    pub async fn close(self) {
        let Backend::Database { database, queue } = &self.shared.backend else {
            return;
        };
        queue.finish().await;
        let database = database.clone();
        // Fails only when the runtime shuts down, which ends everything anyway.
        let _ = tokio::task::spawn_blocking(move || database.close()).await;
    }

    /// How many transactions have been committed since the start. Concurrent writes share one.
    pub fn commits(&self) -> u64 {
        match &self.shared.backend {
            Backend::Database { database, .. } => database.commits(),
            Backend::Directory(_) | Backend::Memory(_) => 0,
        }
    }
}

impl StateNamespace {
    /// The value of a key; `None` when there is none or it has expired.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`], or [`Error::Damaged`].
    pub async fn get(&self, key: &str) -> Result<Option<StateEntry>, Error> {
        check_key(key)?;
        let (key, now) = (self.namespace.key(key), self.shared.clock.now_ms());
        let record = self.shared.record(key).await?;
        Ok(record
            .filter(|record| record.is_live(now))
            .map(|Record { value, version, .. }| StateEntry { value, version }))
    }

    /// Writes a value. Durable when this returns; goes on to its end when the caller stops waiting.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`], [`Error::TooLarge`], [`Error::NoSpace`] and what the disk has.
    /// Nothing changed then.
    pub async fn put(&self, key: &str, put: StatePut<'_>) -> Result<Outcome, Error> {
        let StatePut {
            value,
            expected,
            ttl_seconds,
        } = put;
        check_key(key)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(Error::TooLarge(MAX_VALUE_BYTES as u64));
        }
        let expires_at_ms = ttl_seconds.map(|seconds| {
            self.shared
                .clock
                .now_ms()
                .saturating_add(u64::from(seconds) * 1000)
        });
        let key = self.namespace.key(key);
        let put = Operation::Put {
            key,
            value: value.to_vec(),
            expected,
            expires_at_ms,
        };
        self.shared.write(put).await
    }

    /// Removes a value; `Done` also when there was none and the expectation allows that.
    ///
    /// # Errors
    ///
    /// As for [`put`](Self::put).
    pub async fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, Error> {
        check_key(key)?;
        let delete = Operation::Delete {
            key: self.namespace.key(key),
            expected,
        };
        self.shared.write(delete).await
    }

    /// Keys that begin with `prefix`, in order, after the key `after`. `limit` is clamped to
    /// 1..=1000.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`], and what the disk has. A damaged value does not hide other keys.
    pub async fn keys(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, Error> {
        check_key_prefix(prefix)?;
        after.map_or(Ok(()), check_key)?;
        let range = self.namespace.range(prefix, after);
        let (limit, now) = (limit.clamp(1, 1000) as usize, self.shared.clock.now_ms());
        let keys = self.shared.live_keys(range, limit, now).await?;
        Ok(keys
            .iter()
            .filter_map(|key| self.namespace.strip(key))
            .collect())
    }
}

impl Shared {
    async fn record(&self, key: Vec<u8>) -> Result<Option<Record>, Error> {
        match &self.backend {
            Backend::Database { database, .. } => {
                let database = database.clone();
                blocking(move || database.read(|tables| tables.record(&key))).await
            }
            Backend::Directory(directory) => {
                let directory = directory.clone();
                blocking(move || directory.read(&key)).await
            }
            Backend::Memory(memory) => Ok(memory.read(&key)),
        }
    }

    async fn live_keys(
        &self,
        range: KeyRange,
        limit: usize,
        now: u64,
    ) -> Result<Vec<Vec<u8>>, Error> {
        match &self.backend {
            Backend::Database { database, .. } => {
                let database = database.clone();
                blocking(move || database.read(|tables| tables.live_keys(&range, limit, now))).await
            }
            Backend::Directory(directory) => {
                let directory = directory.clone();
                blocking(move || directory.live_keys(&range, limit, now)).await
            }
            Backend::Memory(memory) => Ok(memory.live_keys(&range, limit, now)),
        }
    }

    async fn write(&self, operation: Operation) -> Result<Outcome, Error> {
        let now = self.clock.now_ms();
        match &self.backend {
            Backend::Database { queue, .. } => queue.submit(operation).await,
            Backend::Directory(directory) => {
                let directory = directory.clone();
                blocking(move || directory.write(&operation, now)).await
            }
            Backend::Memory(memory) => Ok(memory.write(operation, now)),
        }
    }
}

/// Work that goes on to its end when its caller leaves.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    // A panic while reading is redb's way to say that a page makes no sense.
    let task = tokio::task::spawn_blocking(work);
    task.await
        .unwrap_or_else(|error| Err(Error::Damaged(error.to_string())))
}
