//! One request after the other, each within limits, with a sign of life while it waits.

use std::time::Duration;

use mcp::Flow;

use super::{Chunk, Head, Http, HttpError, HttpExchange, Request};
use crate::clock::Clock;

/// How long a wait goes on before whoever waits is asked.
const TICK: Duration = Duration::from_millis(500);

/// The outbound HTTP with a clock.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    /// The host's side.
    pub http: &'a dyn Http,
    /// For the limits.
    pub clock: &'a dyn Clock,
}

/// How long an answer may take and how large it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until the answer is complete, from the start of the request.
    pub total: Duration,
    /// Largest body, in bytes.
    pub max_bytes: usize,
}

/// An answer whose body is still to be read.
pub struct Response<'a> {
    /// Status and header fields.
    pub head: Head,
    exchange: Box<dyn HttpExchange + 'a>,
    deadline: Duration,
    bytes_left: usize,
    clock: &'a dyn Clock,
}

impl<'a> Client<'a> {
    /// Sends a request and waits for the head of the answer. `tick` is called at least once a
    /// second, and says whether to go on.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub fn send<'b>(
        &self,
        request: &Request<'b>,
        limits: Limits,
        tick: &mut dyn FnMut() -> Flow,
    ) -> Result<Response<'b>, HttpError>
    where
        'a: 'b,
    {
        let deadline = self.clock.monotonic() + limits.total;
        let mut exchange = self.http.start(request)?;
        let head = loop {
            if let Some(head) = exchange.head(TICK)? {
                break head;
            }
            go_on(self.clock, deadline, tick)?;
        };
        let declared = head
            .header("content-length")
            .and_then(|text| text.parse::<usize>().ok());
        if declared.is_some_and(|bytes| bytes > limits.max_bytes) {
            return Err(HttpError::TooLarge);
        }
        Ok(Response {
            head,
            exchange,
            deadline,
            bytes_left: limits.max_bytes,
            clock: self.clock,
        })
    }
}

impl Response<'_> {
    /// The next bytes of the body; `None` at its end.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub fn chunk(&mut self, tick: &mut dyn FnMut() -> Flow) -> Result<Option<Vec<u8>>, HttpError> {
        loop {
            match self.exchange.read(TICK)? {
                Chunk::Bytes(bytes) => {
                    self.bytes_left = self
                        .bytes_left
                        .checked_sub(bytes.len())
                        .ok_or(HttpError::TooLarge)?;
                    // A server that drips must not outlast the deadline either.
                    go_on(self.clock, self.deadline, tick)?;
                    return Ok(Some(bytes));
                }
                Chunk::End => return Ok(None),
                Chunk::Waiting => go_on(self.clock, self.deadline, tick)?,
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub fn body(&mut self, tick: &mut dyn FnMut() -> Flow) -> Result<Vec<u8>, HttpError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(tick)? {
            if body.is_empty() {
                body = chunk;
            } else {
                body.extend_from_slice(&chunk);
            }
        }
        Ok(body)
    }
}

fn go_on(
    clock: &dyn Clock,
    deadline: Duration,
    tick: &mut dyn FnMut() -> Flow,
) -> Result<(), HttpError> {
    if tick() == Flow::Cancelled {
        return Err(HttpError::Cancelled);
    }
    if clock.monotonic() >= deadline {
        return Err(HttpError::Timeout);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use super::*;
    use crate::http::Url;

    /// Answers with these chunks; each wait takes as long as it may.
    #[derive(Clone)]
    struct Script {
        now: Rc<Cell<Duration>>,
        head: Head,
        silences: usize,
        chunks: Rc<RefCell<Vec<Chunk>>>,
    }

    impl Clock for Script {
        fn now(&self) -> Duration {
            self.now.get()
        }

        fn monotonic(&self) -> Duration {
            self.now.get()
        }

        fn sleep(&self, duration: Duration) {
            self.now.set(self.now.get() + duration);
        }
    }

    impl Http for Script {
        fn start<'a>(&self, _: &Request<'a>) -> Result<Box<dyn HttpExchange + 'a>, HttpError> {
            Ok(Box::new(self.clone()))
        }
    }

    impl HttpExchange for Script {
        fn head(&mut self, wait: Duration) -> Result<Option<Head>, HttpError> {
            if self.silences == 0 {
                return Ok(Some(self.head.clone()));
            }
            self.silences -= 1;
            self.sleep(wait);
            Ok(None)
        }

        fn read(&mut self, wait: Duration) -> Result<Chunk, HttpError> {
            self.sleep(wait);
            let mut chunks = self.chunks.borrow_mut();
            Ok(if chunks.is_empty() {
                Chunk::End
            } else {
                chunks.remove(0)
            })
        }
    }

    fn fetch(
        length: Option<&str>,
        silences: usize,
        chunks: &[&str],
        patience: usize,
    ) -> Result<Vec<u8>, HttpError> {
        let headers = length.map(|length| ("content-length".to_owned(), length.to_owned()));
        let chunks = chunks
            .iter()
            .map(|text| Chunk::Bytes(text.as_bytes().to_vec()));
        let script = Script {
            now: Rc::default(),
            head: Head {
                status: 200,
                headers: headers.into_iter().collect(),
            },
            silences,
            chunks: Rc::new(RefCell::new(chunks.collect())),
        };
        let client = Client {
            http: &script,
            clock: &script,
        };
        let url = Url::parse("https://a.example/").unwrap();
        let request = Request {
            method: "GET",
            url: &url,
            headers: &[],
            body: &[],
            connect_timeout: TICK,
            first_byte_timeout: TICK,
        };
        let limits = Limits {
            total: Duration::from_secs(10),
            max_bytes: 8,
        };
        let mut ticks = 0;
        let mut tick = || {
            ticks += 1;
            if ticks > patience {
                Flow::Cancelled
            } else {
                Flow::Continue
            }
        };
        client.send(&request, limits, &mut tick)?.body(&mut tick)
    }

    #[test]
    fn answers_are_read_within_their_limits() {
        assert_eq!(fetch(None, 3, &["1234", "5678"], 99).unwrap(), b"12345678");
        assert_eq!(
            fetch(None, 0, &["1234", "56789"], 99),
            Err(HttpError::TooLarge)
        );
        assert_eq!(fetch(Some("9"), 0, &[], 99), Err(HttpError::TooLarge));
        assert_eq!(fetch(None, 30, &[], 99), Err(HttpError::Timeout));
        assert_eq!(
            fetch(None, 0, &["1"; 30], 99).unwrap_err(),
            HttpError::TooLarge
        );
        assert_eq!(
            fetch(None, 19, &["1"; 8], 99).unwrap_err(),
            HttpError::Timeout
        );
    }

    #[test]
    fn nobody_waits_in_vain() {
        assert_eq!(fetch(None, 30, &[], 4), Err(HttpError::Cancelled));
        assert_eq!(fetch(None, 0, &["1"; 8], 4), Err(HttpError::Cancelled));
    }
}
