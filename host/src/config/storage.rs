//! Where files and state are kept.

use std::path::PathBuf;

use url::Url;

use super::fault::{Problem, Report, quoted};
use super::places::{self, Places};
use super::settings::{self, Setting};
use super::values::Values;

/// The folders of the server. They need not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// State, and all that has no folder of its own.
    pub data_dir: PathBuf,
    /// Compiled components, when they are to be kept.
    pub compile_cache_dir: Option<PathBuf>,
    /// What keeps state.
    pub state: StateStore,
}

/// What keeps jobs, codes, sessions and other small values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateStore {
    /// A database in the data directory, for one process.
    Database,
    /// The memory of this process.
    Memory,
    /// A directory that several processes may share.
    Directory(PathBuf),
}

impl StateStore {
    /// Reads the value of `KV_STORE_URL`. The problem quotes at most its scheme: the URL of a
    /// database server could hold a password.
    pub(super) fn parse(value: &str) -> Result<Self, Problem> {
        let scheme = value.split_once("://").map(|(scheme, _)| scheme);
        match (value, scheme) {
            ("redb", _) => Ok(Self::Database),
            ("memory:" | "memory://", _) => Ok(Self::Memory),
            (_, Some("file")) => {
                let path = Url::parse(value)
                    .ok()
                    .filter(|_| value.starts_with("file:///"));
                path.and_then(|url| url.to_file_path().ok())
                    .filter(|path| path.parent().is_some())
                    .map(Self::Directory)
                    .ok_or_else(|| Problem::new("not a directory: write `file:///directory`"))
            }
            (_, scheme) => Err(Problem::new(match scheme {
                Some(scheme) => format!("not a store of this server: {}", quoted(scheme)),
                None => "not a store of this server".to_owned(),
            })
            .hint(
                "use `redb`, `memory:`, or `file:///directory` for replicas that share a directory",
            )),
        }
    }

    /// Whether other processes may use the same state at the same time.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Directory(_))
    }
}

impl Storage {
    pub(super) fn resolve(values: &Values, places: &Places, report: &mut Report) -> Self {
        let chosen = values.path(&settings::DATA_DIR, places, report);
        let data_dir = chosen.or_else(|| places.data_dir()).unwrap_or_else(|| {
            if !values.is_set(&settings::DATA_DIR) {
                let problem = Problem::new("no home directory is known to keep files in");
                report.fault(values.place(&settings::DATA_DIR), problem.hint("set it"));
            }
            PathBuf::new()
        });
        refuse_file(&data_dir, (&settings::DATA_DIR, values), report);
        let cache_dir = places.cache_dir().unwrap_or_else(|| data_dir.join("cache"));
        let keep_compiled = values.switch(&settings::COMPILE_CACHE);
        Self {
            data_dir,
            compile_cache_dir: keep_compiled.then_some(cache_dir),
            state: state(values, report),
        }
    }
}

fn state(values: &Values, report: &mut Report) -> StateStore {
    let given = values.given(&settings::KV_STORE_URL);
    let store = given.and_then(|url| StateStore::parse(url.expose()).ok());
    if let Some(StateStore::Directory(dir)) = &store {
        refuse_file(dir, (&settings::KV_STORE_URL, values), report);
    }
    store.unwrap_or(StateStore::Database)
}

/// The folders of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Galleries {
    /// Images with their sidecars.
    pub scratch_dir: PathBuf,
    /// Styles.
    pub styles_dir: PathBuf,
}

impl Galleries {
    pub(super) fn resolve(
        values: &Values,
        places: &Places,
        storage: &Storage,
        report: &mut Report,
    ) -> Self {
        let mut folder = |setting: &Setting, name: &str| {
            let below_data = storage.data_dir.join(name);
            let dir = match (values.path(setting, places, report), places.inherited(name)) {
                (Some(chosen), _) => chosen,
                (None, None) => below_data,
                (None, Some(inherited)) if !values.is_set(&settings::DATA_DIR) => inherited,
                (None, Some(inherited)) => {
                    report.warn(format!(
                        "{}: what is in {} is not used, since `DATA_DIR` is set",
                        values.place(setting),
                        inherited.display()
                    ));
                    below_data
                }
            };
            refuse_file(&dir, (setting, values), report);
            dir
        };
        Self {
            scratch_dir: folder(&settings::SCRATCH_DIR, "images"),
            styles_dir: folder(&settings::STYLES_DIR, "styles"),
        }
    }
}

fn refuse_file(dir: &std::path::Path, (setting, values): (&Setting, &Values), report: &mut Report) {
    if let Err(problem) = places::refuse_file(dir) {
        report.fault(values.place(setting), problem);
    }
}
