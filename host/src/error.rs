//! What can go wrong on the way of a request, and whose fault it is.
//!
//! No status codes here: `respond.rs` alone turns a [`Refusal`] into an answer.

use std::time::Duration;

use thiserror::Error;

use crate::bindings::auth::Denial;

/// Why a request gets something other than the answer of a component.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The policy said no.
    #[error("refused by the policy: {}: {}", .0.code, .0.reason)]
    Denied(Denial),
    /// The policy could not say anything.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The tools could not answer.
    #[error(transparent)]
    Tools(#[from] ToolsError),
    /// The client's fault: what was sent cannot be accepted.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// What a client did wrong before any component was asked.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ClientError {
    /// Nothing is served at this path.
    #[error("nothing is served at this path")]
    NotFound,
    /// `Host` or `:authority` names a server that this is not.
    #[error("this server is not the one that the `Host` header names")]
    WrongHost,
    /// `Origin` is not allowed to call this server from a browser.
    #[error("the origin of this page may not call this server")]
    WrongOrigin,
    /// The request head is not usable: repeated or missing `Host`, a target that is not a path.
    #[error("the head of the request is malformed")]
    MalformedHead,
    /// The body is larger than allowed.
    #[error("the request body is larger than {max_bytes} bytes")]
    BodyTooLarge {
        /// The limit in bytes.
        max_bytes: usize,
    },
    /// The body did not arrive in time.
    #[error("the request body did not arrive in time")]
    BodyTimeout,
    /// The connection broke while the body was read.
    #[error("the request body is incomplete")]
    BodyIncomplete,
}

/// Why a policy gave no answer. The client sees 503 in every case.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// All instances are busy.
    #[error("all instances of the policy are busy")]
    Busy,
    /// It did not answer in time and was stopped.
    #[error("the policy did not answer within {0:?}")]
    Timeout(Duration),
    /// It trapped, or could not be instantiated.
    #[error("the policy failed: {0:#}")]
    Trap(wasmtime::Error),
    /// It answered with something that cannot be sent.
    #[error("the policy gave an invalid answer: {0}")]
    InvalidAnswer(String),
}

/// Why the tools gave no answer.
#[derive(Debug, Error)]
pub enum ToolsError {
    /// All instances are busy.
    #[error("all instances are busy")]
    Busy,
    /// No answer began in time; the instance was stopped.
    #[error("the tools did not answer within {0:?}")]
    Timeout(Duration),
    /// The instance trapped: a bug, or a limit.
    #[error("the tools failed: {source:#}{}", if .stderr.is_empty() { String::new() } else { format!(": {}", .stderr) })]
    Trap {
        /// What the engine said.
        source: wasmtime::Error,
        /// What the instance wrote before it died.
        stderr: String,
    },
    /// The instance ended without an answer.
    #[error("the tools ended without an answer")]
    NoAnswer,
    /// The answer breaks the rules of HTTP or the size limit.
    #[error("the tools gave an invalid answer: {0}")]
    InvalidAnswer(String),
}
