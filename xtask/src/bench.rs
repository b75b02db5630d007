//! `cargo xtask bench`: builds the release host and the load generator, and hands over to it.

use anyhow::Result;

use crate::command::{self, say};
use crate::components::DEFAULT;
use crate::workspace::Workspace;
use crate::{host, test};

/// Measures the release binary; `arguments` go to the load generator.
///
/// # Errors
/// Something does not build, or the measurement failed.
pub fn bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    DEFAULT.build(workspace)?;
    host::build(workspace)?;
    say(
        "bench",
        "build the load generator and the native comparator, then measure",
    );
    let mut cargo = command::cargo(workspace);
    test::environment::of_programs(workspace).apply(&mut cargo);
    cargo
        .args(["run", "--release", "--quiet", "--package=bench", "--"])
        .args(arguments);
    command::run("bench", &mut cargo)
}
