//! Where the checkout is and where cargo puts what it builds.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command;

/// The checkout and its build directory, both absolute.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// `CARGO_TARGET_DIR`, or what cargo's configuration says.
    pub target: PathBuf,
}

impl Workspace {
    /// Asks cargo, from the current directory.
    ///
    /// # Errors
    /// The current directory is outside a workspace, or a manifest is broken; cargo has said so on
    /// stderr.
    pub fn locate() -> Result<Self> {
        let mut cargo = command::cargo_anywhere();
        let metadata = metadata_of(cargo.args(["metadata", "--format-version=1", "--no-deps"]))?;
        let path = |key: &str| -> Result<PathBuf> {
            let text = metadata.get(key).and_then(Value::as_str);
            Ok(PathBuf::from(text.with_context(|| {
                format!("cargo metadata has no `{key}`")
            })?))
        };
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
        })
    }

    /// Full `cargo metadata`: every package of `Cargo.lock`. Downloads what is missing.
    ///
    /// # Errors
    /// As for [`Self::locate`], and when the registry cannot be reached.
    pub fn metadata(&self) -> Result<Value> {
        metadata_of(command::cargo(self).args(["metadata", "--format-version=1"]))
    }
}

fn metadata_of(cargo: &mut Command) -> Result<Value> {
    let output = cargo
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", output.status);
    }
    serde_json::from_slice(&output.stdout).context("cannot read the answer of cargo metadata")
}
