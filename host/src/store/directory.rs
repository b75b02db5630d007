//! One collection on the local disk.
//!
//! Writing and removing is object_store's: a staging file beside the target, flushed, then renamed.
//! Looking is done here: object_store follows symbolic links out of the directory, and one entry
//! that it cannot read ends its listing, which would hide all others.

use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;

use super::error::Error;
use super::name::is_file_name;
use super::private;

/// A directory whose plain files with valid names are blobs.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    path: PathBuf,
    flush: bool,
}

/// What a listing tells of a file.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) modified_ms: u64,
}

impl Directory {
    pub(super) fn new(path: PathBuf, flush: bool) -> Self {
        Self { path, flush }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn read(&self, file: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, Error> {
        let metadata = match tokio::fs::symlink_metadata(self.path.join(file)).await {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(Error::Damaged(format!("`{file}`: {error}"))),
        };
        // A link could lead out of the directory, a named pipe would never end.
        if !metadata.is_file() {
            return Err(Error::Damaged(format!("`{file}`: not a plain file")));
        }
        let unreadable = |error: object_store::Error| Error::Damaged(format!("`{file}`: {error}"));
        let found = match self.store()?.get(&object(file)?).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        if found.meta.size > max_bytes {
            return Err(Error::TooLarge(max_bytes));
        }
        Ok(Some(found.bytes().await.map_err(unreadable)?.into()))
    }

    pub(super) async fn write(&self, file: &str, bytes: Bytes) -> Result<(), Error> {
        let (directory, file) = (self.clone(), file.to_owned());
        // A task of its own: a caller that is gone must not leave the file without its mode.
        let task = tokio::spawn(async move {
            private::create_directory(&directory.path)
                .map_err(|error| Error::io("directory", &error))?;
            let written = directory.store()?.put(&object(&file)?, bytes.into()).await;
            written.map_err(|error| Error::caused(&file, &error))?;
            private::restrict(&directory.path.join(&file))
                .or_else(|error| {
                    if is_absent(&error) {
                        Ok(())
                    } else {
                        Err(error)
                    }
                })
                .map_err(|error| Error::io(&file, &error))
        });
        task.await
            .map_err(|error| Error::Other(error.to_string()))?
    }

    pub(super) async fn delete(&self, file: &str) -> Result<bool, Error> {
        match tokio::fs::symlink_metadata(self.path.join(file)).await {
            Err(error) if is_absent(&error) => return Ok(false),
            Err(error) => return Err(Error::io(file, &error)),
            Ok(_) => {}
        }
        match self.store()?.delete(&object(file)?).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(Error::caused(file, &error)),
        }
    }

    /// The files after `after`, at most `limit`, and the name of the last one when there are more.
    pub(super) async fn list(
        &self,
        suffix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Listed>, Option<String>), Error> {
        let path = self.path.clone();
        let (suffix, after) = (suffix.to_owned(), after.map(str::to_owned));
        blocking(move || {
            let wanted = |name: &String| {
                name.ends_with(&suffix) && after.as_ref().is_none_or(|after| name > after)
            };
            let mut names: Vec<String> = plain_files(&path)?
                .filter_map(blob_name)
                .filter(wanted)
                .collect();
            names.sort_unstable();
            let more = names.len() > limit;
            names.truncate(limit);
            let next = names.last().filter(|_| more).cloned();
            Ok((
                names
                    .into_iter()
                    .filter_map(|name| describe(&path, name))
                    .collect(),
                next,
            ))
        })
        .await
    }

    /// Removes staging files that have not changed for `age`.
    pub(super) async fn clean(&self, age: Duration) {
        let path = self.path.clone();
        let cleaned = blocking(move || {
            for entry in plain_files(&path)?.filter(|entry| is_leftover(entry, age)) {
                let file = entry.file_name();
                match fs::remove_file(entry.path()) {
                    Ok(()) => tracing::info!(?file, "removed what an interrupted write left"),
                    Err(error) => tracing::warn!(?file, %error, "leftover of a write stays"),
                }
            }
            Ok(())
        });
        if let Err(error) = cleaned.await {
            tracing::warn!(%error, "directory not searched for leftovers of writes");
        }
    }

    /// Made anew for each use, which takes some microseconds: the directory may be created, moved
    /// or replaced while the server runs.
    fn store(&self) -> Result<LocalFileSystem, Error> {
        let store = LocalFileSystem::new_with_prefix(&self.path);
        Ok(store
            .map_err(|error| Error::caused("directory", &error))?
            .with_fsync(self.flush))
    }
}

fn object(file: &str) -> Result<ObjectPath, Error> {
    ObjectPath::parse(file).map_err(|error| Error::InvalidName(error.to_string()))
}

/// The plain files of a directory. Entries of which not even the type can be had are passed over.
fn plain_files(path: &Path) -> Result<impl Iterator<Item = DirEntry>, Error> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => Some(entries),
        Err(error) if is_absent(&error) => None,
        Err(error) => return Err(Error::io("directory", &error)),
    };
    let is_plain = |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    Ok(entries.into_iter().flatten().flatten().filter(is_plain))
}

fn blob_name(entry: DirEntry) -> Option<String> {
    entry
        .file_name()
        .into_string()
        .ok()
        .filter(|name| is_file_name(name))
}

fn describe(directory: &Path, name: String) -> Option<Listed> {
    let metadata = fs::symlink_metadata(directory.join(&name)).ok()?;
    Some(Listed {
        size: metadata.len(),
        modified_ms: modified_ms(&metadata),
        name,
    })
}

fn modified_ms(metadata: &Metadata) -> u64 {
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// object_store stages a write of `name` in `name#1`, `name#2` and so on. No blob is called that.
fn is_leftover(entry: &DirEntry, age: Duration) -> bool {
    let name = entry.file_name();
    let Some((blob, number)) = name.to_str().and_then(|name| name.split_once('#')) else {
        return false;
    };
    let staged = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let old = |metadata: Metadata| {
        let modified = metadata.modified().ok()?;
        SystemTime::now()
            .duration_since(modified)
            .ok()
            .map(|unchanged| unchanged >= age)
    };
    is_file_name(blob) && staged && entry.metadata().ok().and_then(old).unwrap_or(false)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Other(error.to_string()))?
}
