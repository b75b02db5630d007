//! The way back: [`mcp::Responder`] over an outgoing response of `wasi:http`.

use crate::incoming::PlainAnswer;
use mcp::{Disconnected, Responder};
use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::{OutputStream, StreamError};

/// The answer to one request, in the states it goes through.
pub(crate) struct Answer {
    /// Until the head is sent.
    response: Option<ResponseOutparam>,
    /// While a stream of events is open. The fields are dropped in this order, as they must be.
    events: Option<(OutputStream, OutgoingBody)>,
}

impl Answer {
    pub(crate) fn new(response: ResponseOutparam) -> Self {
        Self {
            response: Some(response),
            events: None,
        }
    }
}

impl Answer {
    /// Sends a plain answer; whether all of it went out.
    pub(crate) fn plain(&mut self, answer: PlainAnswer) -> bool {
        let Some(out) = self.response.take() else {
            return false;
        };
        let length = answer.length.unwrap_or(answer.body.len()).to_string();
        let fields = answer.headers.iter();
        let mut headers: Vec<_> = fields
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        headers.push(("content-length", &length));
        let Some((response, outgoing, stream)) = open(answer.status, &headers) else {
            return false;
        };
        ResponseOutparam::set(out, Ok(response));
        let written = write_all(&stream, &answer.body).and_then(|()| stream.blocking_flush());
        drop(stream);
        // After the head of a body that is not sent, the body is aborted, which is as it should be.
        let finished = OutgoingBody::finish(outgoing, None);
        written.is_ok() && (finished.is_ok() || answer.length.is_some())
    }
}

impl Responder for Answer {
    fn respond(&mut self, status: u16, headers: &[(&str, &str)], body: Vec<u8>) {
        let Some(out) = self.response.take() else {
            return;
        };
        let length = body.len().to_string();
        let mut headers = headers.to_vec();
        headers.push(("content-length", &length));
        let Some((response, outgoing, stream)) = open(status, &headers) else {
            return;
        };
        // What the stream takes at once is written and finished before the head goes out: then the
        // host holds the whole answer when it starts to send, and can do it with one system call.
        let fits = stream
            .check_write()
            .is_ok_and(|permit| permit >= body.len() as u64);
        if fits {
            if !body.is_empty() {
                let _ = stream.write(&body);
            }
            drop(stream);
            let _ = OutgoingBody::finish(outgoing, None);
            ResponseOutparam::set(out, Ok(response));
        } else {
            ResponseOutparam::set(out, Ok(response));
            let written = write_all(&stream, &body);
            drop(stream);
            // A body that is not finished is aborted, which is right when the client has gone.
            if written.is_ok() {
                let _ = OutgoingBody::finish(outgoing, None);
            }
        }
    }

    fn start_events(&mut self, headers: &[(&str, &str)]) {
        let Some(out) = self.response.take() else {
            return;
        };
        let Some((response, outgoing, stream)) = open(200, headers) else {
            return;
        };
        ResponseOutparam::set(out, Ok(response));
        self.events = Some((stream, outgoing));
    }

    fn event(&mut self, frame: &[u8]) -> Result<(), Disconnected> {
        let (stream, _) = self.events.as_ref().ok_or(Disconnected)?;
        write_all(stream, frame)
            .and_then(|()| stream.flush())
            .map_err(|_| Disconnected)
    }

    fn finish_events(&mut self) {
        if let Some((stream, outgoing)) = self.events.take() {
            drop(stream);
            let _ = OutgoingBody::finish(outgoing, None);
        }
    }
}

/// `None` only when the host refuses a header or hands out a body twice; the request then fails
/// on its side, since nothing answers it.
fn open(
    status: u16,
    headers: &[(&str, &str)],
) -> Option<(OutgoingResponse, OutgoingBody, OutputStream)> {
    let fields: Vec<(String, Vec<u8>)> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    let response = OutgoingResponse::new(Fields::from_list(&fields).ok()?);
    if status != 200 {
        response.set_status_code(status).ok()?;
    }
    let outgoing = response.body().ok()?;
    let stream = outgoing.write().ok()?;
    Some((response, outgoing, stream))
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let permit = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if permit == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(permit.min(bytes.len()));
        stream.write(now)?;
        bytes = later;
    }
    Ok(())
}
