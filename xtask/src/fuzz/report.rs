//! What came of a target, read from what libFuzzer prints.

use std::fmt;
use std::path::Path;

/// Lines of a failure that are shown, from the first that says what happened.
const SHOWN_LINES: usize = 12;

/// One target that has run.
pub struct Report {
    pub target: String,
    pub stats: Option<Stats>,
    pub verdict: Verdict,
}

pub enum Verdict {
    Held,
    /// What happened, and how to see it again.
    Broke(String),
}

impl Report {
    pub fn holds(&self) -> bool {
        matches!(self.verdict, Verdict::Held)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fuzz: {:<14} ", self.target)?;
        if let Some(stats) = self.stats {
            write!(f, "{stats}: ")?;
        }
        match &self.verdict {
            Verdict::Held => f.write_str("held"),
            Verdict::Broke(what) => write!(f, "broke\n{what}"),
        }
    }
}

/// The figures at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    pub executions: u64,
    pub per_second: u64,
    /// Inputs that reached something new, and are in the working corpus now.
    pub new_inputs: u64,
    /// Edges of the program that were reached.
    pub edges: u64,
}

impl Stats {
    /// Reads a log; `None` when the run did not get as far as its figures.
    pub fn read(log: &str) -> Option<Self> {
        let figure = |name: &str| -> Option<u64> {
            let of_line = |line: &str| {
                let rest = line.strip_prefix("stat::")?.strip_prefix(name)?;
                rest.strip_prefix(':')?.trim().parse().ok()
            };
            log.lines().rev().find_map(of_line)
        };
        let edges = log.lines().rev().find_map(|line| {
            let (_, rest) = line.strip_prefix('#')?.split_once(" cov: ")?;
            rest.split(' ').next()?.parse().ok()
        });
        Some(Self {
            executions: figure("number_of_executed_units")?,
            per_second: figure("average_exec_per_sec")?,
            new_inputs: figure("new_units_added")?,
            edges: edges.unwrap_or(0),
        })
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8} executions, {:>6} a second, {:>5} edges, {:>4} new inputs",
            self.executions, self.per_second, self.edges, self.new_inputs
        )
    }
}

/// Why a run ended early.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The message of the panic, or what libFuzzer says.
    pub message: String,
    /// The file with the input.
    pub input: Option<String>,
}

impl Failure {
    /// Reads a log.
    pub fn read(log: &str) -> Self {
        let says_what = |line: &&str| line.contains("panicked at") || line.contains("ERROR: ");
        let lines: Vec<&str> = log
            .lines()
            .skip_while(|line| !says_what(line))
            .take(SHOWN_LINES)
            .collect();
        let written = |line: &str| {
            let (_, path) = line.split_once("Test unit written to ")?;
            Some(path.trim().to_owned())
        };
        Self {
            message: lines.join("\n"),
            input: log.lines().rev().find_map(written),
        }
    }

    /// The message, the file with the input, and the command that runs it again.
    pub fn describe(&self, target: &str, log: &Path) -> String {
        let log = log.display();
        match &self.input {
            Some(input) => format!(
                "{}\ninput: {input}\nlog: {log}\n\
                 hint: `cargo xtask fuzz {target} --replay {input}`; once mended, keep the input as a seed",
                self.message
            ),
            None => format!("{}\nlog: {log}", self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Failure, Report, Stats, Verdict};

    const GOOD: &str = "\
INFO: Running with entropic power schedule (0xFF, 100).
#8\tINITED cov: 312 ft: 700 corp: 7/2175b exec/s: 0 rss: 40Mb
#9000\tNEW    cov: 1210 ft: 3312 corp: 372/9Kb lim: 77 exec/s: 1400 rss: 300Mb
#13183\tDONE   cov: 1211 ft: 3319 corp: 373/9Kb lim: 110 exec/s: 1464 rss: 371Mb
Done 13183 runs in 9 second(s)
stat::number_of_executed_units: 13183
stat::average_exec_per_sec:     1464
stat::new_units_added:          373
stat::slowest_unit_time_sec:    0
stat::peak_rss_mb:              371
";

    const BAD: &str = "\
#9000\tNEW    cov: 1210 ft: 3312 corp: 372/9Kb lim: 77 exec/s: 1400 rss: 300Mb

thread '<unnamed>' (7) panicked at src/a.rs:3:5:
attempt to add with overflow
==7== ERROR: libFuzzer: deadly signal
    #0 0x55 in main
SUMMARY: libFuzzer: deadly signal
artifact_prefix='/t/found/seal/'; Test unit written to /t/found/seal/crash-ab12
";

    #[test]
    fn the_figures_are_those_at_the_end() {
        let stats = Stats::read(GOOD).unwrap();
        let expected = Stats {
            executions: 13183,
            per_second: 1464,
            new_inputs: 373,
            edges: 1211,
        };
        assert_eq!(stats, expected);
        assert_eq!(Stats::read(BAD), None);
        assert_eq!(Stats::read(""), None);
    }

    #[test]
    fn a_report_is_one_line_that_no_tally_is_read_from() {
        let report = Report {
            target: "seal".to_owned(),
            stats: Stats::read(GOOD),
            verdict: Verdict::Held,
        };
        assert_eq!(
            report.to_string(),
            "fuzz: seal              13183 executions,   1464 a second,  1211 edges,  373 new inputs: held"
        );
    }

    #[test]
    fn a_failure_names_its_input_and_how_to_replay_it() {
        let failure = Failure::read(BAD);
        assert!(
            failure
                .message
                .starts_with("thread '<unnamed>' (7) panicked at src/a.rs:3:5:\n")
        );
        let text = failure.describe("seal", Path::new("/t/last.log"));
        for part in [
            "attempt to add with overflow",
            "\ninput: /t/found/seal/crash-ab12\n",
            "`cargo xtask fuzz seal --replay /t/found/seal/crash-ab12`",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let killed = Failure::read("INFO: Seed: 1\n");
        assert_eq!(
            killed,
            Failure {
                message: String::new(),
                input: None
            }
        );
    }
}
