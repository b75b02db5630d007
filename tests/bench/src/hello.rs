//! The limit: hyper with a fixed answer and nothing else, as a child process.

use std::convert::Infallible;

use anyhow::Context;
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// The body of every answer.
pub const GREETING: &str = "hello\n";

/// Serves on a free loopback port until standard input ends.
pub async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("bind the hello server")?;
    crate::child::announce(listener.local_addr()?);
    let service = service_fn(async |_| {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(
            GREETING.as_bytes(),
        ))))
    });
    loop {
        let (stream, _) = listener.accept().await.context("accept")?;
        stream.set_nodelay(true)?;
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}
