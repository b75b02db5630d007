//! Node.js and the npm packages that the end-to-end tests use: installed from the committed lock
//! file, and again only when that changed. A system Node that is too old only runs npm; the tests
//! then use the one of the npm package `node`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{self, say};
use crate::digest::sha256;
use crate::workspace::Workspace;

/// The oldest major version that the packages of the tests run on.
const OLDEST: u32 = 22;

/// The folder with `package.json` and its lock.
const FOLDER: &str = "tests/e2e";

/// Digest of the lock that `node_modules` was installed from.
const STAMP: &str = "node_modules/.xtask-lock";

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

const OFFLINE: &str = "this needs the npm registry; behind a proxy, configure npm for it";

const INSTALL: &str = "
hint: install Node.js (nodejs.org); on Debian and Ubuntu: `apt-get install nodejs npm`";

/// Installs what the tests need from npm and gives the path of a Node that is new enough for them.
///
/// # Errors
/// There is no Node or npm, the registry cannot be reached, or what was installed brings no usable
/// Node.
pub fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.root.join(FOLDER);
    let system = command::answer(command::program("node").arg("--version"))?;
    let Some(system) = system else {
        bail!("the end-to-end tests need Node.js, and there is no `node` in `PATH`{INSTALL}");
    };
    install(&folder)?;

    if major(&system).is_some_and(|major| major >= OLDEST) {
        let path = command::answer(command::program("node").args(["-p", "process.execPath"]))?;
        return Ok(PathBuf::from(
            path.context("`node` does not say where it is")?,
        ));
    }
    let bundled = folder
        .join("node_modules/node/bin")
        .join(format!("node{}", std::env::consts::EXE_SUFFIX));
    let version = command::answer(command::program(&bundled).arg("--version"))?;
    let is_usable = version
        .as_deref()
        .and_then(major)
        .is_some_and(|major| major >= OLDEST);
    if !is_usable {
        bail!(
            "the tests need Node {OLDEST}: `node` is {system}, the npm package `node` is {}\n\
             hint: install Node {OLDEST} or newer, or remove `{FOLDER}/node_modules` and try again",
            version.as_deref().unwrap_or("none")
        );
    }
    say(
        "node",
        &format!(
            "`node` is {system}: use the npm package `node`, {}",
            version.unwrap_or_default()
        ),
    );
    Ok(bundled)
}

/// Runs `npm ci` when `node_modules` is not what the lock file says.
fn install(folder: &Path) -> Result<()> {
    let stamp = folder.join(STAMP);
    let wanted = digest(folder)?;
    if fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
        return Ok(());
    }
    if command::answer(command::program(NPM).arg("--version"))?.is_none() {
        bail!("the end-to-end tests need npm, and there is no `npm` in `PATH`{INSTALL}");
    }
    say(
        "npm",
        &format!("install the packages of `{FOLDER}/package-lock.json`"),
    );
    let mut npm = command::program(NPM);
    npm.current_dir(folder)
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    command::run("npm", &mut npm).map_err(|error| command::with_hint(&error, OFFLINE))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write `{}`", stamp.display()))
}

/// Digest of what decides about the content of `node_modules`.
fn digest(folder: &Path) -> Result<String> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))
    };
    Ok(sha256(&[
        &read("package.json")?,
        &read("package-lock.json")?,
    ]))
}

/// The major version in the answer of `node --version`, which is like `v22.23.3`.
fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::{digest, major};

    #[test]
    fn the_major_version_is_read_as_a_number() {
        assert_eq!(major("v22.23.3\n"), Some(22));
        assert_eq!(major("v9.11.2"), Some(9));
        assert_eq!(major("v100.0.0-nightly20300101"), Some(100));
        for unusable in ["", "22.1.0", "v", "vx.1", "Node.js v22.0.0"] {
            assert_eq!(major(unusable), None, "{unusable:?}");
        }
    }

    #[test]
    fn a_changed_lock_changes_the_digest_and_a_missing_one_is_named() {
        let folder = std::env::temp_dir().join(format!("xtask-node-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("package.json"), "{}").unwrap();
        assert!(format!("{:#}", digest(&folder).unwrap_err()).contains("package-lock.json"));
        std::fs::write(folder.join("package-lock.json"), "one").unwrap();
        let one = digest(&folder).unwrap();
        std::fs::write(folder.join("package-lock.json"), "two").unwrap();
        assert_ne!(digest(&folder).unwrap(), one);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
