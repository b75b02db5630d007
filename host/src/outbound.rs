//! Requests of this server to others, on behalf of a component: whole messages, with limits.
//!
//! There are three kinds of destination. The [`ProviderWeb`] is the configured OpenID provider: an
//! operator named it, so it may be anywhere. The [`PublicWeb`] is whatever a stranger named: only
//! public addresses, each checked after the name is resolved, and the connection goes to an address
//! that was checked.
//!
//! The [`ImageApis`] are those that the operator has configured, for requests of the tools.
//!
//! None of them follows redirects, keeps cookies, reads a proxy from the environment, undoes
//! compression or sends a referrer.

mod address;
mod exchange;
mod image_apis;
mod provider;
mod public;
mod resolve;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::Method;
use url::Url;

pub use address::is_public;
pub use exchange::is_refused_address;
pub use image_apis::{DeliveryHost, Grants as ImageApiGrants, ImageApis};
pub use provider::ProviderWeb;
pub use public::PublicWeb;

/// Largest body of a request, in bytes.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// A request with its body.
#[derive(Clone)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: Method,
    /// Where to; nobody has judged it yet.
    pub unverified_url: String,
    /// Header fields. Those that belong to the connection are the host's and left out.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// What the answer may cost.
    pub caps: Caps,
}

/// What an answer may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Largest body, in bytes.
    pub max_bytes: usize,
    /// Time for everything: from resolving the name to the last byte.
    pub timeout: Duration,
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields in lower case, without `set-cookie` and what is not text.
    pub headers: Vec<(String, String)>,
    /// The body, complete.
    pub body: Vec<u8>,
}

/// Why there is no answer. The texts are for the log and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// This destination, or this URL of it, is not granted.
    #[error("not granted: {0}")]
    NotGranted(String),
    /// The request breaks the rules for requests.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The name has an address that is not public, or none.
    #[error("address refused: {0}")]
    AddressRefused(String),
    /// Not complete in time.
    #[error("no answer within the time limit")]
    Timeout,
    /// The answer is larger than asked for.
    #[error("the answer is too large")]
    TooLarge,
    /// No connection, or one that broke.
    #[error("connection failed: {0}")]
    Connection(String),
}

impl Request {
    /// A plain request for a document.
    #[must_use]
    pub fn get(unverified_url: impl Into<String>, caps: Caps) -> Self {
        Self {
            method: Method::GET,
            unverified_url: unverified_url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            caps,
        }
    }
}

impl Response {
    /// The value of a header field, the first one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// An absolute URL that says nothing besides where to: no credentials, no fragment.
fn plain_url(text: &str) -> Result<Url, Error> {
    const LONGEST: usize = 8 * 1024;
    let invalid = |what: &str| Error::Invalid(what.to_owned());
    if text.len() > LONGEST {
        return Err(invalid("the URL is too long"));
    }
    // The URL standard repairs these; whoever sends them may hope for another repair than ours.
    if text.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
        return Err(invalid(
            "the URL holds spaces, control characters or backslashes",
        ));
    }
    let url = Url::parse(text).map_err(|_| invalid("not an absolute URL"))?;
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(invalid("the URL holds user information"));
    }
    if text.contains('#') {
        return Err(invalid("the URL has a fragment"));
    }
    if url.host().is_none() {
        return Err(invalid("the URL has no host"));
    }
    Ok(url)
}

/// The authority as written: an empty `user@` is gone after parsing.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
