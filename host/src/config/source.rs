//! Where settings come from: the environment of the process, or a map in tests.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// A set of environment variables.
pub trait Source {
    /// Every variable with its value.
    fn variables(&self) -> Vec<(OsString, OsString)>;

    /// The home directory of the user, when it is known.
    fn home(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let found = self.variables().into_iter().find(|(key, _)| key == name);
        found.map(|(_, value)| PathBuf::from(value))
    }
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

impl Source for Environment {
    fn variables(&self) -> Vec<(OsString, OsString)> {
        std::env::vars_os().collect()
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }
}

impl Source for BTreeMap<String, String> {
    fn variables(&self) -> Vec<(OsString, OsString)> {
        self.iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }
}

impl Source for Vec<(OsString, OsString)> {
    fn variables(&self) -> Vec<(OsString, OsString)> {
        self.clone()
    }
}
