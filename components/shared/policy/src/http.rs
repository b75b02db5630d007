//! The types of `imagegen:http/types` (`wit/http/types.wit`) and the client that uses them.
//!
//! The components map the WIT interface onto these types. Which destinations exist, and what is
//! refused before a name is resolved, is documented there.

/// A header field: lower-case name and value.
pub type Header = (String, String);

/// A request with its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// An absolute URL.
    pub url: String,
    /// Header fields.
    pub headers: Vec<Header>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Largest body of the answer that is of use, in bytes.
    pub max_response_bytes: u32,
    /// Time for everything, in milliseconds.
    pub timeout_ms: u32,
}

/// An answer. Any status is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields, lower-case names.
    pub headers: Vec<Header>,
    /// The body, complete.
    pub body: Vec<u8>,
}

/// Why there is no answer. The texts are for the log and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The destination, or this URL of it, is not granted.
    NotGranted(String),
    /// The request breaks the rules.
    Invalid(String),
    /// The name resolves to an address that is not public, or to none.
    AddressRefused(String),
    /// Not complete within the time limit.
    Timeout,
    /// The answer is larger than asked for.
    TooLarge,
    /// The connection failed.
    Connection(String),
}

/// To whom a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An endpoint of the configured OpenID provider.
    Provider,
    /// A URL that a stranger has named.
    Public,
}

/// Outbound HTTP under the rules of the host.
pub trait Client {
    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// Any [`Error`]; after `Timeout`, `TooLarge` and `Connection` the request may have had its effect.
    fn send(&self, to: Destination, request: &Request) -> Result<Response, Error>;
}
