//! The answer on its way: one JSON body for as long as possible, a stream of events once
//! something has to leave earlier.

use crate::fault::Fault;
use crate::http::{HttpRequest, Responder};
use crate::message::Id;

/// `no-store` keeps results of one caller out of shared caches; proxies that buffer would hold
/// back progress.
const EVENT_HEADERS: [(&str, &str); 3] = [
    ("content-type", "text/event-stream"),
    ("cache-control", "no-store"),
    ("x-accel-buffering", "no"),
];
const JSON_HEADERS: [(&str, &str); 1] = [("content-type", "application/json")];

/// State of the answer to one HTTP request.
pub(crate) struct Output {
    accepts: Accepts,
    /// An array of answers, to a batch.
    batch: bool,
    /// Answers still owed.
    owed: usize,
    /// Answers of a batch that wait for the others.
    waiting: Vec<Vec<u8>>,
    stage: Stage,
    disconnected: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unsent,
    Streaming,
    Done,
}

impl Output {
    pub(crate) fn single(accepts: Accepts) -> Self {
        Self::new(accepts, false, 1)
    }

    pub(crate) fn batch(accepts: Accepts, requests: usize) -> Self {
        Self::new(accepts, true, requests)
    }

    fn new(accepts: Accepts, batch: bool, owed: usize) -> Self {
        Self {
            accepts,
            batch,
            owed,
            waiting: Vec::new(),
            stage: Stage::Unsent,
            disconnected: false,
        }
    }

    pub(crate) fn is_disconnected(&self) -> bool {
        self.disconnected
    }

    /// Sends a notification, if the client takes streams.
    pub(crate) fn notify(&mut self, responder: &mut dyn Responder, message: &[u8]) {
        if self.stream(responder) {
            self.event(responder, message);
        }
    }

    /// Sends a comment, if the client takes streams.
    pub(crate) fn keep_alive(&mut self, responder: &mut dyn Responder) {
        if self.stream(responder) {
            self.frame(responder, b": keep-alive\n\n");
        }
    }

    /// Takes one answer that is owed; the last one completes everything.
    pub(crate) fn deliver(&mut self, responder: &mut dyn Responder, body: Vec<u8>) {
        self.owed = self.owed.saturating_sub(1);
        if self.stage == Stage::Streaming {
            self.event(responder, &body);
        } else {
            self.waiting.push(body);
        }
        if self.owed == 0 {
            self.complete(responder);
        }
    }

    /// Takes one answer that cannot wait for the rest of its batch.
    pub(crate) fn deliver_now(&mut self, responder: &mut dyn Responder, body: Vec<u8>) {
        if self.owed > 1 {
            self.stream(responder);
        }
        self.deliver(responder, body);
    }

    /// Takes a failure: its own HTTP status when it is the whole answer and nothing was sent yet,
    /// else a JSON-RPC error among the others.
    pub(crate) fn deliver_fault(
        &mut self,
        responder: &mut dyn Responder,
        id: Option<&Id>,
        fault: &Fault,
    ) {
        let body = fault.body(id);
        if self.batch || self.stage != Stage::Unsent || fault.status == 200 {
            return self.deliver(responder, body);
        }
        self.stage = Stage::Done;
        fault.send(responder, body);
    }

    /// Becomes a stream if it can. Whether it is one.
    fn stream(&mut self, responder: &mut dyn Responder) -> bool {
        if self.stage == Stage::Unsent && self.accepts.events {
            responder.start_events(&EVENT_HEADERS);
            self.stage = Stage::Streaming;
            for body in std::mem::take(&mut self.waiting) {
                self.event(responder, &body);
            }
        }
        self.stage == Stage::Streaming
    }

    fn complete(&mut self, responder: &mut dyn Responder) {
        if !self.accepts.json {
            self.stream(responder);
        }
        match self.stage {
            Stage::Unsent => responder.respond(200, &JSON_HEADERS, self.collected()),
            Stage::Streaming => responder.finish_events(),
            Stage::Done => {}
        }
        self.stage = Stage::Done;
    }

    fn collected(&mut self) -> Vec<u8> {
        let bodies = std::mem::take(&mut self.waiting);
        if !self.batch {
            return bodies.into_iter().next().unwrap_or_default();
        }
        let mut array = vec![b'['];
        array.extend(bodies.join(&b','));
        array.push(b']');
        array
    }

    /// JSON text has no raw line breaks, so it is always one `data` line.
    fn event(&mut self, responder: &mut dyn Responder, message: &[u8]) {
        let frame = [b"data: ".as_slice(), message, b"\n\n"].concat();
        self.frame(responder, &frame);
    }

    fn frame(&mut self, responder: &mut dyn Responder, frame: &[u8]) {
        if !self.disconnected && responder.event(frame).is_err() {
            self.disconnected = true;
        }
    }
}

/// The forms of an answer that a client takes (RFC 9110, section 12.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepts {
    pub(crate) json: bool,
    pub(crate) events: bool,
}

impl Accepts {
    /// Reads `Accept`. Without the field, or with `*/*`, everything is fine by HTTP, but a client
    /// that does not name streams gets none.
    pub(crate) fn of(request: &HttpRequest<'_>) -> Self {
        let mut accepts = Self {
            json: false,
            events: false,
        };
        let mut named = false;
        for range in request
            .header_values("accept")
            .flat_map(|value| value.split(','))
        {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let refused = parts.any(|parameter| {
                parameter
                    .strip_prefix(['q', 'Q'])
                    .and_then(|rest| rest.trim_start().strip_prefix('='))
                    .and_then(|quality| quality.trim().parse::<f32>().ok())
                    .is_some_and(|quality| quality <= 0.0)
            });
            named |= !media.is_empty();
            if refused {
                continue;
            }
            accepts.json |= matches!(media.as_str(), "application/json" | "application/*" | "*/*");
            accepts.events |= matches!(media.as_str(), "text/event-stream" | "text/*");
        }
        accepts.json |= !named;
        accepts
    }
}
