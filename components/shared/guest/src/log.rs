//! Lines for the log of the operator. The host adds tenant, component and request id.

use crate::Host;
use crate::bindings::imagegen::log::log as import;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For the developer of the component.
    Debug,
    /// Normal operation.
    Info,
    /// Something to look at; the request still got its proper answer.
    Warn,
    /// The component could not do its job.
    Error,
}

/// Write access to the log. A line at `Info` or above holds no token, no key and no prompt.
pub trait Log {
    /// Writes one line; longer than 4096 bytes, it is cut.
    fn write(&self, level: Level, message: &str);
}

impl dyn Log + '_ {
    /// Normal operation.
    pub fn info(&self, message: &str) {
        self.write(Level::Info, message);
    }

    /// Something to look at.
    pub fn warn(&self, message: &str) {
        self.write(Level::Warn, message);
    }

    /// The component could not do its job.
    pub fn error(&self, message: &str) {
        self.write(Level::Error, message);
    }
}

impl Log for Host {
    fn write(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => import::Level::Debug,
            Level::Info => import::Level::Info,
            Level::Warn => import::Level::Warn,
            Level::Error => import::Level::Error,
        };
        import::write(level, message);
    }
}
