//! The top level of the checkout holds what the house has rooms for, and nothing else.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::lint::sources;
use crate::workspace::Workspace;

const ALLOWED: &[&str] = &[
    ".cargo",
    ".ci",
    ".dockerignore",
    ".gitattributes",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "clippy.toml",
    "components",
    "deny.toml",
    "deploy",
    "docs",
    "host",
    "rustfmt.toml",
    "tests",
    "wit",
    "xtask",
];

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(unexpected(&sources::paths(workspace)?))
}

fn unexpected(paths: &[String]) -> Vec<String> {
    let entries: BTreeSet<&str> = paths
        .iter()
        .filter_map(|path| path.split('/').next())
        .collect();
    let unexpected = entries.into_iter().filter(|entry| !ALLOWED.contains(entry));
    unexpected
        .map(|entry| format!("`{entry}` does not belong at the top level"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unexpected;

    #[test]
    fn an_unknown_entry_is_reported_once() {
        let paths = [
            "Cargo.toml",
            "host/src/main.rs",
            "scratch/a",
            "scratch/b",
            "notes.md",
        ]
        .map(str::to_owned);
        let expected = [
            "`notes.md` does not belong at the top level",
            "`scratch` does not belong at the top level",
        ];
        assert_eq!(unexpected(&paths), expected);
    }
}
