//! How the files of a package are laid out: package line first, one interface for each file and
//! named after it, shared types in `types.wit`, worlds in `world.wit` and nothing else there. Works
//! on text, since a parser forgets the files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::contracts::{package_folders, wit_files};

/// Faults in the layout of all our packages below `wit`, one sentence each.
///
/// # Errors
/// A file cannot be read.
pub fn faults(wit: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in package_folders(wit)? {
        for path in wit_files(&folder)? {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let found = file_faults(&name, &text);
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{}: {fault}", path.display())),
            );
        }
    }
    Ok(faults)
}

/// Faults of one file; `name` is its name without the extension.
fn file_faults(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("package ") {
        faults.push("the first line is not the package line".to_owned());
    }
    let interfaces = declared("interface", text);
    let worlds = declared("world", text);
    if name == "world" {
        faults.extend(interfaces.iter().map(|found| {
            format!("`world.wit` holds worlds only, and this has interface `{found}`")
        }));
        if worlds.is_empty() {
            faults.push("`world.wit` without a world".to_owned());
        }
        return faults;
    }
    faults.extend(
        worlds
            .iter()
            .map(|found| format!("world `{found}` belongs in `world.wit`")),
    );
    if interfaces != [name] {
        let found = if interfaces.is_empty() {
            "none".to_owned()
        } else {
            interfaces.join(", ")
        };
        faults.push(format!(
            "expected one interface, `{name}`, and found: {found}"
        ));
    }
    faults
}

/// Names declared at the top level with this keyword. Our files are formatted: a declaration starts
/// its line.
fn declared<'a>(keyword: &str, text: &'a str) -> Vec<&'a str> {
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix(keyword)?.strip_prefix(' '));
    names
        .map(|rest| rest.split([' ', '{']).next().unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::file_faults;

    #[test]
    fn a_file_in_order_has_no_faults() {
        assert_eq!(
            file_faults("log", "package a:b@0.1.0;\n\ninterface log {\n}\n"),
            Vec::<String>::new()
        );
        assert_eq!(
            file_faults("world", "package a:b@0.1.0;\nworld one {}\nworld two {}\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_rule_is_enforced() {
        let cases = [
            (
                "log",
                "// comment\npackage a:b;\ninterface log {}\n",
                "package line",
            ),
            (
                "log",
                "package a:b;\ninterface logs {}\n",
                "expected one interface, `log`, and found: logs",
            ),
            (
                "log",
                "package a:b;\ninterface log {}\ninterface more {}\n",
                "found: log, more",
            ),
            ("log", "package a:b;\n", "found: none"),
            (
                "log",
                "package a:b;\ninterface log {}\nworld w {}\n",
                "belongs in `world.wit`",
            ),
            (
                "world",
                "package a:b;\nworld w {}\ninterface log {}\n",
                "holds worlds only",
            ),
            ("world", "package a:b;\n", "without a world"),
        ];
        for (name, text, expected) in cases {
            let faults = file_faults(name, text);
            assert!(
                faults.iter().any(|fault| fault.contains(expected)),
                "{text:?}: {faults:?}"
            );
        }
    }
}
