//! Documents and images of strangers: one `GET` at a time, under the rules of the host, which
//! resolves the name itself and connects only to a public address that it has checked.

use std::time::Duration;

use thiserror::Error;

use crate::Host;
use crate::bindings::imagegen::http::client::{self, Destination};
use crate::bindings::imagegen::http::types;

/// What anybody can be asked for.
pub trait Web {
    /// Fetches a URL that a stranger named.
    ///
    /// # Errors
    /// See [`WebError`].
    fn get(&self, request: &WebRequest<'_>) -> Result<WebResponse, WebError>;
}

/// A request to a stranger.
#[derive(Clone, Copy, Debug)]
pub struct WebRequest<'a> {
    /// An absolute `https` URL.
    pub url: &'a str,
    /// Value of `Accept`.
    pub accept: &'a str,
    /// Largest answer that is of use, in bytes.
    pub max_bytes: usize,
    /// Time for everything.
    pub timeout: Duration,
}

/// An answer. Any status is one; redirects are not followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebResponse {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer. The texts are for the log.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WebError {
    /// The host does not grant this, or the URL breaks its rules.
    #[error("refused: {0}")]
    Refused(String),
    /// The name resolves to an address that is not public, or to none.
    #[error("address refused: {0}")]
    AddressRefused(String),
    /// Not complete in time.
    #[error("timed out")]
    Timeout,
    /// Larger than asked for.
    #[error("the answer is too large")]
    TooLarge,
    /// The connection failed.
    #[error("connection failed: {0}")]
    Connection(String),
}

impl Web for Host {
    fn get(&self, request: &WebRequest<'_>) -> Result<WebResponse, WebError> {
        let sent = types::Request {
            method: "GET".to_owned(),
            url: request.url.to_owned(),
            headers: vec![("accept".to_owned(), request.accept.to_owned())],
            body: Vec::new(),
            max_response_bytes: u32::try_from(request.max_bytes).unwrap_or(u32::MAX),
            timeout_ms: u32::try_from(request.timeout.as_millis()).unwrap_or(u32::MAX),
        };
        let response = client::send(Destination::Public, &sent)?;
        Ok(WebResponse {
            status: response.status,
            body: response.body,
        })
    }
}

impl From<types::Error> for WebError {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::NotGranted(what) | types::Error::Invalid(what) => Self::Refused(what),
            types::Error::AddressRefused(what) => Self::AddressRefused(what),
            types::Error::Timeout => Self::Timeout,
            types::Error::TooLarge => Self::TooLarge,
            types::Error::Connection(what) => Self::Connection(what),
        }
    }
}
