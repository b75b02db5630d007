//! `cargo xtask test`: builds what is missing, runs the tests group by group, and closes with `N
//! passed, N failed`.

pub mod environment;
pub mod groups;
mod tally;

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::{self, say};
use crate::components::{DEFAULT, FIXTURES};
use crate::test::environment::Environment;
use crate::test::groups::{Group, Needs, Profile};
use crate::test::tally::Tally;
use crate::workspace::Workspace;
use crate::{contracts, host, node};

/// Runs the tests. `arguments` may name a group, and then a part of the names of the tests to run.
///
/// Gives a failure when a test failed, after the closing line, which stays the last one.
///
/// # Errors
/// The arguments make no sense, no test was selected, or something that the tests need does not
/// build.
pub fn test(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let (groups, filter) = groups::select(arguments)?;
    let environment = prepare(workspace, &groups)?;

    let mut outcomes = Vec::new();
    for group in groups {
        outcomes.push(run(workspace, group, filter, &environment)?);
    }
    for outcome in &outcomes {
        say("test", &outcome.to_string());
    }
    let total = outcomes
        .iter()
        .fold(Tally::default(), |total, outcome| total + outcome.tally);
    println!("{total}");
    if let Some(filter) = filter.filter(|_| total == Tally::default()) {
        bail!("no test has this in its name: `{filter}`");
    }
    let success = outcomes.iter().all(|outcome| outcome.success);
    Ok(if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds what the groups need, and gives the variables that tell them where it is.
fn prepare(workspace: &Workspace, groups: &[&Group]) -> Result<Environment> {
    let needs = groups
        .iter()
        .map(|group| group.needs)
        .max()
        .unwrap_or(Needs::Nothing);
    if needs >= Needs::Components {
        DEFAULT.build(workspace)?;
    }
    let environment = environment::of_programs(workspace);
    if needs < Needs::Everything {
        return Ok(environment);
    }
    FIXTURES.build(workspace)?;
    contracts::check(workspace, &[&DEFAULT, &FIXTURES])?;
    host::build(workspace)?;
    Ok(environment.with_node(node::ensure(workspace)?))
}

/// What came of one group.
struct Outcome {
    group: &'static str,
    tally: Tally,
    time: Duration,
    /// Cargo's own verdict: also false when the tests did not compile or ended early.
    success: bool,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.success, self.tally.failed) {
            (true, _) => "ok",
            (false, 0) => "did not compile, or ended early",
            (false, _) => "failed",
        };
        write!(
            f,
            "{:<10} {} in {:.1} s: {verdict}",
            self.group,
            self.tally,
            self.time.as_secs_f64()
        )
    }
}

/// Runs the tests of one group to the end, also after a failure, and counts while it passes their
/// output on.
fn run(
    workspace: &Workspace,
    group: &Group,
    filter: Option<&str>,
    environment: &Environment,
) -> Result<Outcome> {
    say(
        "test",
        &format!("{}: {}", group.name, group.packages.join(", ")),
    );
    let mut cargo = command::cargo(workspace);
    cargo.args(["test", "--no-fail-fast"]);
    if let Profile::Release = group.profile {
        cargo.arg("--release");
    }
    group
        .packages
        .iter()
        .for_each(|package| _ = cargo.args(["--package", package]));
    cargo.args(filter);
    environment.apply(&mut cargo);

    let start = Instant::now();
    let mut child = cargo
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let mut tally = Tally::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("cannot read the output of cargo")?;
            tally = tally + Tally::of_line(&String::from_utf8_lossy(&line)).unwrap_or_default();
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(&line)?;
            stdout.write_all(b"\n")?;
        }
    }
    let success = child.wait().context("cannot wait for cargo")?.success();
    Ok(Outcome {
        group: group.name,
        tally,
        time: start.elapsed(),
        success,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Outcome, Tally};

    #[test]
    fn an_outcome_is_one_line() {
        let tally = Tally {
            passed: 12,
            failed: 1,
            ignored: 0,
        };
        let outcome = Outcome {
            group: "host",
            tally,
            time: Duration::from_millis(1250),
            success: false,
        };
        assert_eq!(
            outcome.to_string(),
            "host       12 passed, 1 failed in 1.2 s: failed"
        );
        let broken = Outcome {
            tally: Tally::default(),
            ..outcome
        };
        assert_eq!(
            broken.to_string(),
            "host       0 passed, 0 failed in 1.2 s: did not compile, or ended early"
        );
    }
}
