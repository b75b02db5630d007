//! Clippy with the lints of the workspace, warnings denied.
//!
//! The groups are those of the tests, for the same reason, and each uses the profile that its
//! packages are built with: so it shares build scripts, generated code and procedural macros with
//! that build, among them the C code of aws-lc. For the host that costs a pass over wasmtime's
//! sources without code generation, once.

use anyhow::Result;

use crate::command::{self, say};
use crate::host;
use crate::test::groups::{FAKES, PURE};
use crate::wasm_target::{self, TARGET};
use crate::workspace::Workspace;

/// What one call of clippy looks at.
struct Group {
    packages: &'static [&'static str],
    arguments: &'static [&'static str],
}

const GROUPS: &[Group] = &[
    Group {
        packages: &["xtask"],
        arguments: &["--all-targets"],
    },
    Group {
        packages: &["wit-check"],
        arguments: &["--all-targets"],
    },
    Group {
        packages: PURE,
        arguments: &["--release", "--all-targets"],
    },
    Group {
        packages: PURE,
        arguments: &["--profile=component", "--target", TARGET, "--lib"],
    },
    Group {
        packages: FAKES,
        arguments: &["--release", "--all-targets"],
    },
    Group {
        packages: &[host::PACKAGE],
        arguments: &["--release", "--all-targets"],
    },
    Group {
        packages: &["bench"],
        arguments: &["--release", "--all-targets"],
    },
    Group {
        packages: &["e2e"],
        arguments: &["--release", "--all-targets"],
    },
];

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    wasm_target::ensure()?;
    let mut faults = Vec::new();
    for group in GROUPS {
        let what = format!(
            "{} {}",
            group.packages.join(", "),
            group.arguments.join(" ")
        );
        say("clippy", &what);
        let mut cargo = command::cargo(workspace);
        cargo.args(["clippy", "--quiet"]).args(group.arguments);
        cargo.args(
            group
                .packages
                .iter()
                .flat_map(|package| ["--package", package]),
        );
        if !cargo.args(["--", "--deny=warnings"]).status()?.success() {
            faults.push(what);
        }
    }
    if !faults.is_empty() {
        faults.push("hint: when cargo has no `clippy`: `rustup component add clippy`".to_owned());
    }
    Ok(faults)
}
