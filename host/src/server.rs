//! Sockets: bind, accept, TLS, HTTP/1 and HTTP/2, drain.
//!
//! What a request means is not decided here.

mod tls;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::app::App;
use crate::request;
use crate::respond::Body;

pub use tls::acceptor;

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at once; further ones wait in the backlog of the system.
    pub max_connections: usize,
    /// Bytes of a request head.
    pub max_header_bytes: usize,
    /// Fields of a request head.
    pub max_headers: usize,
    /// Time for a request head, and for a TLS handshake.
    pub head_time: Duration,
    /// Time that requests in flight get after a shutdown signal.
    pub grace: Duration,
}

/// A socket that listens, and how to speak on it.
pub struct Listening {
    /// The bound socket.
    pub socket: TcpListener,
    /// With HTTPS.
    pub tls: Option<TlsAcceptor>,
    /// What clients may do.
    pub limits: ConnectionLimits,
}

/// Serves until `shutdown` is ready, then lets requests in flight finish.
pub async fn serve(app: Arc<App>, listening: Listening, shutdown: impl Future<Output = ()>) {
    let Listening {
        socket: listener,
        tls,
        limits,
    } = listening;
    let permits = Arc::new(Semaphore::new(limits.max_connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let connection = Connection {
                    app: Arc::clone(&app),
                    peer: peer.ip(),
                    limits,
                    watcher: graceful.watcher(),
                    _permit: permit,
                };
                tokio::spawn(connection.run(stream, tls.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: closing connections is what helps.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    tracing::info!(grace = ?limits.grace, "draining");
    if timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in flight when the grace period ended");
    }
}

/// A permit comes first: at the limit, connections wait outside the process.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}

struct Connection {
    app: Arc<App>,
    peer: IpAddr,
    limits: ConnectionLimits,
    watcher: Watcher,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are small and complete: waiting to fill a segment only adds latency.
        let _ = stream.set_nodelay(true);
        match tls {
            None => self.serve(stream).await,
            Some(acceptor) => match timeout(self.limits.head_time, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream).await,
                Ok(Err(error)) => {
                    tracing::debug!(peer = %self.peer, %error, "TLS handshake failed")
                }
                Err(_) => tracing::debug!(peer = %self.peer, "TLS handshake took too long"),
            },
        }
    }

    async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            app,
            peer,
            limits,
            watcher,
            _permit,
        } = self;
        let first = Arc::new(Notify::new());
        let arrived = Arc::clone(&first);
        let service = service_fn(move |request: Request<Incoming>| {
            let app = Arc::clone(&app);
            arrived.notify_one();
            async move {
                Ok::<Response<Body>, Infallible>(request::handle(&app, Some(peer), request).await)
            }
        });
        let builder = http(&limits);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let served = pin!(watcher.watch(connection.into_owned()));
        let silent = pin!(silence(&first, limits.head_time));
        tokio::select! {
            served = served => {
                if let Err(error) = served {
                    tracing::debug!(%peer, %error, "connection ended");
                }
            }
            () = silent => tracing::debug!(%peer, "no request came in time"),
        }
    }
}

/// Ready when no request has come in time. The time limit for a head begins with the HTTP version,
/// and a peer may take for ever to say even that.
async fn silence(first: &Notify, time: Duration) {
    if timeout(time, first.notified()).await.is_ok() {
        std::future::pending().await
    }
}

/// HTTP with limits on what a peer may send before a request is handled.
fn http(limits: &ConnectionLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.max_header_bytes)
        .max_headers(limits.max_headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.max_header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(128)
        .keep_alive_interval(Duration::from_secs(30));
    builder
}
