//! `imagegen:log/log`: lines of a component, made safe for the log of the operator.

use std::sync::Arc;

use crate::bindings::log::{Host, Level};

/// Longest message that is kept, in bytes (stated in `wit/log/log.wit`).
const MAX_MESSAGE_BYTES: usize = 4096;
/// Lines that one request may write.
const MAX_LINES: u32 = 100;

/// The log of one instance.
#[derive(Clone, Debug)]
pub struct Log {
    tenant: Arc<str>,
    component: Arc<str>,
    request_id: Arc<str>,
    lines_left: u32,
}

impl Log {
    /// A log whose lines name the tenant and the component.
    #[must_use]
    pub fn new(tenant: Arc<str>, component: Arc<str>) -> Self {
        Self {
            tenant,
            component,
            request_id: Arc::from(""),
            lines_left: MAX_LINES,
        }
    }

    /// Begins another request: lines carry its id, and the allowance is full again.
    pub fn begin(&mut self, request_id: Arc<str>) {
        self.request_id = request_id;
        self.lines_left = MAX_LINES;
    }
}

impl Host for Log {
    fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let Some(lines_left) = self.lines_left.checked_sub(1) else {
            return Ok(());
        };
        self.lines_left = lines_left;
        let message = printable(&message);
        let (tenant, component, request_id) = (&*self.tenant, &*self.component, &*self.request_id);
        match level {
            Level::Debug => {
                tracing::debug!(target: "component", tenant, component, request_id, "{message}")
            }
            Level::Info => {
                tracing::info!(target: "component", tenant, component, request_id, "{message}")
            }
            Level::Warn => {
                tracing::warn!(target: "component", tenant, component, request_id, "{message}")
            }
            Level::Error => {
                tracing::error!(target: "component", tenant, component, request_id, "{message}")
            }
        }
        if lines_left == 0 {
            tracing::warn!(target: "component", tenant, component, request_id, "further lines of this request are dropped");
        }
        Ok(())
    }
}

/// A text that cannot forge a log line: control characters become spaces, the length is bounded.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut end = text.len().min(MAX_MESSAGE_BYTES);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end)
        .unwrap_or_default()
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_forge_a_line_or_fill_the_disk() {
        assert_eq!(printable("a\nERROR b\x1b[31m\u{85}"), "a ERROR b [31m ");
        assert!(printable(&"ä".repeat(10_000)).len() <= MAX_MESSAGE_BYTES);
        let mut log = Log::new("t".into(), "c".into());
        for _ in 0..MAX_LINES + 50 {
            log.write(Level::Debug, "x".to_owned()).unwrap();
        }
        assert_eq!(log.lines_left, 0);
    }
}
