//! The key that seals what the OAuth server issues, when nobody configured one: made once, kept in
//! the data directory, and read by nobody but its owner.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

use super::auth::{Auth, AuthMode};
use super::fault::Report;
use super::secret::Secret;
use super::settings;
use super::storage::Storage;
use super::values::Values;

/// The name of the file in the data directory.
const FILE: &str = "oidc-signing-key";
/// Random bytes of a key; the file holds them in hexadecimal.
const KEY_BYTES: usize = 32;

/// Where the key is, or is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyFile {
    path: PathBuf,
}

/// What is found without making anything.
#[derive(Debug)]
pub enum SigningKeyState {
    /// A good key is there.
    Present,
    /// None is there: the start makes one.
    Absent,
}

/// Why there is no key. Texts hold nothing of it.
#[derive(Debug, Error)]
pub enum SigningKeyError {
    /// The file is there and cannot be read.
    #[error("cannot read the signing key `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The directory does not take a file.
    #[error(
        "cannot make the signing key `{path}`: {source}\nhint: let the server write to `DATA_DIR`, or set `OIDC_JWT_SIGNING_KEY`, for example to the output of `openssl rand -hex 32`"
    )]
    NotMade {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The content is not what this server writes.
    #[error(
        "the signing key `{path}` is damaged: expected 64 hexadecimal digits\nhint: restore the file; or remove it to have a new key made: then everybody has to sign in again"
    )]
    Damaged {
        /// The file.
        path: String,
    },
    /// Anybody on this machine could have read it.
    #[error(
        "the signing key `{path}` can be read by every user of this machine\nhint: remove it to have a new key made: then everybody has to sign in again. When nobody else has been here, `chmod 600` is enough"
    )]
    Exposed {
        /// The file.
        path: String,
    },
    /// The system gives no random bytes.
    #[error("the system has no randomness for a signing key")]
    NoRandomness,
}

impl SigningKeyFile {
    /// Needed by our proxy, unless the setting is there.
    pub(super) fn resolve(
        auth: &Auth,
        values: &Values,
        storage: &Storage,
        report: &mut Report,
    ) -> Option<Self> {
        let given = values.is_set(&settings::OIDC_JWT_SIGNING_KEY);
        if auth.mode != AuthMode::OidcProxy || given {
            return None;
        }
        if storage.state.is_shared() {
            report.warn("`KV_STORE_URL` is shared and `OIDC_JWT_SIGNING_KEY` is not set: replicas that do not share `DATA_DIR` too refuse each other's tokens");
        }
        Some(Self::in_directory(&storage.data_dir))
    }

    pub(super) fn in_directory(directory: &Path) -> Self {
        Self {
            path: directory.join(FILE),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks, and makes nothing.
    ///
    /// # Errors
    ///
    /// When the start would fail for what is there.
    pub fn inspect(&self) -> Result<SigningKeyState, SigningKeyError> {
        Ok(match self.read()? {
            Some(_) => SigningKeyState::Present,
            None => SigningKeyState::Absent,
        })
    }

    /// The key, made now when there is none.
    ///
    /// # Errors
    ///
    /// See [`SigningKeyError`].
    pub fn load_or_make(&self) -> Result<Secret, SigningKeyError> {
        if let Some(key) = self.read()? {
            return Ok(key);
        }
        self.make()?;
        // Another process may have been faster: its key is the one.
        let made = self.read()?;
        made.ok_or_else(|| self.not_made(io::Error::from(io::ErrorKind::NotFound)))
    }

    fn read(&self) -> Result<Option<Secret>, SigningKeyError> {
        let unreadable = |source| SigningKeyError::Unreadable {
            path: self.shown(),
            source,
        };
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let damaged = || SigningKeyError::Damaged { path: self.shown() };
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(damaged());
        }
        self.check_mode(&metadata)?;
        let mut text = String::new();
        file.take(1024)
            .read_to_string(&mut text)
            .map_err(|_| damaged())?;
        let key = Secret::new(text);
        let digits = key.expose().trim_end_matches(['\r', '\n']);
        let is_key = digits.len() == KEY_BYTES * 2
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            && super::strength::sufficient(digits).is_ok();
        if is_key {
            Ok(Some(Secret::new(digits)))
        } else {
            Err(damaged())
        }
    }

    /// Complete or not there at all, and never over one that is.
    fn make(&self) -> Result<(), SigningKeyError> {
        let mut bytes = [0; KEY_BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| SigningKeyError::NoRandomness)?;
        let text = Secret::new(hex::encode(bytes));
        let directory = self.path.parent().unwrap_or_else(|| Path::new("."));
        let written = || -> io::Result<bool> {
            let mut folders = std::fs::DirBuilder::new();
            folders.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
            folders.create(directory)?;
            // Temporary files of this crate are for their owner only.
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            file.write_all(text.expose().as_bytes())?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            match file.persist_noclobber(&self.path) {
                Ok(_) => {}
                Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => {
                    return Ok(false);
                }
                Err(failed) => return Err(failed.error),
            }
            // Makes the name durable; elsewhere a directory is not a file.
            #[cfg(unix)]
            File::open(directory)?.sync_all()?;
            Ok(true)
        };
        if written().map_err(|error| self.not_made(error))? {
            tracing::warn!(
                path = self.shown(),
                "no `OIDC_JWT_SIGNING_KEY`: made a signing key; who loses it makes everybody sign in again"
            );
        }
        Ok(())
    }

    #[cfg(unix)]
    fn check_mode(&self, metadata: &std::fs::Metadata) -> Result<(), SigningKeyError> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode();
        if mode & 0o007 != 0 {
            return Err(SigningKeyError::Exposed { path: self.shown() });
        }
        // Kubernetes opens volumes to the group of the pod (`fsGroup`) at every mount.
        if mode & 0o070 != 0 {
            tracing::warn!(
                path = self.shown(),
                "the signing key can be read by its group"
            );
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn check_mode(&self, _metadata: &std::fs::Metadata) -> Result<(), SigningKeyError> {
        Ok(())
    }

    fn not_made(&self, source: io::Error) -> SigningKeyError {
        SigningKeyError::NotMade {
            path: self.shown(),
            source,
        }
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}
