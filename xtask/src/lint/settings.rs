//! Every environment variable of the server that a document or an example names is a setting, and so
//! is every name in code spans that begins like those of the provider.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::lint::sources::{self, Source};
use crate::workspace::Workspace;

/// What every variable begins with.
const PREFIX: &str = "IMAGE_GENERATION_MCP_";
/// What names in documents begin with that leave the prefix out.
const BARE: &str = "`OIDC_";
/// Where the table of settings is.
const TABLE: &str = "host/src/config/settings/";
/// What is no setting and is named all the same: a variable that Kubernetes sets for a service of
/// our name, and a name under which a policy reads the text of a file.
const NO_SETTINGS: [&str; 2] = ["OIDC_CLIENTS", "SERVICE_HOST"];

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
            let named = variables(line).map(str::to_owned).chain(bare(line));
            let unknown = named.filter(|name| {
                !known.contains(name.as_str()) && !NO_SETTINGS.contains(&name.as_str())
            });
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
    names_after(line, PREFIX)
}

/// The names in code spans that have no prefix.
fn bare(line: &str) -> impl Iterator<Item = String> {
    names_after(line, BARE).map(|name| format!("OIDC_{name}"))
}

fn names_after<'a>(line: &'a str, start: &'static str) -> impl Iterator<Item = &'a str> {
    line.split(start)
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
    use super::{bare, row, variables};

    #[test]
    fn rows_and_variables() {
        assert_eq!(row("        PORT: Setting::host(x),"), Some("PORT"));
        assert_eq!(row("        AUTH: &[Setting] = x"), Some("AUTH"));
        assert_eq!(row("    name: x"), None);
        let line = "IMAGE_GENERATION_MCP_PORT=1 `IMAGE_GENERATION_MCP_*` IMAGE_GENERATION_MCP_A1111_HOST, IMAGE_GENERATION_MCP_OIDC_";
        let spans = "`OIDC_DPOP`, `OIDC_AUDIENCE=x`, OIDC_NOT and `OIDC_ALLOWED_`";
        assert_eq!(
            bare(spans).collect::<Vec<_>>(),
            ["OIDC_DPOP", "OIDC_AUDIENCE"]
        );
        assert_eq!(variables(line).collect::<Vec<_>>(), ["PORT", "A1111_HOST"]);
    }
}
