//! Forwarding one request, as proxies do: the whole request, then the whole answer, `Host` as it
//! was.

use std::future::Future;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A complete answer.
pub type Answer = Response<Full<Bytes>>;

/// Header fields that belong to one connection.
const HOP: [&str; 5] = [
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "upgrade",
];

/// Sends a request on to an origin, at a path of the proxy's choice.
///
/// # Errors
/// Nobody answers there.
pub async fn forward(
    http: &reqwest::Client,
    (origin, path): (&str, &str),
    head: &Parts,
    body: Bytes,
) -> reqwest::Result<Answer> {
    let request = http
        .request(head.method.clone(), format!("{origin}{path}"))
        .headers(without_hop(&head.headers))
        .body(body);
    let response = request.send().await?;
    let (status, headers) = (response.status(), without_hop(response.headers()));
    let mut answer = Response::new(Full::new(response.bytes().await?));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// A client for [`forward`].
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// An answer without content.
pub fn status(status: u16) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// Serves until the task is aborted, over TLS if there is a certificate. No answer at all cuts the
/// connection.
pub async fn serve<F, A>(listener: TcpListener, tls: Option<TlsAcceptor>, answer: F)
where
    F: Fn(Parts, Bytes) -> A + Clone + Send + 'static,
    A: Future<Output = Option<Answer>> + Send + 'static,
{
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, answer) = (tls.clone(), answer.clone());
        connections.spawn(async move {
            match tls {
                None => connection(stream, answer).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, answer).await;
                    }
                }
            }
        });
    }
}

async fn connection<S, F, A>(stream: S, answer: F)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(Parts, Bytes) -> A + Clone,
    A: Future<Output = Option<Answer>>,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
            answer(head, body).await.ok_or(Cut)
        }
    });
    // What went wrong with a connection, its other end has noticed.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The connection is to be cut.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

fn without_hop(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for name in HOP {
        kept.remove(name);
    }
    kept
}
