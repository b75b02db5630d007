//! Where a platform keeps a user's files, and reading small files of the configuration.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::fault::{Problem, quoted};
use super::secret::Secret;
use super::source::Source;

/// The name of our folder in the platform's folders.
const FOLDER: &str = "image-generation-mcp";

/// The conventions that platforms follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    /// XDG Base Directory Specification.
    Xdg,
    /// `~/Library`.
    MacOs,
    /// `%LOCALAPPDATA%`.
    Windows,
}

impl Platform {
    const fn current() -> Self {
        if cfg!(target_os = "macos") {
            Self::MacOs
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::Xdg
        }
    }
}

/// The folders of the user who runs the server.
#[derive(Debug)]
pub(super) struct Places {
    platform: Platform,
    home: Option<PathBuf>,
    /// Absolute paths in the variables by which platforms let users move their folders.
    moved: BTreeMap<&'static str, PathBuf>,
}

impl Places {
    pub(super) fn of(source: &dyn Source) -> Self {
        Self::on(Platform::current(), source)
    }

    pub(super) fn on(platform: Platform, source: &dyn Source) -> Self {
        let variables: BTreeMap<OsString, OsString> = source.variables().into_iter().collect();
        let moved = ["XDG_DATA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"].into_iter();
        let moved = moved.filter_map(|name| {
            let path = PathBuf::from(variables.get(&OsString::from(name))?);
            // The specification has relative paths ignored.
            let usable = path.is_absolute() || platform == Platform::Windows;
            (usable && !path.as_os_str().is_empty()).then_some((name, path))
        });
        let home = source.home().filter(|home| !home.as_os_str().is_empty());
        Self {
            platform,
            home,
            moved: moved.collect(),
        }
    }

    /// The folder for data that must last.
    pub(super) fn data_dir(&self) -> Option<PathBuf> {
        self.folder(
            "XDG_DATA_HOME",
            ".local/share",
            "Library/Application Support",
        )
    }

    /// The folder for what can be made again.
    pub(super) fn cache_dir(&self) -> Option<PathBuf> {
        match self.platform {
            Platform::Windows => self.data_dir().map(|dir| dir.join("cache")),
            _ => self.folder("XDG_CACHE_HOME", ".cache", "Library/Caches"),
        }
    }

    /// A folder that the predecessor of this server used, when it is there.
    pub(super) fn inherited(&self, name: &str) -> Option<PathBuf> {
        let path = self.home.as_ref()?.join(".image-generation-mcp").join(name);
        path.is_dir().then_some(path)
    }

    /// A path as written, with `~` and `~/` at its start replaced.
    pub(super) fn expand(&self, path: &str) -> Result<PathBuf, Problem> {
        let below = match path.strip_prefix('~') {
            Some("") => "",
            Some(rest) if rest.starts_with(std::path::is_separator) => {
                rest.trim_start_matches(std::path::is_separator)
            }
            _ => return Ok(PathBuf::from(path)),
        };
        match &self.home {
            Some(home) => Ok(home.join(below)),
            None => Err(Problem::new(
                "`~` cannot be expanded: no home directory is known",
            )),
        }
    }

    fn folder(&self, variable: &str, xdg: &str, macos: &str) -> Option<PathBuf> {
        let below_home = |path: &str| self.home.as_ref().map(|home| home.join(path));
        let parent = match self.platform {
            Platform::Xdg => self
                .moved
                .get(variable)
                .cloned()
                .or_else(|| below_home(xdg)),
            Platform::MacOs => below_home(macos),
            Platform::Windows => {
                let moved = self.moved.get("LOCALAPPDATA").cloned();
                moved.or_else(|| below_home("AppData/Local"))
            }
        };
        parent.map(|parent| parent.join(FOLDER))
    }
}

/// The text of a file of the configuration, which may be a secret.
pub(super) fn read(path: &Path) -> Result<Secret, Problem> {
    const LARGEST: u64 = 1 << 20;
    let shown = quoted(&path.to_string_lossy());
    let unreadable = |error: std::io::Error| Problem::new(format!("cannot read {shown}: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Problem::new(format!(
            "larger than {LARGEST} bytes: {shown}"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| Problem::new(format!("not UTF-8: {shown}")))?;
    Ok(Secret::new(text))
}

/// Refuses a path at which there is no file.
pub(super) fn require_file(path: &Path) -> Result<(), Problem> {
    let shown = quoted(&path.to_string_lossy());
    match path.metadata() {
        Ok(found) if found.is_dir() => {
            Err(Problem::new(format!("a directory, not a file: {shown}")))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(Problem::new(format!("cannot read {shown}: {error}"))),
    }
}

/// Refuses a path at which there is something that is not a directory.
pub(super) fn refuse_file(path: &Path) -> Result<(), Problem> {
    match path.metadata() {
        Ok(found) if !found.is_dir() => {
            let shown = quoted(&path.to_string_lossy());
            Err(Problem::new(format!("a file, not a directory: {shown}")))
        }
        // One that is not there yet is made when it is needed.
        _ => Ok(()),
    }
}
