//! Each fuzz target is declared, keeps seeds and is described in the document about fuzzing; its
//! package is formatted, and its lock file has the versions that ship.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::command;
use crate::fuzz::package::{self, Package};
use crate::workspace::Workspace;

/// Where people read what each target reads.
const DOCUMENT: &str = "docs/fuzzing.md";

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let document = fs::read_to_string(workspace.root.join(DOCUMENT))
        .with_context(|| format!("cannot read `{DOCUMENT}`"))?;
    let shipped = fs::read_to_string(workspace.root.join("Cargo.lock"))?;
    let packages = package::find(workspace)?;
    let mut faults = repeated_names(&packages);
    for package in &packages {
        faults.extend(target_faults(package, &document));
        faults.extend(undeclared(package)?);
        faults.extend(format_faults(package)?);
        faults.extend(lock_faults(package, &shipped)?);
    }
    Ok(faults)
}

/// A name says which target is meant, and which program in the target directory.
fn repeated_names(packages: &[Package]) -> Vec<String> {
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for target in packages.iter().flat_map(|package| &package.targets) {
        owners
            .entry(&target.name)
            .or_default()
            .push(&target.package);
    }
    let repeated = owners.into_iter().filter(|(_, owners)| owners.len() > 1);
    repeated
        .map(|(name, owners)| format!("`{name}` is the name of several: {}", owners.join(", ")))
        .collect()
}

fn target_faults(package: &Package, document: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for target in &package.targets {
        let (name, path) = (&target.name, &package.path);
        if !has_files(&target.seeds) {
            faults.push(format!("{path}: `{name}` has no seeds in `seeds/{name}`"));
        }
        if !document.contains(&format!("\n| `{name}` |")) {
            faults.push(format!(
                "{path}: `{name}` is not in the table of `{DOCUMENT}`"
            ));
        }
    }
    faults
}

fn has_files(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Programs and seeds that no target of the manifest has: nobody would run them.
fn undeclared(package: &Package) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in ["fuzz_targets", "seeds"] {
        let entries = fs::read_dir(package.folder.join(folder))
            .with_context(|| format!("cannot read `{}/{folder}`", package.path))?;
        for entry in entries {
            let file = entry?.file_name().to_string_lossy().into_owned();
            let name = file.strip_suffix(".rs").unwrap_or(&file);
            if !package.targets.iter().any(|target| target.name == name) {
                faults.push(format!(
                    "{}/{folder}/{file}: no `[[bin]]` of that name in the manifest",
                    package.path
                ));
            }
        }
    }
    faults.sort();
    Ok(faults)
}

/// These packages are no members of the workspace, so its own check passes them by.
fn format_faults(package: &Package) -> Result<Option<String>> {
    let fault = format!(
        "{}: not formatted\nhint: `cargo fmt --manifest-path {0}/Cargo.toml`",
        package.path
    );
    Ok((!cargo_succeeds(package, &["fmt", "--check"])?).then_some(fault))
}

/// A lock file that is out of step, or that would have other code fuzzed than is shipped.
fn lock_faults(package: &Package, shipped: &str) -> Result<Vec<String>> {
    let path = &package.path;
    let lock = fs::read_to_string(package.folder.join("Cargo.lock"))
        .with_context(|| format!("cannot read `{path}/Cargo.lock`"))?;
    let mut faults = other_versions(&lock, shipped)?;
    if !cargo_succeeds(package, &["metadata", "--format-version=1", "--locked"])? {
        faults.push("not in step with the manifests".to_owned());
    }
    let faults = faults.into_iter().map(|fault| {
        format!(
            "{path}/Cargo.lock: {fault}\nhint: `cp Cargo.lock {path}/ && \
             cargo metadata --format-version=1 --manifest-path {path}/Cargo.toml >/dev/null`"
        )
    });
    Ok(faults.collect())
}

/// Crates of a lock file that the other one has too, in other versions only.
fn other_versions(lock: &str, shipped: &str) -> Result<Vec<String>> {
    let (lock, shipped) = (versions(lock)?, versions(shipped)?);
    let mut faults = Vec::new();
    for (name, version) in &lock {
        let mut others = shipped.iter().filter(|(other, _)| other == name).peekable();
        if others.peek().is_some() && !others.any(|(_, other)| other == version) {
            faults.push(format!("`{name}` {version} is not the version that ships"));
        }
    }
    Ok(faults)
}

/// Names and versions of the packages of a lock file.
fn versions(lock: &str) -> Result<Vec<(String, String)>> {
    let lock: Table = lock.parse().context("not a lock file")?;
    let packages = lock.get("package").and_then(Value::as_array);
    let packages = packages.context("a lock file without packages")?;
    let entry = |package: &Value| {
        let text = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
        Some((text("name")?, text("version")?))
    };
    Ok(packages.iter().filter_map(entry).collect())
}

fn cargo_succeeds(package: &Package, arguments: &[&str]) -> Result<bool> {
    let mut cargo = command::cargo_anywhere();
    cargo.current_dir(&package.folder).args(arguments);
    let output = cargo.output().context("cannot start cargo")?;
    Ok(output.status.success())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{other_versions, repeated_names, target_faults, undeclared};
    use crate::fuzz::package::Package;

    const MANIFEST: &str = "[[bin]]\nname = \"seal\"\n[[bin]]\nname = \"form\"\n";

    fn package(path: &str, folder: &Path) -> Package {
        Package::read(path, folder, MANIFEST).unwrap()
    }

    #[test]
    fn a_target_has_seeds_a_line_in_the_document_and_a_declaration() {
        let folder = std::env::temp_dir().join(format!("xtask-fuzz-{}", std::process::id()));
        for kept in ["seeds/seal", "seeds/form", "fuzz_targets"] {
            std::fs::create_dir_all(folder.join(kept)).unwrap();
        }
        for file in [
            "seeds/seal/good",
            "fuzz_targets/seal.rs",
            "fuzz_targets/old.rs",
        ] {
            std::fs::write(folder.join(file), "x").unwrap();
        }
        let package = package("a/fuzz", &folder);
        assert_eq!(
            target_faults(&package, "# x\n| `form` | forms |\nsee `seal`\n"),
            [
                "a/fuzz: `seal` is not in the table of `docs/fuzzing.md`",
                "a/fuzz: `form` has no seeds in `seeds/form`",
            ]
        );
        assert_eq!(
            undeclared(&package).unwrap(),
            ["a/fuzz/fuzz_targets/old.rs: no `[[bin]]` of that name in the manifest"]
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_name_belongs_to_one_target() {
        let (a, b) = (
            package("a/fuzz", Path::new("/a")),
            package("b/fuzz", Path::new("/b")),
        );
        assert_eq!(repeated_names(&[a]), Vec::<String>::new());
        let a = package("a/fuzz", Path::new("/a"));
        assert_eq!(
            repeated_names(&[a, b]),
            [
                "`form` is the name of several: a/fuzz, b/fuzz",
                "`seal` is the name of several: a/fuzz, b/fuzz",
            ]
        );
    }

    #[test]
    fn what_is_fuzzed_is_what_ships() {
        let lock = |packages: &[(&str, &str)]| -> String {
            let entry = |(name, version): &(&str, &str)| {
                format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n")
            };
            packages.iter().map(entry).collect()
        };
        let shipped = lock(&[("a", "1.0.0"), ("a", "2.0.0"), ("b", "1.0.0")]);
        let same = lock(&[("a", "2.0.0"), ("b", "1.0.0"), ("libfuzzer-sys", "0.4.0")]);
        assert_eq!(
            other_versions(&same, &shipped).unwrap(),
            Vec::<String>::new()
        );
        let other = lock(&[("a", "2.0.1"), ("b", "1.0.0")]);
        assert_eq!(
            other_versions(&other, &shipped).unwrap(),
            ["`a` 2.0.1 is not the version that ships"]
        );
        assert!(other_versions("x", &shipped).is_err());
    }
}
