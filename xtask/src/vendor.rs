//! The vendored WASI packages in `wit/deps`, and the lock that says what they must be: the files of
//! one crate, in the version of `Cargo.lock`, so that contracts and generated bindings agree.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::say;
use crate::digest::sha256;
use crate::workspace::Workspace;

const FOLDER: &str = "wit/deps";
const LOCK: &str = "wit/deps.lock";

/// The crate that ships the files, and its folder with them.
const ORIGIN: &str = "wasip2";
const ORIGIN_FOLDER: &str = "wit/deps";

/// Digests by file name.
type Files = BTreeMap<String, String>;

/// What the lock file says.
#[derive(Debug, PartialEq, Eq)]
struct Lock {
    version: String,
    files: Files,
}

/// Copies the packages from the crate of `Cargo.lock` and writes the lock.
///
/// # Errors
/// The crate is not in `Cargo.lock`, or a file cannot be read or written.
pub fn vendor(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("unknown arguments: {}", arguments.join(" "));
    }
    let (version, source) = origin(workspace)?;
    let folder = workspace.root.join(FOLDER);
    for name in digests(&folder)?.into_keys() {
        fs::remove_file(folder.join(&name))
            .with_context(|| format!("cannot remove `{FOLDER}/{name}`"))?;
    }
    let files = digests(&source)?;
    for name in files.keys() {
        fs::copy(source.join(name), folder.join(name))
            .with_context(|| format!("cannot write `{FOLDER}/{name}`"))?;
    }
    say(
        "vendor-wit",
        &format!("{} files of `{ORIGIN}` {version}", files.len()),
    );
    let lock = Lock { version, files };
    fs::write(workspace.root.join(LOCK), lock.render())
        .with_context(|| format!("cannot write `{LOCK}`"))
}

/// Where the vendored files, the lock and the crate disagree, one sentence each.
///
/// # Errors
/// The lock cannot be read, or the crate is not in `Cargo.lock`.
pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let text = fs::read_to_string(workspace.root.join(LOCK))
        .with_context(|| format!("cannot read `{LOCK}`"))?;
    let lock = Lock::parse(&text).context(LOCK)?;
    let mut faults = lock.drift(FOLDER, &digests(&workspace.root.join(FOLDER))?);

    let (version, source) = origin(workspace)?;
    if version != lock.version {
        faults.push(format!(
            "`Cargo.lock` has `{ORIGIN}` {version}, and `{LOCK}` has {}",
            lock.version
        ));
    } else {
        faults.extend(lock.drift(
            &format!("the crate `{ORIGIN}` {version}"),
            &digests(&source)?,
        ));
    }
    if !faults.is_empty() {
        faults.push(
            "hint: `cargo xtask vendor-wit` writes the packages and their lock anew".to_owned(),
        );
    }
    Ok(faults)
}

impl Lock {
    fn parse(text: &str) -> Result<Self> {
        let file: toml::Table = text.parse()?;
        let version = file
            .get("version")
            .and_then(toml::Value::as_str)
            .context("no `version`")?
            .to_owned();
        let entries = file
            .get("sha256")
            .and_then(toml::Value::as_table)
            .context("no `sha256`")?;
        let entry = |(name, digest): (&String, &toml::Value)| {
            let digest = digest
                .as_str()
                .with_context(|| format!("`{name}` without a digest"))?;
            Ok((name.clone(), digest.to_owned()))
        };
        Ok(Self {
            version,
            files: entries.iter().map(entry).collect::<Result<_>>()?,
        })
    }

    fn render(&self) -> String {
        let mut text = format!(
            "# The vendored packages of {FOLDER}, checked by `cargo xtask lint`.\n\
             # Written by `cargo xtask vendor-wit`.\n\
             crate = \"{ORIGIN}\"\nversion = \"{}\"\n\n[sha256]\n",
            self.version
        );
        for (name, digest) in &self.files {
            text.push_str(&format!("\"{name}\" = \"{digest}\"\n"));
        }
        text
    }

    /// How the files found at `place` differ from those of the lock.
    fn drift(&self, place: &str, found: &Files) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, digest) in &self.files {
            match found.get(name) {
                None => faults.push(format!("{place}: `{name}` is in the lock, and missing")),
                Some(other) if other != digest => {
                    faults.push(format!("{place}: `{name}` is not the file of the lock"))
                }
                Some(_) => {}
            }
        }
        let unknown = found.keys().filter(|name| !self.files.contains_key(*name));
        faults.extend(unknown.map(|name| format!("{place}: `{name}` is not in the lock")));
        faults
    }
}

/// Version of the crate that the packages come from, and its folder with them, on this machine.
fn origin(workspace: &Workspace) -> Result<(String, PathBuf)> {
    let metadata = workspace.metadata()?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let text =
        |package: &Value, key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    let found = packages
        .filter(|package| text(package, "name").as_deref() == Some(ORIGIN))
        .filter_map(|package| {
            let manifest = PathBuf::from(text(package, "manifest_path")?);
            Some((
                text(package, "version")?,
                manifest.parent()?.join(ORIGIN_FOLDER),
            ))
        });
    // An older major version without WIT files may be there for a dependency's sake.
    let mut found: Vec<_> = found.filter(|(_, folder)| folder.is_dir()).collect();
    match found.len() {
        1 => found.pop().context("no origin"),
        0 => bail!(
            "no crate `{ORIGIN}` with WIT packages in `Cargo.lock`, where `{FOLDER}` comes from"
        ),
        _ => bail!(
            "more than one version of `{ORIGIN}` in `Cargo.lock`: one must be that of `{FOLDER}`"
        ),
    }
}

/// Digests of the files of a folder.
fn digests(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?
    {
        let path = entry?.path();
        let bytes = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        files.insert(
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            sha256(&[&bytes]),
        );
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{Files, Lock};

    fn lock() -> Lock {
        let files = [("cli.wit", "aa"), ("io.wit", "bb")]
            .map(|(name, digest)| (name.to_owned(), digest.to_owned()));
        Lock {
            version: "2.0.1+wasi-0.2.12".to_owned(),
            files: Files::from(files),
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        assert_eq!(Lock::parse(&lock().render()).unwrap(), lock());
    }

    #[test]
    fn every_kind_of_drift_is_reported() {
        let lock = lock();
        assert_eq!(lock.drift("here", &lock.files), Vec::<String>::new());

        let mut found = lock.files.clone();
        found.insert("io.wit".to_owned(), "cc".to_owned());
        found.insert("new.wit".to_owned(), "dd".to_owned());
        found.remove("cli.wit");
        assert_eq!(
            lock.drift("here", &found),
            [
                "here: `cli.wit` is in the lock, and missing",
                "here: `io.wit` is not the file of the lock",
                "here: `new.wit` is not in the lock",
            ]
        );
    }
}
