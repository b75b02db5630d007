//! Requests that no HTTP library would send: bytes in, bytes out, on one connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::wait::PATIENCE;

/// One connection to a server.
pub struct Raw(TcpStream);

impl Raw {
    /// Connects to `host:port`.
    pub async fn connect(address: &str) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends bytes. A server that has closed the connection already is not a fault: it may
    /// answer before it has read everything.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// Everything up to the end of the connection; panics when the end does not come.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        timeout(PATIENCE, async {
            let mut chunk = [0; 4096];
            // A reset after an answer still leaves us the answer.
            while let Ok(count @ 1..) = self.0.read(&mut chunk).await {
                bytes.extend_from_slice(&chunk[..count]);
            }
        })
        .await
        .expect("the server closes the connection");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads up to the end of the first header section.
    pub async fn head(&mut self) -> String {
        let mut bytes = Vec::new();
        timeout(PATIENCE, async {
            while !bytes.ends_with(b"\r\n\r\n") {
                match self.0.read_u8().await {
                    Ok(byte) => bytes.push(byte),
                    Err(_) => break,
                }
            }
        })
        .await
        .expect("the server answers");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Sends one request and gives everything that comes back until the connection ends.
pub async fn exchange(address: &str, request: &[u8]) -> String {
    let mut connection = Raw::connect(address).await;
    connection.send(request).await;
    connection.rest().await
}

/// The status of an answer; `None` when the server closed the connection without one.
pub fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}
