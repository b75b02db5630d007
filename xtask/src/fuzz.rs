//! `cargo xtask fuzz`: gives each fuzz target a while, with the seeds that its folder keeps. It needs
//! neither a nightly compiler nor cargo-fuzz. Which target reads what: `docs/fuzzing.md`.

mod build;
mod options;
pub mod package;
mod report;
mod run;

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, anyhow, bail};

use crate::command::{self, say};
use crate::fuzz::build::Build;
use crate::fuzz::options::Options;
use crate::fuzz::package::{Package, Target};
use crate::fuzz::report::Report;
use crate::workspace::Workspace;

/// How many targets run at a time: a machine that builds this project has two cores at least.
const AT_A_TIME: usize = 2;

/// Fuzzes the targets that `arguments` name, or all.
///
/// Gives a failure when a target broke. Its closing line is not that of the tests.
///
/// # Errors
/// The arguments make no sense, a target is unknown, does not compile or cannot be started.
pub fn fuzz(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let options = Options::parse(arguments)?;
    let packages = package::find(workspace)?;
    let targets = selected(&packages, &options.targets)?;
    let build = Build::new(workspace, options.sanitizes)?;
    for package in &packages {
        let wanted = targets
            .iter()
            .filter(|target| target.package == package.path);
        let names: Vec<&str> = wanted.map(|target| target.name.as_str()).collect();
        if !names.is_empty() {
            build.run(package, &names)?;
        }
    }
    if let Some(input) = &options.replay {
        let [target] = targets.as_slice() else {
            bail!(
                "expected one target to replay `{input}`, found {}",
                targets.len()
            );
        };
        let mut program = command::program(build.binary(target));
        let outcome = command::run("fuzz", program.arg(input));
        return outcome.map(|()| ExitCode::SUCCESS);
    }
    say(
        "fuzz",
        &format!(
            "{} targets, {} s each, {AT_A_TIME} at a time",
            targets.len(),
            options.seconds
        ),
    );
    let reports = run_all(&targets, |target| run::run(target, &build, options.seconds))?;
    let broken = reports.iter().filter(|report| !report.holds()).count();
    println!(
        "fuzz: {} targets held, {broken} broke",
        reports.len() - broken
    );
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The targets of these names, or all when there are none.
fn selected<'a>(packages: &'a [Package], names: &[String]) -> Result<Vec<&'a Target>> {
    let all: Vec<&Target> = packages
        .iter()
        .flat_map(|package| &package.targets)
        .collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| !all.iter().any(|target| target.name == **name))
    {
        let known: Vec<&str> = all.iter().map(|target| target.name.as_str()).collect();
        bail!(
            "no such fuzz target: `{unknown}`\nhint: the targets are: {}",
            known.join(", ")
        );
    }
    let is_wanted = |target: &&Target| names.is_empty() || names.contains(&target.name);
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// Runs all to their end, a few at a time, and prints each report when it is there.
fn run_all(
    targets: &[&Target],
    run: impl Fn(&Target) -> Result<Report> + Sync,
) -> Result<Vec<Report>> {
    let waiting: Mutex<VecDeque<&Target>> = Mutex::new(targets.iter().copied().collect());
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    };
    let work = || {
        let mut reports = Vec::new();
        while let Some(target) = next() {
            let report = run(target)?;
            println!("{report}");
            reports.push(report);
        }
        Ok(reports)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        let mut reports = Vec::new();
        for thread in threads {
            let part: Result<Vec<Report>> = thread
                .join()
                .map_err(|_| anyhow!("a thread that watches a fuzz target has panicked"))?;
            reports.extend(part?);
        }
        Ok(reports)
    })
}

#[cfg(test)]
mod tests {
    use super::package::Package;
    use super::report::{Report, Verdict};
    use super::{run_all, selected};

    fn packages() -> Vec<Package> {
        let manifest = "[[bin]]\nname = \"a\"\n[[bin]]\nname = \"b\"\n[[bin]]\nname = \"c\"\n";
        vec![Package::read("x/fuzz", std::path::Path::new("/x"), manifest).unwrap()]
    }

    #[test]
    fn names_select_and_unknown_ones_are_refused() {
        let packages = packages();
        let names = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&name| name.to_owned()).collect();
            selected(&packages, &arguments)
                .map(|targets| targets.iter().map(|target| target.name.clone()).collect())
                .map_err(|error| error.to_string())
        };
        let all: Result<Vec<String>, String> = Ok(["a", "b", "c"].map(str::to_owned).to_vec());
        assert_eq!(names(&[]), all);
        assert_eq!(names(&["b"]), Ok(vec!["b".to_owned()]));
        let refused = names(&["b", "d"]).unwrap_err();
        assert!(refused.starts_with("no such fuzz target: `d`"), "{refused}");
    }

    #[test]
    fn each_target_runs_once_also_after_one_that_broke() {
        let packages = packages();
        let targets = selected(&packages, &[]).unwrap();
        let reports = run_all(&targets, |target| {
            Ok(Report {
                target: target.name.clone(),
                stats: None,
                verdict: if target.name == "a" {
                    Verdict::Broke("why".to_owned())
                } else {
                    Verdict::Held
                },
            })
        });
        let mut names: Vec<String> = reports
            .unwrap()
            .into_iter()
            .map(|report| report.target)
            .collect();
        names.sort();
        assert_eq!(names, ["a", "b", "c"]);
    }
}
