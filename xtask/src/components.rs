//! Builds the WebAssembly components and puts each where the host and the tests look for it:
//! `<target>/components/<name>.wasm` and `<target>/fixtures/<name>.wasm`. A file is replaced only
//! when its bytes changed, so that the host, which embeds them, is rebuilt only then.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{self, say};
use crate::digest::sha256;
use crate::wasm_target::{self, TARGET};
use crate::workspace::Workspace;

/// A component: the package that it is built from, which is also its name, and the world that it
/// keeps to.
pub struct Component {
    pub package: &'static str,
    pub world: &'static str,
}

/// Components that are built together, into a folder of their own below the target directory.
pub struct Set {
    pub components: &'static [Component],
    folder: &'static str,
}

/// The components that the host embeds.
pub const DEFAULT: Set = Set {
    folder: "components",
    components: &[
        Component {
            package: "auth-none",
            world: "imagegen:auth/policy",
        },
        Component {
            package: "auth-bearer",
            world: "imagegen:auth/policy",
        },
        Component {
            package: "auth-remote",
            world: "imagegen:auth/policy",
        },
        Component {
            package: "auth-oidc-proxy",
            world: "imagegen:auth/policy",
        },
        Component {
            package: "image-tools",
            world: "imagegen:tools/tools",
        },
    ],
};

/// The components that only tests load.
pub const FIXTURES: Set = Set {
    folder: "fixtures",
    components: &[Component {
        package: "conformance-fixture",
        world: "imagegen:tools/tools",
    }],
};

impl Set {
    /// Where the components are copied to.
    pub fn folder(&self, workspace: &Workspace) -> PathBuf {
        workspace.target.join(self.folder)
    }

    /// Each component with its file.
    pub fn files(
        &self,
        workspace: &Workspace,
    ) -> impl Iterator<Item = (&'static Component, PathBuf)> {
        let folder = self.folder(workspace);
        self.components.iter().map(move |component| {
            (
                component,
                folder.join(format!("{}.wasm", component.package)),
            )
        })
    }

    /// Builds the components, and replaces those files whose bytes change.
    ///
    /// # Errors
    /// The Rust target cannot be had, the code does not compile, or a file cannot be written.
    pub fn build(&self, workspace: &Workspace) -> Result<()> {
        wasm_target::ensure()?;
        let config = remapped_paths(workspace)?;
        let folder = self.folder(workspace);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        for (component, file) in self.files(workspace) {
            let wasm = compile(workspace, component, &config)?;
            if replace(&file, &wasm)? {
                say(
                    "components",
                    &format!("`{}` has changed: {} bytes", component.package, wasm.len()),
                );
            }
        }
        Ok(())
    }

    /// Prints name, size in bytes and SHA-256 of each component.
    ///
    /// # Errors
    /// A file cannot be read: build them first.
    pub fn print(&self, workspace: &Workspace) -> Result<()> {
        for (component, file) in self.files(workspace) {
            let bytes = read(&file)?;
            println!(
                "{:<20} {:>9} bytes  sha256:{}",
                component.package,
                bytes.len(),
                sha256(&[&bytes])
            );
        }
        Ok(())
    }
}

/// Compiles one component and gives its bytes.
///
/// One package at a time, so that no component changes because another one asks a shared crate for
/// a feature. As a `cdylib` only, since cargo leaves link-time optimisation out where it must
/// produce a Rust library as well.
fn compile(workspace: &Workspace, component: &Component, config: &str) -> Result<Vec<u8>> {
    let package = component.package;
    let mut cargo = command::cargo(workspace);
    // Both would replace the flags of `.cargo/config.toml`, and with them the bytes.
    cargo
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo.args([
        "rustc",
        "--lib",
        "--crate-type=cdylib",
        "--profile=component",
    ]);
    cargo.args(["--package", package, "--target", TARGET, "--config", config]);
    say("components", &format!("build `{package}`"));
    command::run("components", &mut cargo)?;

    let artefact = format!("{}.wasm", package.replace('-', "_"));
    read(
        &workspace
            .target
            .join(TARGET)
            .join("component")
            .join(artefact),
    )
}

/// Cargo configuration that takes the folders of this machine out of the components, which panic
/// messages would otherwise carry: without it the same source gives other bytes on another machine.
/// The checkout is not among them: cargo compiles our own packages by relative paths, and naming it
/// would compile every dependency again in each fresh clone.
fn remapped_paths(workspace: &Workspace) -> Result<String> {
    let metadata = workspace.metadata()?;
    let mut folders: Vec<String> = registry_folders(&metadata);
    folders.push(format!("{}=/target", workspace.target.display()));
    let flags = folders
        .into_iter()
        .map(|folder| format!("--remap-path-prefix={folder}").into());
    let flags = toml::Value::Array(flags.collect());
    Ok(format!("target.{TARGET}.rustflags={flags}"))
}

/// The folders that hold the sources of crates from a registry, each mapped to one name.
fn registry_folders(metadata: &Value) -> Vec<String> {
    let packages = metadata.get("packages").and_then(Value::as_array);
    let of_registry = packages
        .into_iter()
        .flatten()
        .filter(|package| package.get("source").is_some_and(Value::is_string));
    let manifests = of_registry.filter_map(|package| package.get("manifest_path")?.as_str());
    let mut folders: Vec<String> = manifests
        .filter_map(|manifest| Path::new(manifest).parent()?.parent())
        .map(|folder| format!("{}=/crates", folder.display()))
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Writes the file when it differs, all or nothing. Says whether it did.
fn replace(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    let temporary = path.with_extension("wasm.new");
    fs::write(&temporary, bytes)
        .with_context(|| format!("cannot write `{}`", temporary.display()))?;
    fs::rename(&temporary, path).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(true)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{registry_folders, replace};

    #[test]
    fn a_file_is_replaced_only_when_its_bytes_change() {
        let path = std::env::temp_dir().join(format!("xtask-replace-{}.wasm", std::process::id()));
        assert!(replace(&path, b"one").unwrap());
        let first = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert!(!replace(&path, b"one").unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), first);
        assert!(replace(&path, b"two").unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn registry_folders_are_found_once_each_and_path_packages_left_alone() {
        let metadata = json!({ "packages": [
            { "source": "registry+x", "manifest_path": "/c/src/i/serde-1.0.0/Cargo.toml" },
            { "source": "registry+x", "manifest_path": "/c/src/i/toml-1.0.0/Cargo.toml" },
            { "source": null, "manifest_path": "/home/me/project/host/Cargo.toml" },
        ] });
        assert_eq!(registry_folders(&metadata), ["/c/src/i=/crates"]);
    }
}
