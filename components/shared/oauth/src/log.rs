//! The log of the operator, as a trait.

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Normal operation.
    Info,
    /// Something to look at.
    Warn,
    /// Something that does not work.
    Error,
}

/// Where lines go. They begin with a stable code and hold no secret, no token and no e-mail address.
pub trait Log {
    /// Writes one line.
    fn write(&self, level: Level, line: &str);
}
