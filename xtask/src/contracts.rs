//! Holds the contracts in `wit/`, and components that were built, against the rules of
//! `tests/wit-check`.

use anyhow::Result;

use crate::command::{self, say};
use crate::components::Set;
use crate::workspace::Workspace;

/// Checks the contracts, and that each component of the sets, just built, keeps to its world.
///
/// # Errors
/// There is a fault; each has been printed on stderr.
pub fn check(workspace: &Workspace, sets: &[&Set]) -> Result<()> {
    let what = if sets.is_empty() {
        "`wit/`"
    } else {
        "`wit/`, and each component against its world"
    };
    say("contracts", &format!("check {what}"));
    let mut cargo = command::cargo(workspace);
    cargo.args(["run", "--quiet", "--package=wit-check", "--", "wit"]);
    for (component, file) in sets.iter().flat_map(|set| set.files(workspace)) {
        cargo.arg(format!("{}={}", component.world, file.display()));
    }
    command::run("contracts", &mut cargo)
}
