//! Opening and creating the file.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use redb::{Builder, DatabaseError};

use super::super::super::error::OpenError;
use super::super::super::private;
use super::{Fault, tables};

pub(in super::super) const FILE_NAME: &str = "state.redb";

/// Pages kept in memory, in bytes. redb's own default is a gigabyte; the state is small, and what
/// does not fit is in the page cache of the kernel.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// Keeps other processes out, from before the file exists. The system takes it back when the
/// process ends, however it ends.
pub(super) struct Lock(File);

impl Lock {
    pub(super) fn take(database: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io {
            path: database.to_owned(),
            source,
        };
        if let Some(directory) = database.parent() {
            private::create_directory(directory).map_err(failed)?;
        }
        let file = private::open_or_create(&beside(database, ".lock")).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                path: database.to_owned(),
            }),
            // A file system without locks: redb's own lock has the same trouble and says so.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                Ok(Self(file))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone does not do: a child process that is being started has the file too, for
        // the moment until it runs its own program.
        if let Err(error) = self.0.unlock() {
            tracing::debug!(%error, "state database not unlocked");
        }
    }
}

pub(super) fn open_or_create(path: &Path) -> Result<redb::Database, OpenError> {
    let failed = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    if !path.try_exists().map_err(failed)? {
        create(path).map_err(|error| refused(path, error))?;
    }
    private::restrict(path).map_err(failed)?;
    open_existing(path).map_err(|error| refused(path, error))
}

/// Reads the whole file and checks it against its checksums: a plain open trusts a file that was
/// closed in good order and may panic later, when it was damaged since.
pub(super) fn open_existing(path: &Path) -> Result<redb::Database, DatabaseError> {
    Builder::new()
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(true)
        .open(path)
}

/// Makes an empty database under another name and then gives it its own. A process killed in the
/// middle thus leaves no file that is neither empty nor a database.
fn create(path: &Path) -> Result<(), redb::Error> {
    let new = beside(path, ".new");
    private::open_or_create(&new)?.set_len(0)?;
    let database = Builder::new().set_cache_size(CACHE_BYTES).create(&new)?;
    let transaction = database.begin_write()?;
    tables::create(&transaction).map_err(|fault| match fault {
        Fault::Redb(error) => *error,
        Fault::Record | Fault::Closed => redb::Error::Corrupted("new".to_owned()),
    })?;
    transaction.commit()?;
    database.close()?;
    fs::rename(&new, path)?;
    #[cfg(unix)]
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn refused(path: &Path, error: impl Into<redb::Error>) -> OpenError {
    let path = path.to_owned();
    match error.into() {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
            OpenError::InUse { path }
        }
        redb::Error::Io(source)
            if !matches!(
                source.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            ) =>
        {
            OpenError::Io { path, source }
        }
        error => OpenError::Damaged {
            path,
            detail: error.to_string(),
        },
    }
}
