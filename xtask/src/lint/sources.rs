//! The files that belong to the project: tracked by git, or new and not ignored.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::workspace::Workspace;

/// A text file of the project.
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    pub text: String,
}

/// Paths relative to the root of all files of the project, in order.
///
/// # Errors
/// git is missing, or this is not a checkout.
pub fn paths(workspace: &Workspace) -> Result<Vec<String>> {
    let mut git = command::program("git");
    git.current_dir(&workspace.root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let output = git
        .output()
        .context("cannot start git, which knows the files of the project")?;
    if !output.status.success() {
        bail!(
            "git ls-files: {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let listing = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    // A file that was deleted and not yet committed is still listed.
    let present = |path: &&str| !path.is_empty() && workspace.root.join(path).exists();
    let mut paths: Vec<String> = listing
        .split('\0')
        .filter(present)
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// All text files of the project. A file that is not UTF-8 is not text.
///
/// # Errors
/// As for [`paths`], and when a file cannot be read.
pub fn texts(workspace: &Workspace) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in paths(workspace)? {
        let bytes = fs::read(workspace.root.join(&path))
            .with_context(|| format!("cannot read `{path}`"))?;
        if let Ok(text) = String::from_utf8(bytes) {
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}
