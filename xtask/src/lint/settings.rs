//! Every environment variable of the server that a document or an example names is a setting.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::lint::sources::{self, Source};
use crate::workspace::Workspace;

/// What every variable begins with.
const PREFIX: &str = "IMAGE_GENERATION_MCP_";
/// Where the table of settings is.
const TABLE: &str = "host/src/config/settings/";
/// Variables with our prefix that others set: Kubernetes, for a service of that name.
const OF_OTHERS: [&str; 1] = ["SERVICE_HOST"];

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let sources = sources::texts(workspace)?;
    let known = known(&sources);
    ensure!(known.len() > 20, "no table of settings in `{TABLE}`");
    let is_document = |path: &str| {
        ["docs/", "deploy/", "README.md", "SECURITY.md"]
            .iter()
            .any(|start| path.starts_with(start))
    };
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| is_document(&source.path)) {
        for (number, line) in (1..).zip(source.text.lines()) {
            let unknown =
                variables(line).filter(|name| !known.contains(name) && !OF_OTHERS.contains(name));
            faults.extend(unknown.map(|name| {
                format!(
                    "{}:{number}: no such setting: `{PREFIX}{name}`",
                    source.path
                )
            }));
        }
    }
    Ok(faults)
}

/// The names of the rows, and of the variables that also set them, without the prefix.
fn known(sources: &[Source]) -> BTreeSet<&str> {
    let tables = sources
        .iter()
        .filter(|source| source.path.starts_with(TABLE));
    tables
        .flat_map(|source| source.text.lines())
        .flat_map(|line| row(line).into_iter().chain(variables(line)))
        .collect()
}

/// The name of a row: `NAME: Setting::host(...)`.
fn row(line: &str) -> Option<&str> {
    let (name, _) = line.trim_start().split_once(": ")?;
    (!name.is_empty() && name.bytes().all(in_name)).then_some(name)
}

/// The variables in a line; the prefix alone, or with an asterisk, is none.
fn variables(line: &str) -> impl Iterator<Item = &str> {
    line.split(PREFIX)
        .skip(1)
        .map(|rest| {
            rest.find(|c| !u8::try_from(c).is_ok_and(in_name))
                .map_or(rest, |end| &rest[..end])
        })
        .filter(|name| !name.is_empty() && !name.ends_with('_'))
}

fn in_name(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::{row, variables};

    #[test]
    fn rows_and_variables() {
        assert_eq!(row("        PORT: Setting::host(x),"), Some("PORT"));
        assert_eq!(row("        AUTH: &[Setting] = x"), Some("AUTH"));
        assert_eq!(row("    name: x"), None);
        let line = "IMAGE_GENERATION_MCP_PORT=1 `IMAGE_GENERATION_MCP_*` IMAGE_GENERATION_MCP_A1111_HOST, IMAGE_GENERATION_MCP_OIDC_";
        assert_eq!(variables(line).collect::<Vec<_>>(), ["PORT", "A1111_HOST"]);
    }
}
