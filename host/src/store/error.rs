//! Why the store could not do it, for components and for the operator.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

/// The errors of `wit/store/types.wit`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The name or key breaks the rules of the interface. The text says how.
    #[error("invalid name: {0}")]
    InvalidName(String),
    /// The value is larger than the deployment allows: this many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// There is no space left, on the disk or in the quota. What was there is unchanged.
    #[error("no space left")]
    NoSpace,
    /// What is stored cannot be read back; nothing was deleted. The text is for the log.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Anything else. The text is for the log, not for parsing and not for clients.
    #[error("{0}")]
    Other(String),
}

/// Why the state database cannot be used. Nothing was deleted or moved away.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another `State` of this one, has it open.
    #[error(
        "state database `{}`: in use by another process\n\
         hint: stop the other server, or give each server a data directory of its own",
        path.display()
    )]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The file is not a database, or a part of it does not match its checksum.
    #[error(
        "state database `{}`: damaged: {detail}\n\
         hint: it was left as it is; restore it from a backup, or move it away to start with an \
         empty one (jobs and links are lost with it, images are not)",
        path.display()
    )]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What does not fit.
        detail: String,
    },
    /// The shared directory cannot be used, or its file system has no locks.
    #[error(
        "shared state `{}`: {source}\n\
         hint: `KV_STORE_URL` has to name a directory that the server can write to, on a file system with locks",
        path.display()
    )]
    Shared {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be read or written.
    #[error("state database `{}`: {source}", path.display())]
    Io {
        /// The database file or its directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// An I/O error. `what` names the thing, without its directory.
    pub(super) fn io(what: &str, error: &io::Error) -> Self {
        if is_full(error) {
            Self::NoSpace
        } else {
            Self::Other(format!("{what}: {error}"))
        }
    }

    /// An error with an I/O error somewhere among its causes.
    pub(super) fn caused(what: &str, error: &(dyn StdError + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(current) = cause {
            if let Some(io) = current.downcast_ref::<io::Error>() {
                return Self::io(what, io);
            }
            cause = current.source();
        }
        Self::Other(format!("{what}: {error}"))
    }
}

/// A full disk, a spent disk quota, and the file size limit of the process come to the same.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
