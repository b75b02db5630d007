//! The fuzz packages of the checkout, each a workspace of its own in a folder `fuzz` beside what it
//! tests, and their targets as the manifests declare them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::lint::sources;
use crate::workspace::Workspace;

/// Where a fuzz package is.
const MANIFEST: &str = "/fuzz/Cargo.toml";

/// A fuzz package.
pub struct Package {
    /// Its folder relative to the root, with `/`.
    pub path: String,
    /// Its folder, absolute.
    pub folder: PathBuf,
    pub targets: Vec<Target>,
}

/// One program that reads bytes.
pub struct Target {
    /// Its name, the only one in the checkout.
    pub name: String,
    /// The path of its package.
    pub package: String,
    /// The folder of the inputs that are kept.
    pub seeds: PathBuf,
    /// Words that inputs are made of, if somebody has written them down.
    pub dictionary: PathBuf,
}

/// All fuzz packages, in order of their paths.
///
/// # Errors
/// A manifest cannot be read.
pub fn find(workspace: &Workspace) -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for path in sources::paths(workspace)? {
        let Some(parent) = path.strip_suffix(MANIFEST) else {
            continue;
        };
        let manifest = fs::read_to_string(workspace.root.join(&path))
            .with_context(|| format!("cannot read `{path}`"))?;
        let folder = format!("{parent}/fuzz");
        let package = Package::read(&folder, &workspace.root.join(&folder), &manifest);
        packages.push(package.with_context(|| path.clone())?);
    }
    Ok(packages)
}

impl Package {
    /// Reads a manifest.
    ///
    /// # Errors
    /// It is no manifest, or a program in it has no name.
    pub fn read(path: &str, folder: &Path, manifest: &str) -> Result<Self> {
        let manifest: Table = manifest.parse()?;
        let programs = manifest.get("bin").and_then(Value::as_array);
        let targets = programs.into_iter().flatten().map(|program| {
            let name = program.get("name").and_then(Value::as_str);
            let name = name.context("a `[[bin]]` without `name`")?;
            Ok(Target {
                name: name.to_owned(),
                package: path.to_owned(),
                seeds: folder.join("seeds").join(name),
                dictionary: folder.join(format!("{name}.dict")),
            })
        });
        Ok(Self {
            path: path.to_owned(),
            folder: folder.to_owned(),
            targets: targets.collect::<Result<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Package;

    #[test]
    fn targets_are_the_programs_of_the_manifest() {
        let manifest = "[package]\nname = \"a-fuzz\"\n\n[[bin]]\nname = \"seal\"\n\n[[bin]]\nname = \"form\"\n";
        let package = Package::read("a/fuzz", Path::new("/r/a/fuzz"), manifest).unwrap();
        let names: Vec<&str> = package
            .targets
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        assert_eq!(names, ["seal", "form"]);
        let seal = &package.targets[0];
        assert_eq!(seal.package, "a/fuzz");
        assert_eq!(seal.seeds, Path::new("/r/a/fuzz/seeds/seal"));
        assert_eq!(seal.dictionary, Path::new("/r/a/fuzz/seal.dict"));
        let empty = Package::read("a/fuzz", Path::new("/"), "[package]\n").unwrap();
        assert!(empty.targets.is_empty());
    }

    #[test]
    fn a_broken_manifest_is_an_error() {
        for manifest in ["[[bin]]\npath = \"a.rs\"\n", "[[bin]", "bin = 1\nbin = 2\n"] {
            assert!(Package::read("a/fuzz", Path::new("/"), manifest).is_err());
        }
    }
}
