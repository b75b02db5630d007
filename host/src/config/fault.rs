//! Faults of a configuration: collected, so that an operator sees all of them at once.

use std::fmt;

/// The exit code of the process when its configuration is at fault (`EX_USAGE` of sysexits).
pub const EXIT_CODE: u8 = 64;

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An environment variable.
    Environment,
    /// An argument of the command line.
    CommandLine,
    /// Nowhere: the setting is not set.
    NotSet,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::CommandLine => "command line",
            Self::NotSet => "not set",
        })
    }
}

/// What is wrong with a value, without the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, lower-case, without a final full stop.
    pub text: String,
    /// What to do about it, one line each.
    pub hints: Vec<String>,
}

impl Problem {
    /// A problem without a remedy worth telling.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            hints: Vec::new(),
        }
    }

    /// Adds a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// The variable or argument that is to blame, as the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The whole name.
    pub name: String,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.origin)
    }
}

/// One fault: where, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is to blame.
    pub place: Place,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem.text)?;
        for hint in &self.problem.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a configuration; never empty. Exit with [`EXIT_CODE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// The faults in the order in which they were found.
    #[must_use]
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// What reading a configuration has found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<String>,
}

impl Report {
    /// Records a fault.
    pub(super) fn fault(&mut self, place: Place, problem: Problem) {
        self.faults.push(Fault { place, problem });
    }

    /// Records something that the operator should know and that stops nothing.
    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}

/// A value for a message: in backticks, without control characters, cut to a readable length.
///
/// Only for values that cannot be secrets.
pub(super) fn quoted(value: &str) -> String {
    const LONGEST: usize = 60;
    let plain = |c: char| {
        if c.is_control() || c == '`' {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut shown: String = value.chars().take(LONGEST).map(plain).collect();
    if value.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
