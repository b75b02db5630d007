//! The edge to HTTP: what comes in, and what can be sent back. No sockets, no clock: whoever
//! calls [`serve`](crate::serve) brings both.

use thiserror::Error;

/// One HTTP request to the MCP endpoint, complete with its body.
///
/// Whoever accepted it has already checked `Host`, `Origin`, CORS and the credential, and has
/// bounded the sizes of head and body.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// Fields in the order received: lower-case names, values as received. A field that came
    /// more than once appears more than once.
    pub headers: &'a [(String, String)],
    /// The body, without transfer encodings.
    pub body: &'a [u8],
    /// The time, seconds since the Unix epoch. Judges the age of a `requestState`.
    pub now: u64,
}

impl HttpRequest<'_> {
    /// The first value of a field, without surrounding white space. `name` is lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next()
    }

    /// Every value of a field, without surrounding white space. `name` is lower case.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.trim_matches([' ', '\t']))
    }
}

/// Where the answer goes: implemented over `wasi:http` by the shell of a component, and by
/// [`Recorder`](crate::Recorder) in tests.
///
/// [`serve`](crate::serve) makes exactly one of two series of calls: `respond` once; or
/// `start_events` once, `event` any number of times, `finish_events` once. When either series is
/// over, the answer is complete and must leave at once: the tool may still be at work.
pub trait Responder {
    /// Sends a complete answer. An empty body has no `Content-Type` among the headers.
    fn respond(&mut self, status: u16, headers: &[(&str, &str)], body: Vec<u8>);

    /// Sends the head of a 200 answer whose body is a stream of server-sent events.
    fn start_events(&mut self, headers: &[(&str, &str)]);

    /// Sends one frame of the stream, blank line included, and flushes it: an event
    /// (`data: ...`) or a comment that keeps the connection alive. Write the bytes as they are.
    ///
    /// # Errors
    ///
    /// [`Disconnected`] when nobody reads the stream any more. No call follows but `finish_events`.
    fn event(&mut self, frame: &[u8]) -> Result<(), Disconnected>;

    /// Ends the stream.
    fn finish_events(&mut self);
}

/// The client has closed the stream.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("client: closed the stream of the answer")]
pub struct Disconnected;
