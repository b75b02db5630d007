//! Outbound HTTP: requests to the addresses that the deployment grants, with every wait and every
//! size bounded, and a look at whether anybody still wants the answer at least once a second.

mod client;
mod events;
mod form;
mod import;
mod url;

pub use client::{Client, Limits, Response};
pub use events::{Event, Events};
pub use form::{Form, Part};
pub use url::Url;

use std::time::Duration;

use thiserror::Error;

/// The outbound HTTP of the host: exchanges of one request and one answer.
pub trait Http {
    /// Begins an exchange. Returns before anything is answered, and possibly before the request
    /// is sent.
    ///
    /// # Errors
    /// See [`HttpError`].
    fn start<'a>(&self, request: &Request<'a>) -> Result<Box<dyn HttpExchange + 'a>, HttpError>;
}

/// One request under way. Dropping it closes the connection, if it is not done.
pub trait HttpExchange {
    /// The head of the answer; `None` when it is not there after `wait`. Once it was there it is
    /// not asked for again.
    ///
    /// # Errors
    /// See [`HttpError`].
    fn head(&mut self, wait: Duration) -> Result<Option<Head>, HttpError>;

    /// The next bytes of the body, after the head.
    ///
    /// # Errors
    /// See [`HttpError`].
    fn read(&mut self, wait: Duration) -> Result<Chunk, HttpError>;
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` or another.
    pub method: &'static str,
    /// Where to.
    pub url: &'a Url,
    /// Header fields, lower-case names. `content-length` and `host` are added.
    pub headers: &'a [(&'static str, String)],
    /// The body in pieces, so that large files in it need not be copied; none means no body.
    pub body: &'a [&'a [u8]],
    /// How long the host may try to connect.
    pub connect_timeout: Duration,
    /// How long the host may wait for the first byte of the answer.
    pub first_byte_timeout: Duration,
}

/// Status and header fields of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Lower-case names; values that are not UTF-8 are left out.
    pub headers: Vec<(String, String)>,
}

/// What reading a body gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// Nothing yet.
    Waiting,
    /// Some bytes.
    Bytes(Vec<u8>),
    /// The body was complete.
    End,
}

/// Why there is no answer. The texts are for the log.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HttpError {
    /// The URL is none, or the host does not grant the address. Nothing was sent.
    #[error("outbound request refused: {0}")]
    Refused(String),
    /// No connection came about. Nothing was sent.
    #[error("no connection: {0}")]
    NotSent(String),
    /// The connection ended early. The request may have had its effect.
    #[error("connection lost: {0}")]
    Lost(String),
    /// It took too long. The request may have had its effect.
    #[error("timed out")]
    Timeout,
    /// The answer is larger than it may be.
    #[error("the answer is too large")]
    TooLarge,
    /// Nobody wants the answer any more.
    #[error("cancelled")]
    Cancelled,
}

impl HttpError {
    /// Whether the request cannot have had any effect.
    pub fn is_without_effect(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NotSent(_))
    }
}

impl Head {
    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
