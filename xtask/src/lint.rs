//! `cargo xtask lint`: every rule of the project that a program can check. The cheap checks come
//! first; all run, and all faults are printed.

mod clippy;
mod dependencies;
mod format;
mod fuzz_targets;
mod licence;
mod links;
mod rust_files;
mod settings;
pub mod sources;
mod texts;
mod top_level;
mod wit;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::command::say;
use crate::workspace::Workspace;

/// A check gives its faults, one line each; an error means that it could not be made.
struct Check {
    name: &'static str,
    what: &'static str,
    faults: fn(&Workspace) -> Result<Vec<String>>,
}

const CHECKS: &[Check] = &[
    Check {
        name: "format",
        what: "rustfmt",
        faults: format::faults,
    },
    Check {
        name: "tree",
        what: "top-level entries",
        faults: top_level::faults,
    },
    Check {
        name: "rust",
        what: "house rules for Rust files",
        faults: rust_files::faults,
    },
    Check {
        name: "text",
        what: "house rules for all text",
        faults: texts::faults,
    },
    Check {
        name: "links",
        what: "links between documents",
        faults: links::faults,
    },
    Check {
        name: "settings",
        what: "variables in documents are settings",
        faults: settings::faults,
    },
    Check {
        name: "dependencies",
        what: "licences, banned crates, duplicates, sources",
        faults: dependencies::faults,
    },
    Check {
        name: "fuzz",
        what: "fuzz targets have seeds and are described",
        faults: fuzz_targets::faults,
    },
    Check {
        name: "wit",
        what: "contracts and vendored packages",
        faults: wit::faults,
    },
    Check {
        name: "clippy",
        what: "clippy, warnings denied",
        faults: clippy::faults,
    },
];

/// Runs the checks named in `arguments`, or all.
///
/// Gives a failure when there is a fault.
///
/// # Errors
/// A name is unknown, or a check could not be made.
pub fn lint(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let known: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    if let Some(unknown) = arguments
        .iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        bail!(
            "no such check: `{unknown}`\nhint: the checks are: {}",
            known.join(", ")
        );
    }
    let wanted =
        |check: &&Check| arguments.is_empty() || arguments.iter().any(|name| name == check.name);
    let mut count = 0;
    for check in CHECKS.iter().filter(wanted) {
        say("lint", &format!("{}: {}", check.name, check.what));
        let faults = (check.faults)(workspace)?;
        faults
            .iter()
            .for_each(|fault| eprintln!("{}: {fault}", check.name));
        count += faults.len();
    }
    println!("lint: {count} faults");
    Ok(if count == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
