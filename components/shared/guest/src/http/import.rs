//! [`Http`] by `wasi:http/outgoing-handler`.

use std::time::Duration;

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use super::{Chunk, Head, Http, HttpError, HttpExchange, Request, Url};
use crate::Host;

/// Bytes that one read asks for.
const READ_BYTES: u64 = 256 * 1024;

impl Http for Host {
    fn start<'a>(&self, request: &Request<'a>) -> Result<Box<dyn HttpExchange + 'a>, HttpError> {
        let outgoing = OutgoingRequest::new(fields(request)?);
        address(&outgoing, request.method, request.url)
            .map_err(|()| HttpError::Refused("the host does not take the URL".to_owned()))?;
        let body = outgoing
            .body()
            .map_err(|()| HttpError::Refused("the request has no body".to_owned()))?;
        let future = handle(outgoing, Some(options(request))).map_err(|code| error(&code))?;
        let mut exchange = Exchange {
            upload: None,
            future: Some(future),
            download: None,
        };
        if request.body.is_empty() {
            // An error here shows up as that of the answer.
            let _ = OutgoingBody::finish(body, None);
        } else if let Ok(stream) = body.write() {
            exchange.upload = Some(Upload {
                stream,
                body,
                pieces: request.body,
                offset: 0,
            });
        }
        Ok(Box::new(exchange))
    }
}

/// The fields are dropped in this order, as they must be.
struct Exchange<'a> {
    upload: Option<Upload<'a>>,
    future: Option<FutureIncomingResponse>,
    download: Option<Download>,
}

struct Upload<'a> {
    stream: OutputStream,
    body: OutgoingBody,
    pieces: &'a [&'a [u8]],
    /// What of the first piece is sent.
    offset: usize,
}

struct Download {
    stream: InputStream,
    _body: IncomingBody,
    _response: IncomingResponse,
}

impl HttpExchange for Exchange<'_> {
    fn head(&mut self, wait: Duration) -> Result<Option<Head>, HttpError> {
        let timer = timer(wait);
        loop {
            if let Some(upload) = self.upload.take() {
                self.upload = upload.go_on();
            }
            let Some(future) = &self.future else {
                return Err(HttpError::Lost("the head was asked for twice".to_owned()));
            };
            if let Some(answer) = future.get() {
                let response = answer
                    .map_err(|()| HttpError::Lost("the answer was taken".to_owned()))?
                    .map_err(|code| error(&code))?;
                self.future = None;
                return self.open(response).map(Some);
            }
            let ready = future.subscribe();
            let writable = self.upload.as_ref().map(|upload| upload.stream.subscribe());
            let mut all = vec![&timer, &ready];
            all.extend(&writable);
            if poll(&all).contains(&0) {
                return Ok(None);
            }
        }
    }

    fn read(&mut self, wait: Duration) -> Result<Chunk, HttpError> {
        let Some(download) = &self.download else {
            return Ok(Chunk::End);
        };
        let stream = &download.stream;
        let chunk = |bytes: Vec<u8>| (!bytes.is_empty()).then_some(Chunk::Bytes(bytes));
        // What is there needs no timer.
        match stream.read(READ_BYTES) {
            Ok(bytes) => {
                if let Some(chunk) = chunk(bytes) {
                    return Ok(chunk);
                }
            }
            Err(failure) => return end(&failure),
        }
        let timer = timer(wait);
        let ready = stream.subscribe();
        if !poll(&[&ready, &timer]).contains(&0) {
            return Ok(Chunk::Waiting);
        }
        match stream.read(READ_BYTES) {
            Ok(bytes) => Ok(chunk(bytes).unwrap_or(Chunk::Waiting)),
            Err(failure) => end(&failure),
        }
    }
}

impl Exchange<'_> {
    fn open(&mut self, response: IncomingResponse) -> Result<Head, HttpError> {
        let headers = response.headers().entries().into_iter();
        let headers = headers.filter_map(|(name, value)| {
            Some((name.to_ascii_lowercase(), String::from_utf8(value).ok()?))
        });
        let head = Head {
            status: response.status(),
            headers: headers.collect(),
        };
        let lost = |()| HttpError::Lost("the answer has no body".to_owned());
        let body = response.consume().map_err(lost)?;
        self.download = Some(Download {
            stream: body.stream().map_err(lost)?,
            _body: body,
            _response: response,
        });
        Ok(head)
    }
}

impl Upload<'_> {
    /// Writes what the stream takes; `None` when nothing is left, or the server wants no more of
    /// it: its answer says why.
    fn go_on(mut self) -> Option<Self> {
        loop {
            let Some((first, rest)) = self.pieces.split_first() else {
                let Self { stream, body, .. } = self;
                drop(stream);
                let _ = OutgoingBody::finish(body, None);
                return None;
            };
            let left = first.get(self.offset..).unwrap_or_default();
            if left.is_empty() {
                self.pieces = rest;
                self.offset = 0;
                continue;
            }
            let permit = usize::try_from(self.stream.check_write().ok()?).unwrap_or(usize::MAX);
            if permit == 0 {
                return Some(self);
            }
            let now = left.get(..permit.min(left.len())).unwrap_or(left);
            self.stream.write(now).ok()?;
            self.offset += now.len();
        }
    }
}

fn timer(wait: Duration) -> Pollable {
    subscribe_duration(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX))
}

fn end(failure: &StreamError) -> Result<Chunk, HttpError> {
    match failure {
        StreamError::Closed => Ok(Chunk::End),
        StreamError::LastOperationFailed(failure) => {
            let code = wasip2::http::types::http_error_code(failure);
            Err(code.map_or_else(
                || HttpError::Lost("the answer broke off".to_owned()),
                // Something was sent, whatever the code.
                |code| match error(&code) {
                    HttpError::NotSent(text) | HttpError::Refused(text) => HttpError::Lost(text),
                    other => other,
                },
            ))
        }
    }
}

fn fields(request: &Request<'_>) -> Result<Fields, HttpError> {
    let mut list: Vec<(String, Vec<u8>)> = request
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    let length: usize = request.body.iter().map(|piece| piece.len()).sum();
    if length > 0 || request.method != "GET" {
        list.push(("content-length".to_owned(), length.to_string().into_bytes()));
    }
    Fields::from_list(&list)
        .map_err(|_| HttpError::Refused("the host does not take a header field".to_owned()))
}

fn address(outgoing: &OutgoingRequest, method: &str, url: &Url) -> Result<(), ()> {
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        other => Method::Other(other.to_owned()),
    };
    let scheme = if url.is_https {
        Scheme::Https
    } else {
        Scheme::Http
    };
    outgoing.set_method(&method)?;
    outgoing.set_scheme(Some(&scheme))?;
    outgoing.set_authority(Some(&url.authority))?;
    outgoing.set_path_with_query(Some(&url.path_with_query))
}

/// A host that does not know an option keeps to its own limits.
fn options(request: &Request<'_>) -> RequestOptions {
    let nanoseconds = |time: Duration| Some(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(nanoseconds(request.connect_timeout));
    let _ = options.set_first_byte_timeout(nanoseconds(request.first_byte_timeout));
    let _ = options.set_between_bytes_timeout(nanoseconds(request.first_byte_timeout));
    options
}

fn error(code: &ErrorCode) -> HttpError {
    let text = || code.to_string();
    match code {
        ErrorCode::HttpRequestDenied
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::DestinationIpProhibited => HttpError::Refused(text()),
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => HttpError::NotSent(text()),
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => HttpError::Timeout,
        ErrorCode::HttpResponseBodySize(_) => HttpError::TooLarge,
        _ => HttpError::Lost(text()),
    }
}
