//! What is logged, and in which form.

use super::settings;
use super::values::Values;

/// The log on standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// The least important messages to log.
    pub level: tracing::Level,
    /// The form of lines.
    pub format: LogFormat,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Logging {
    pub(super) fn resolve(values: &Values) -> Self {
        let level = values
            .text(&settings::LOG_LEVEL)
            .and_then(|level| level.parse().ok());
        let format = match values.text(&settings::LOG_FORMAT) {
            Some("json") => LogFormat::Json,
            _ => LogFormat::Text,
        };
        Self {
            level: level.unwrap_or(tracing::Level::INFO),
            format,
        }
    }
}
