//! Logs: set-up, request ids, and the lines that every request leaves.
//!
//! No line holds a token, a key, a prompt or a query.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow};
use http::StatusCode;
use http::request::Parts;
use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::bindings::auth::Denial;
use crate::capabilities::log::printable;
use crate::config::LogFormat;
use crate::error::{PolicyError, Refusal, ToolsError};
use crate::route::TRANSFER;

/// Sends log lines to standard error.
///
/// # Errors
///
/// When logging is set up twice.
pub fn init(level: Level, format: LogFormat) -> Result<()> {
    // Dependencies are quiet: they log addresses and header fields.
    let filter = EnvFilter::new(format!(
        "warn,image_generation_mcp={level},component={level}"
    ));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow!("cannot set up logging: {error}"))
}

/// A short id that is unique in this process and unlikely to repeat in another.
#[must_use]
pub fn request_id() -> Arc<str> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static START: std::sync::LazyLock<u64> = std::sync::LazyLock::new(|| {
        let mut bytes = [0; 8];
        // Without randomness ids merely repeat between runs.
        let _ = aws_lc_rs::rand::fill(&mut bytes);
        u64::from_le_bytes(bytes)
    });
    // A Weyl sequence: neighbours look different, nothing repeats before 2^64.
    let step = NEXT
        .fetch_add(1, Ordering::Relaxed)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{:016x}", START.wrapping_add(step)).into()
}

/// The path, without what is a credential: the token of a transfer link.
fn loggable_path(parts: &Parts) -> String {
    let path = parts.uri.path();
    match path.find(TRANSFER) {
        Some(at) => printable(path.get(..at + TRANSFER.len()).unwrap_or_default()) + "...",
        None => printable(path),
    }
}

/// A request that got no answer from a component, and why.
pub fn refused(request_id: &str, parts: &Parts, refusal: &Refusal) {
    let method = parts.method.as_str();
    let path = loggable_path(parts);
    let reason = printable(&refusal.to_string());
    match refusal {
        Refusal::Client(_) | Refusal::Denied(_) => {
            tracing::info!(request_id, method, path, reason, "request refused");
        }
        Refusal::Tools(ToolsError::Busy | ToolsError::Timeout(_))
        | Refusal::Policy(PolicyError::Busy) => {
            tracing::warn!(request_id, method, path, reason, "request not answered");
        }
        Refusal::Tools(_) | Refusal::Policy(_) => {
            tracing::error!(request_id, method, path, reason, "component failed");
        }
    }
}

/// An operation that the policy refused to an authenticated caller.
pub fn denied(request_id: &str, method: &str, denial: &Denial) {
    let (method, reason) = (printable(method), printable(&denial.reason));
    tracing::info!(
        request_id,
        method,
        code = printable(&denial.code),
        reason,
        "operation refused"
    );
}

/// The line of every request.
pub fn answered(request_id: &str, parts: &Parts, status: StatusCode, elapsed: Duration) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let method = parts.method.as_str();
    let path = loggable_path(parts);
    let rpc = parts
        .headers
        .get("mcp-method")
        .and_then(|value| value.to_str().ok())
        .map(printable)
        .unwrap_or_default();
    let elapsed_ms = elapsed.as_secs_f64() * 1000.0;
    tracing::info!(
        request_id,
        method,
        path,
        rpc,
        status = status.as_u16(),
        elapsed_ms,
        "request"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| request_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
