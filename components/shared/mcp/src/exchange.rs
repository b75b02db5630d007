//! What a handler has in hand while it works on one request: who asks, and a way to say
//! something before the result.

use rmcp::model::{
    CallToolResult, ClientCapabilities, ErrorData, Implementation, InputRequests,
    InputRequiredResult, InputResponses,
};
use serde::Serialize;

use crate::call::Call;
use crate::http::Responder;
use crate::input;
use crate::log_level::LogLevel;
use crate::method::Method;
use crate::notification;
use crate::output::Output;
use crate::version::{Era, Version};
use crate::wire;

/// One request at work. Everything sent through it goes to the client that asked, before the
/// result, on the stream of this answer.
///
/// The answer stays one JSON body until something has to be sent early; then it becomes a stream
/// of events, if the client accepts one. A client that does not simply gets the result.
pub struct Exchange<'a> {
    call: &'a Call<'a>,
    output: &'a mut Output,
    responder: &'a mut dyn Responder,
    last_progress: Option<f64>,
    answered: bool,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a cancelled request must stop spending"]
pub enum Flow {
    /// Go on.
    Continue,
    /// The client of a modern request has closed the stream, which cancels it (MCP 2026-07-28,
    /// transports). Stop; what is returned goes nowhere. Never reported on the legacy eras, where
    /// a lost connection is not a cancellation, nor after [`Exchange::answer`].
    Cancelled,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(
        call: &'a Call<'a>,
        output: &'a mut Output,
        responder: &'a mut dyn Responder,
    ) -> Self {
        Self {
            call,
            output,
            responder,
            last_progress: None,
            answered: false,
        }
    }

    /// Tells how far the work is, if the client asked to know. `progress` must grow from call to
    /// call, in the unit of `total`; a value that does not is left out, as the protocol demands.
    pub fn progress(&mut self, progress: f64, total: Option<f64>, message: Option<&str>) -> Flow {
        let grows = self.last_progress.is_none_or(|last| progress > last);
        if let Some(token) = &self.call.meta.progress_token
            && progress.is_finite()
            && grows
            && !self.answered
        {
            self.last_progress = Some(progress);
            let total = total.filter(|total| total.is_finite());
            let text = notification::progress(token, progress, total, message);
            self.notify(text);
        }
        self.flow()
    }

    /// Sends a log message to the client, if the server offers logging and the client wants this
    /// level. `logger` names the part of the server that speaks.
    pub fn log(&mut self, level: LogLevel, logger: Option<&str>, data: &impl Serialize) -> Flow {
        if self.call.wants_log(level) && !self.answered {
            let text = notification::message(level, logger, data);
            self.notify(text);
        }
        self.flow()
    }

    /// Keeps the connection alive and learns whether anybody still waits. Call it every 10 to 15
    /// seconds of waiting: each call sends a comment, which makes the answer a stream.
    pub fn tick(&mut self) -> Flow {
        self.output.keep_alive(self.responder);
        self.flow()
    }

    /// Sends the result of a tool call now; the tool may then go on working, unseen. What it
    /// returns later is dropped, and so are further answers. Has no effect outside `tools/call`.
    pub fn answer(&mut self, result: CallToolResult) {
        if self.answered || self.call.method != Method::CallTool {
            return;
        }
        self.answered = true;
        let body = wire::tool_result(self.call, result);
        self.output.deliver_now(self.responder, body);
    }

    /// Whether [`answer`](Self::answer) has sent the result.
    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// The version that this request speaks. Absent a header, a legacy one is taken for 2025-03-26.
    pub fn version(&self) -> Version {
        self.call.version
    }

    /// The era of [`version`](Self::version).
    pub fn era(&self) -> Era {
        self.call.version.era()
    }

    /// Whether the client asked for progress.
    pub fn wants_progress(&self) -> bool {
        self.call.meta.progress_token.is_some()
    }

    /// What the client can do. Nothing, on the legacy eras: without a session nobody remembers
    /// what it said to `initialize`.
    pub fn client_capabilities(&self) -> &ClientCapabilities {
        &self.call.meta.client_capabilities
    }

    /// What the client says it is: modern requests may say it. Good for logs, not for trust.
    pub fn client_info(&self) -> Option<&Implementation> {
        self.call.meta.client_info.as_ref()
    }

    /// The first value of a field of the HTTP request. `name` is lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.call.http.header(name)
    }

    /// All fields of the HTTP request, as [`HttpRequest::headers`](crate::HttpRequest::headers).
    pub fn headers(&self) -> &[(String, String)] {
        self.call.http.headers
    }

    /// The time of the request, seconds since the Unix epoch.
    pub fn now(&self) -> u64 {
        self.call.http.now
    }

    /// The client's answers to earlier questions by their keys; empty in the first round. Not
    /// checked: keys and values are whatever the client sent.
    pub fn input_responses(&self) -> &InputResponses {
        &self.call.input.responses
    }

    /// The state that the last round passed to [`request_input`](Self::request_input), proven to
    /// be for this caller, method, target and arguments, and not older than ten minutes.
    pub fn request_state(&self) -> Option<&[u8]> {
        self.call.input.state.as_deref()
    }

    /// Makes the reply that asks the client for input; return it from the handler. The client
    /// answers by sending the request again with its answers and the state.
    ///
    /// `state` is signed, not hidden: the client can read it. It can also be sent twice.
    ///
    /// # Errors
    ///
    /// Return them as they are: -32021 when the client did not declare a capability that a
    /// question needs, -32600 when it speaks a version that has no such questions (check
    /// [`era`](Self::era) to do without), -32603 when there is neither a question nor a state, or
    /// no [`state_key`](crate::Server::state_key) of 32 bytes to seal with.
    pub fn request_input(
        &self,
        requests: InputRequests,
        state: Option<&[u8]>,
    ) -> Result<InputRequiredResult, ErrorData> {
        input::request(self.call, requests, state)
    }

    fn notify(&mut self, message: Option<Vec<u8>>) {
        if let Some(message) = message {
            self.output.notify(self.responder, &message);
        }
    }

    fn flow(&self) -> Flow {
        if self.output.is_disconnected() && self.era() == Era::Modern && !self.answered {
            Flow::Cancelled
        } else {
            Flow::Continue
        }
    }
}
