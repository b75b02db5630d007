//! Runs one target under libFuzzer.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

use crate::command;
use crate::fuzz::build::Build;
use crate::fuzz::package::Target;
use crate::fuzz::report::{Failure, Report, Stats, Verdict};

/// Longest input in bytes, unless a seed is longer.
const MAX_LENGTH: u64 = 16 * 1024;

/// A single input may take this long, in seconds.
const TIMEOUT_S: u32 = 10;
const MEMORY_MB: u32 = 2048;

/// Runs the target for some seconds. What it finds goes to its working corpus, never to the seeds.
///
/// # Errors
/// It cannot be started, or its folders cannot be written.
pub fn run(target: &Target, build: &Build, seconds: u32) -> Result<Report> {
    let folder = |kind: &str| -> Result<_> {
        let folder = build.folder.join(kind).join(&target.name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        Ok(folder)
    };
    let (corpus, found) = (folder("corpus")?, folder("found")?);
    let log = folder("logs")?.join("last.log");
    let output = File::create(&log).with_context(|| format!("cannot write `{}`", log.display()))?;

    let mut program = command::program(build.binary(target));
    // libFuzzer writes to the first folder only.
    program.arg(&corpus).arg(&target.seeds);
    program.args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={}", longest(&target.seeds)?.max(MAX_LENGTH)),
        format!("-timeout={TIMEOUT_S}"),
        // The same choices in every run, as far as the time goes.
        "-seed=1".to_owned(),
        format!("-rss_limit_mb={MEMORY_MB}"),
        "-print_final_stats=1".to_owned(),
        format!("-artifact_prefix={}/", found.display()),
    ]);
    if target.dictionary.exists() {
        program.arg(format!("-dict={}", target.dictionary.display()));
    }
    // Looking for leaks needs ptrace, which containers often refuse.
    program.env("ASAN_OPTIONS", "detect_leaks=0");
    let status = program
        .stdin(std::process::Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .with_context(|| format!("cannot start `{}`", target.name))?;

    let text = fs::read(&log).with_context(|| format!("cannot read `{}`", log.display()))?;
    let text = String::from_utf8_lossy(&text);
    let stats = Stats::read(&text);
    let verdict = match (status.success(), stats) {
        (true, Some(stats)) if stats.executions > 0 => Verdict::Held,
        (true, _) => Verdict::Broke(format!("it has run nothing: see `{}`", log.display())),
        (false, _) => Verdict::Broke(Failure::read(&text).describe(&target.name, &log)),
    };
    Ok(Report {
        target: target.name.clone(),
        stats,
        verdict,
    })
}

/// The size of the longest seed in bytes.
fn longest(seeds: &Path) -> Result<u64> {
    let entries = fs::read_dir(seeds)
        .with_context(|| format!("cannot read the seeds `{}`", seeds.display()))?;
    let mut longest = 0;
    for entry in entries {
        longest = longest.max(entry?.metadata()?.len());
    }
    Ok(longest)
}
