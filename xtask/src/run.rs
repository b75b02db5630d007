//! `cargo xtask run`: everything built, then the server in this very process, so that signals and
//! the exit code are its own.

use std::env;
use std::process::Command;

use anyhow::Result;

use crate::command::{self, say};
use crate::components::DEFAULT;
use crate::host;
use crate::workspace::Workspace;

/// Hides the tools that change or spend something when it is `true`, which is the default of the
/// server.
const READ_ONLY: &str = "IMAGE_GENERATION_MCP_READ_ONLY";

/// Builds components and host and becomes the server, on `http://127.0.0.1:8000/mcp` unless
/// `arguments` or the environment say otherwise.
///
/// # Errors
/// Something does not build, or the server cannot be started.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    DEFAULT.build(workspace)?;
    let binary = host::build(workspace)?;
    let mut server = command::program(binary);
    server.arg("serve").args(arguments);
    if env::var_os(READ_ONLY).is_none() {
        server.env(READ_ONLY, "false");
        say(
            "run",
            &format!(
                "{READ_ONLY}=false, so that you can generate an image; the server's default is `true`"
            ),
        );
    }
    become_server(server)
}

#[cfg(unix)]
fn become_server(mut server: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::from(server.exec()).context("cannot start the server"))
}

#[cfg(not(unix))]
fn become_server(mut server: Command) -> Result<()> {
    command::run("run", &mut server)
}
