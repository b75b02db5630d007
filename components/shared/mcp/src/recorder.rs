//! A responder for tests: it keeps what it was given.

use crate::http::{Disconnected, Responder};

/// Keeps the answer in memory. Can play a client that leaves in the middle of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    /// The status, once the answer has begun.
    pub status: Option<u16>,
    /// The fields of the answer.
    pub headers: Vec<(String, String)>,
    /// The body, or all frames of the stream one after the other.
    pub body: Vec<u8>,
    /// Whether the body is a stream of events.
    pub streamed: bool,
    /// Whether the answer is complete.
    pub finished: bool,
    /// After how many frames the client leaves; `None`: it stays.
    pub leaves_after: Option<usize>,
    frames: usize,
}

impl Recorder {
    /// A client that reads everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// A client that reads `frames` frames and closes the connection.
    pub fn leaving_after(frames: usize) -> Self {
        Self {
            leaves_after: Some(frames),
            ..Self::default()
        }
    }

    /// The value of a field of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The data of every event, in order; the body itself when it is no stream.
    pub fn messages(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.body);
        if !self.streamed {
            return vec![text.into_owned()];
        }
        text.lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(str::to_owned)
            .collect()
    }

    fn begin(&mut self, status: u16, headers: &[(&str, &str)]) {
        self.status = Some(status);
        self.headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
    }
}

impl Responder for Recorder {
    fn respond(&mut self, status: u16, headers: &[(&str, &str)], body: Vec<u8>) {
        self.begin(status, headers);
        self.body = body;
        self.finished = true;
    }

    fn start_events(&mut self, headers: &[(&str, &str)]) {
        self.begin(200, headers);
        self.streamed = true;
    }

    fn event(&mut self, frame: &[u8]) -> Result<(), Disconnected> {
        if self.leaves_after == Some(self.frames) {
            return Err(Disconnected);
        }
        self.frames += 1;
        self.body.extend_from_slice(frame);
        Ok(())
    }

    fn finish_events(&mut self) {
        self.finished = true;
    }
}
