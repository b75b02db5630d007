//! The state of this process: where the configuration says that it is kept.

use tempfile::TempDir;

use crate::config::{Config, StateStore, Transport};
use crate::store::{OpenError, State, StateNamespace, WallClock};

/// The open database; what it holds outlives the process, unless another one owns the directory.
pub struct OpenState {
    state: State,
    /// Removed with the process.
    _temporary: Option<TempDir>,
}

impl OpenState {
    /// Opens what the configuration names, by default the database of the data directory.
    ///
    /// Desktop clients start one stdio server each. The first owns the directory; a further one
    /// shares the gallery and keeps its jobs to itself.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub async fn of(config: &Config) -> Result<Self, OpenError> {
        match &config.storage.state {
            StateStore::Database => {}
            StateStore::Memory => return Ok(Self::from(State::in_memory(WallClock::system()))),
            StateStore::Directory(shared) => {
                let opened = State::open_shared(shared.clone(), WallClock::system()).await?;
                return Ok(Self::from(opened));
            }
        }
        let directory = &config.storage.data_dir;
        match State::open(directory, WallClock::system()).await {
            Err(OpenError::InUse { path }) if config.listener.transport == Transport::Stdio => {
                let io = |source| OpenError::Io {
                    path: path.clone(),
                    source,
                };
                let temporary = tempfile::tempdir().map_err(io)?;
                let state = State::open(temporary.path(), WallClock::system()).await?;
                tracing::warn!(
                    "another server owns `{}`: jobs of this one are forgotten when it ends, images are kept",
                    directory.display()
                );
                Ok(Self {
                    state,
                    _temporary: Some(temporary),
                })
            }
            opened => Ok(Self::from(opened?)),
        }
    }

    /// The values of one component of one tenant.
    #[must_use]
    pub fn namespace(&self, tenant: &str, component: &str) -> StateNamespace {
        self.state.namespace(tenant, component)
    }

    /// Waits for writes in progress and closes the file.
    pub async fn close(&self) {
        self.state.clone().close().await;
    }

    /// Removes expired values.
    pub async fn sweep(&self) {
        if let Err(error) = self.state.sweep().await {
            tracing::warn!(%error, "cannot remove expired values");
        }
    }
}

impl From<State> for OpenState {
    fn from(state: State) -> Self {
        Self {
            state,
            _temporary: None,
        }
    }
}
