//! The two notifications that belong to a request: progress and log messages.

use serde::Serialize;
use serde_json::Value;

use crate::log_level::LogLevel;

#[derive(Serialize)]
struct Notification<P> {
    jsonrpc: &'static str,
    method: &'static str,
    params: P,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Progress<'a> {
    progress_token: &'a Value,
    progress: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct LogMessage<'a, D> {
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logger: Option<&'a str>,
    data: &'a D,
}

pub(crate) fn progress(
    progress_token: &Value,
    progress: f64,
    total: Option<f64>,
    message: Option<&str>,
) -> Option<Vec<u8>> {
    encode(
        "notifications/progress",
        Progress {
            progress_token,
            progress,
            total,
            message,
        },
    )
}

pub(crate) fn message<D: Serialize>(
    level: LogLevel,
    logger: Option<&str>,
    data: &D,
) -> Option<Vec<u8>> {
    let level = level.as_str();
    encode(
        "notifications/message",
        LogMessage {
            level,
            logger,
            data,
        },
    )
}

/// `None` when the component's own data cannot be JSON, for example a map with keys that are no
/// strings. A lost log line is no reason to fail a request.
fn encode(method: &'static str, params: impl Serialize) -> Option<Vec<u8>> {
    let jsonrpc = "2.0";
    serde_json::to_vec(&Notification {
        jsonrpc,
        method,
        params,
    })
    .ok()
}
