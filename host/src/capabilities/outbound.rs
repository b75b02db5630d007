//! `wasi:http/outgoing-handler`: outbound requests of the tools, to the image APIs that their
//! tenant has configured and to nobody else. Redirects are not followed; the guest gets to see
//! them and finds no image in them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::{Sleep, sleep, timeout};
use url::Url;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::outbound::{ImageApis, is_refused_address};

/// Finishes reading or writing of a message.
type Finish = Box<dyn Future<Output = Result<(), Error>> + Send>;
/// An answer with what is left to do for it.
type Answer = Box<dyn Future<Output = Result<(Response<WasiBody>, Finish), Error>> + Send>;

/// Longest wait for the head of an answer, and between two parts of its body.
const PATIENCE: Duration = Duration::from_secs(600);

/// Largest answer, in bytes.
const MAX_ANSWER_BYTES: u64 = 256 * 1024 * 1024;

/// The outbound rules of one instance.
#[derive(Clone)]
pub struct Outbound {
    apis: Arc<ImageApis>,
}

impl Outbound {
    /// Grants these destinations.
    #[must_use]
    pub fn new(apis: Arc<ImageApis>) -> Self {
        Self { apis }
    }
}

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _finish: Finish,
    ) -> Answer {
        let apis = Arc::clone(&self.apis);
        Box::new(async move {
            let response = send(&apis, request, options.unwrap_or_default()).await?;
            let done: Finish = Box::new(async { Ok(()) });
            Ok((response, done))
        })
    }
}

async fn send(
    apis: &ImageApis,
    request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<Response<WasiBody>, Error> {
    let (head, body) = request.into_parts();
    let url = Url::parse(&head.uri.to_string()).map_err(|_| Error::HttpRequestUriInvalid)?;
    let client = apis
        .client_for(&url, &head.method, has_credentials(&head.headers))
        .map_err(|_| {
            let origin = url.origin().ascii_serialization();
            tracing::warn!(
                origin,
                "an outbound request of the tools was refused: no configured provider is there"
            );
            Error::HttpRequestDenied
        })?;
    let is_empty = body.size_hint().exact() == Some(0);
    let mut sent = client.request(head.method, url).headers(head.headers);
    if !is_empty {
        sent = sent.body(reqwest::Body::wrap(Upload(Mutex::new(body))));
    }
    let patience = |wish: Option<Duration>| wish.unwrap_or(PATIENCE).min(PATIENCE);
    let answer = timeout(patience(options.first_byte_timeout), sent.send())
        .await
        .map_err(|_| Error::ConnectionReadTimeout)?
        .map_err(|error| fault(&error))?;
    let between = patience(options.between_bytes_timeout);
    let answer: Response<reqwest::Body> = answer.into();
    if answer.body().size_hint().lower() > MAX_ANSWER_BYTES {
        return Err(Error::HttpResponseBodySize(Some(MAX_ANSWER_BYTES)));
    }
    Ok(answer.map(|body| {
        let download = Download {
            body,
            between,
            timer: Box::pin(sleep(between)),
            left: MAX_ANSWER_BYTES,
        };
        download.boxed_unsync()
    }))
}

fn has_credentials(headers: &HeaderMap) -> bool {
    ["authorization", "cookie", "x-goog-api-key", "x-key"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// What happened, as far as it matters to whoever decides whether to try again: an error of
/// connecting says that nothing was sent.
fn fault(error: &reqwest::Error) -> Error {
    if is_refused_address(error) {
        return Error::DestinationIpProhibited;
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    tracing::warn!(cause = %innermost, "an outbound request of the tools failed");
    if error.is_connect() {
        return if error.is_timeout() {
            Error::ConnectionTimeout
        } else {
            Error::ConnectionRefused
        };
    }
    if error.is_timeout() {
        Error::ConnectionReadTimeout
    } else {
        Error::ConnectionTerminated
    }
}

/// The body of a request. Only one task ever looks at it, but its type has to say so.
struct Upload(Mutex<WasiBody>);

impl Body for Upload {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let body = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(body)
            .poll_frame(context)
            .map_err(|_| std::io::Error::other("the guest gave up its request"))
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.size_hint()
    }
}

/// The body of an answer, with a limit on its size and on the pauses in it.
struct Download {
    body: reqwest::Body,
    between: Duration,
    timer: Pin<Box<Sleep>>,
    left: u64,
}

impl Body for Download {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let next = tokio::time::Instant::now() + self.between;
                self.timer.as_mut().reset(next);
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(left) = self.left.checked_sub(length) else {
                    let error = Error::HttpResponseBodySize(Some(MAX_ANSWER_BYTES));
                    return Poll::Ready(Some(Err(error)));
                };
                self.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(fault(&error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => match self.timer.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Some(Err(Error::ConnectionReadTimeout))),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}
