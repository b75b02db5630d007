//! Server-sent events (HTML, section 9.2) from bytes as they come.

use super::HttpError;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// `event`; empty when there is none.
    pub name: String,
    /// `data`; its lines are joined.
    pub data: String,
}

/// A parser that is fed with chunks.
#[derive(Debug)]
pub struct Events {
    pending: Vec<u8>,
    /// How much of `pending` has been searched for the end of a line.
    searched: usize,
    event: Event,
    has_data: bool,
    max_event_bytes: usize,
}

impl Events {
    /// A parser of events that are at most so large.
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            pending: Vec::new(),
            searched: 0,
            event: Event::default(),
            has_data: false,
            max_event_bytes,
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// [`HttpError::TooLarge`] when an event grows beyond the limit.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), HttpError> {
        if self.pending.len() + self.event.data.len() + bytes.len() > self.max_event_bytes {
            return Err(HttpError::TooLarge);
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    /// The next event that is complete.
    pub fn next_event(&mut self) -> Option<Event> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                if std::mem::take(&mut self.has_data) {
                    return Some(event);
                }
                continue;
            }
            self.field(&line);
        }
        None
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            // Comments, ids and retry times.
            _ => (),
        }
    }

    /// The next complete line, without its end. A lone CR ends a line for the standard, and for
    /// no server that is known.
    fn line(&mut self) -> Option<String> {
        let rest = self.pending.get(self.searched..)?;
        let Some(position) = rest.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.pending.len();
            return None;
        };
        let end = self.searched + position;
        let line = self.pending.get(..end).unwrap_or_default();
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        self.pending.drain(..=end);
        self.searched = 0;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const STREAM: &str = ": hello\r\n\r\nevent: partial\ndata: {\"a\":\ndata: 1}\n\nid: 3\ndata:x\r\n\r\nevent: empty\n\ndata: unfinished\n";

    fn parse(chunk: usize) -> Vec<Event> {
        let mut events = Events::new(1000);
        let mut found = Vec::new();
        for bytes in STREAM.as_bytes().chunks(chunk) {
            events.feed(bytes).unwrap();
            while let Some(event) = events.next_event() {
                found.push(event);
            }
        }
        found
    }

    #[test]
    fn events_are_the_same_in_any_pieces() {
        let event = |name: &str, data: &str| Event {
            name: name.to_owned(),
            data: data.to_owned(),
        };
        let expected = [event("partial", "{\"a\":\n1}"), event("", "x")];
        for chunk in 1..STREAM.len() {
            assert_eq!(parse(chunk), expected, "{chunk}");
        }
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        let mut events = Events::new(100);
        events.feed(&[b'x'; 99]).unwrap();
        assert_eq!(events.next_event(), None);
        assert_eq!(events.feed(b"xx"), Err(HttpError::TooLarge));
    }
}
