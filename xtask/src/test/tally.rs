//! Counts of passed and failed tests, read from what cargo prints.

use std::fmt;
use std::ops::Add;

/// How many tests passed, failed, and were ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl Tally {
    /// The counts of a line such as `test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0
    /// filtered out; ...`.
    pub fn of_line(line: &str) -> Option<Self> {
        let (_, counts) = line
            .trim()
            .strip_prefix("test result: ")?
            .split_once(". ")?;
        let count = |what: &str| {
            let part = counts
                .split(';')
                .find_map(|part| part.trim().strip_suffix(what))?;
            part.trim().parse().ok()
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
            ignored: count("ignored")?,
        })
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, ", {} skipped", self.ignored)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn summaries_are_counted_and_other_lines_are_not() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s";
        let failed = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\r";
        let one = Tally::of_line(ok).unwrap();
        let two = Tally::of_line(failed).unwrap();
        assert_eq!(
            one,
            Tally {
                passed: 12,
                failed: 0,
                ignored: 1
            }
        );
        assert_eq!(
            two,
            Tally {
                passed: 1,
                failed: 2,
                ignored: 0
            }
        );
        assert_eq!((one + two).to_string(), "13 passed, 2 failed, 1 skipped");
        for other in [
            "test a::b ... ok",
            "running 3 tests",
            "",
            "test result: ok.",
            "test result: ok. x passed; 0 failed",
        ] {
            assert_eq!(Tally::of_line(other), None, "{other:?}");
        }
    }

    #[test]
    fn nothing_skipped_is_not_mentioned() {
        assert_eq!(
            Tally {
                passed: 3,
                failed: 0,
                ignored: 0
            }
            .to_string(),
            "3 passed, 0 failed"
        );
    }
}
