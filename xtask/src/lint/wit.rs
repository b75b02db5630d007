//! The contracts in `wit/`: the vendored packages are those of the lock, and everything else that
//! `tests/wit-check` finds.

use anyhow::Result;

use crate::contracts;
use crate::vendor;
use crate::workspace::Workspace;

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = vendor::faults(workspace)?;
    if let Err(error) = contracts::check(workspace, &[]) {
        faults.push(format!("{error:#}"));
    }
    Ok(faults)
}
