//! Builds the native host as users get it.

use std::path::PathBuf;

use anyhow::Result;

use crate::command::{self, say};
use crate::workspace::Workspace;

/// The package of the host, and its binary.
pub const PACKAGE: &str = "image-generation-mcp";

/// Builds the release binary and gives its path. The components come first: the host embeds them.
///
/// # Errors
/// It does not compile.
pub fn build(workspace: &Workspace) -> Result<PathBuf> {
    say(
        "host",
        "build the release binary; the first time this compiles wasmtime and takes minutes",
    );
    command::run(
        "host",
        command::cargo(workspace).args(["build", "--release", "--package", PACKAGE]),
    )?;
    Ok(binary(workspace))
}

/// Where the release binary is, once it is built.
pub fn binary(workspace: &Workspace) -> PathBuf {
    workspace
        .target
        .join("release")
        .join(format!("{PACKAGE}{}", std::env::consts::EXE_SUFFIX))
}
