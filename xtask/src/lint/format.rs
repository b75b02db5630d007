//! Formatting as rustfmt does it, of every crate of the workspace.

use anyhow::Result;

use crate::command;
use crate::workspace::Workspace;

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let mut cargo = command::cargo(workspace);
    let status = cargo
        .args(["fmt", "--all", "--check", "--", "--files-with-diff"])
        .status()?;
    if status.success() {
        return Ok(Vec::new());
    }
    Ok(vec![
        "not formatted\n\
         hint: `cargo fmt --all`; when cargo has no `fmt`: `rustup component add rustfmt`"
            .to_owned(),
    ])
}
