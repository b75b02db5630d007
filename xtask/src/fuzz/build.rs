//! Builds fuzz targets as cargo-fuzz would, with the compiler that builds everything else: what
//! libFuzzer needs is a pass of LLVM, and its runtime comes with the crate `libfuzzer-sys`.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command::{self, say, with_hint};
use crate::fuzz::package::{Package, Target};
use crate::workspace::Workspace;

/// Counts edges and compares, so that libFuzzer sees what an input has reached.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    // Branches that are folded into one cannot be told apart.
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "--cfg=fuzzing",
];

/// Optimised, and yet every check of a development build is made.
const PROFILE: &[&str] = &[
    "profile.release.debug-assertions=true",
    "profile.release.overflow-checks=true",
    "profile.release.debug='line-tables-only'",
    "profile.release.codegen-units=1",
];

/// Where and how targets are built. A second run reuses what the first has built.
pub struct Build {
    /// Everything of fuzzing: programs, inputs that were found, logs.
    pub folder: PathBuf,
    host: String,
    sanitizes: bool,
}

impl Build {
    /// # Errors
    /// There is no compiler.
    pub fn new(workspace: &Workspace, sanitizes: bool) -> Result<Self> {
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let version = command::answer(command::program(rustc).arg("-vV"))?;
        let host = version
            .as_deref()
            .and_then(host_of)
            .context("cannot ask `rustc` for the platform that it runs on")?;
        let folder = if sanitizes { "fuzz-asan" } else { "fuzz" };
        Ok(Self {
            folder: workspace.target.join(folder),
            host: host.to_owned(),
            sanitizes,
        })
    }

    /// Builds some targets of one package.
    ///
    /// # Errors
    /// It does not compile, or its lock file is out of step.
    pub fn run(&self, package: &Package, names: &[&str]) -> Result<()> {
        say(
            "fuzz",
            &format!("build `{}`: {}", package.path, names.join(", ")),
        );
        let mut cargo = command::cargo_anywhere();
        cargo
            .current_dir(&package.folder)
            .args(["build", "--quiet", "--release", "--locked"]);
        // Naming the platform keeps the flags away from build scripts and procedural macros.
        cargo.args(["--target", &self.host, "--target-dir"]);
        cargo.arg(&self.folder);
        cargo.args(PROFILE.iter().flat_map(|entry| ["--config", entry]));
        cargo.args(names.iter().flat_map(|name| ["--bin", name]));
        let mut flags = COVERAGE.to_vec();
        if self.sanitizes {
            flags.push("-Zsanitizer=address");
            // The runtime comes with the stable compiler; only the flag is unstable.
            cargo.env("RUSTC_BOOTSTRAP", "1");
        }
        cargo
            .env("CARGO_INCREMENTAL", "0")
            .env_remove("RUSTFLAGS")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        command::run("fuzz", &mut cargo).map_err(|error| {
            let hint = "`cargo xtask lint fuzz` says when a lock file there is out of step";
            with_hint(&error, hint)
        })
    }

    /// The program of a target.
    pub fn binary(&self, target: &Target) -> PathBuf {
        self.folder
            .join(&self.host)
            .join("release")
            .join(&target.name)
    }
}

/// The platform in what `rustc -vV` prints.
fn host_of(version: &str) -> Option<&str> {
    version.lines().find_map(|line| line.strip_prefix("host: "))
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_compiler_says_where_it_runs() {
        let version = "rustc 1.95.0 (abc 2026-04-14)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";
        assert_eq!(host_of(version), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(host_of("rustc 1.95.0\n"), None);
    }
}
