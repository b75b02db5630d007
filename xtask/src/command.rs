//! Running other programs: cargo with a clean environment, and failure as an error that names the
//! step.

use std::env;
use std::io::ErrorKind;
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use crate::workspace::Workspace;

/// What `cargo run` tells xtask about xtask. Left in place, build scripts would see other values
/// than under a plain `cargo build`, and things would be built twice.
const ABOUT_XTASK: &[&str] = &[
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
];

/// Cargo at the root of the workspace, with the same target directory wherever xtask was called
/// from.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = cargo_anywhere();
    cargo.current_dir(&workspace.root);
    if env::var_os("CARGO_TARGET_DIR").is_some() {
        cargo.env("CARGO_TARGET_DIR", &workspace.target);
    }
    cargo
}

/// Cargo in the current directory.
pub fn cargo_anywhere() -> Command {
    program(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Any program, without what cargo said about xtask.
pub fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    for (key, _) in env::vars_os() {
        if ABOUT_XTASK
            .iter()
            .any(|prefix| key.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(key);
        }
    }
    command
}

/// Runs it to its end, with our stdin, stdout and stderr.
///
/// # Errors
/// It cannot be started, or its exit status is not zero.
pub fn run(step: &str, command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{step}: cannot start {}", name(command)))?;
    if !status.success() {
        bail!("{step}: {}: {status}", name(command));
    }
    Ok(())
}

/// What it prints on stdout, trimmed; `None` when there is no such program or it fails.
///
/// # Errors
/// The program is there and cannot be started.
pub fn answer(command: &mut Command) -> Result<Option<String>> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(Some(
            String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot start {}", name(command))),
    }
}

/// The error with a remedy on a line of its own, after all causes.
pub fn with_hint(error: &anyhow::Error, hint: &str) -> anyhow::Error {
    anyhow!("{error:#}\nhint: {hint}")
}

/// Says on stderr what happens next.
pub fn say(step: &str, what: &str) {
    eprintln!("xtask: {step}: {what}");
}

fn name(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    format!(
        "`{}`",
        program
            .file_name()
            .unwrap_or(command.get_program())
            .to_string_lossy()
    )
}

#[cfg(test)]
mod tests {
    use super::{answer, program, run};

    #[test]
    fn a_missing_program_is_no_answer_and_no_run() {
        assert_eq!(
            answer(&mut program("no-such-program-anywhere")).unwrap(),
            None
        );
        let error = run("try", &mut program("no-such-program-anywhere")).unwrap_err();
        assert!(format!("{error:#}").starts_with("try: cannot start `no-such-program-anywhere`"));
    }

    #[test]
    fn an_answer_is_trimmed_and_a_failure_is_none() {
        let mut rustc = program(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()));
        assert!(
            answer(rustc.arg("--version"))
                .unwrap()
                .unwrap()
                .starts_with("rustc ")
        );
        assert_eq!(answer(rustc.arg("--no-such-flag")).unwrap(), None);
    }

    #[test]
    fn nothing_about_xtask_is_handed_on() {
        let kept: Vec<_> = program("cargo")
            .get_envs()
            .map(|(key, value)| (key.to_owned(), value.is_none()))
            .collect();
        assert!(
            kept.iter()
                .any(|(key, removed)| key == "CARGO_MANIFEST_DIR" && *removed)
        );
    }
}
