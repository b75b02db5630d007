//! One keep-alive HTTP/1.1 connection of the load generator: bytes out, one answer in.
//!
//! Not an HTTP client: it sends requests that were built before, and reads answers with a
//! `Content-Length` or in chunks, which is all that the servers under test send.

use std::{io, net::SocketAddr};

use bytes::{Buf, BytesMut};
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const MAX_HEADERS: usize = 48;
/// An answer with an image preview is below 400 KB; anything far beyond is a fault.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Why there is no answer. Each is the fault of the server, except that of the socket.
#[derive(Debug, Error)]
pub enum WireError {
    /// The socket failed.
    #[error("socket: {0}")]
    Socket(#[from] io::Error),
    /// The server closed the connection before the answer was complete.
    #[error("connection closed in the middle of an answer")]
    Closed,
    /// The head is not HTTP/1.1.
    #[error("answer head: {0}")]
    Head(#[from] httparse::Error),
    /// Neither a length nor chunks, or malformed ones.
    #[error("answer framing: {0}")]
    Framing(&'static str),
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Status line and header fields as they came.
    pub head: BytesMut,
    /// Body without transfer coding.
    pub body: BytesMut,
}

impl Answer {
    /// The values of a header field that are text.
    pub fn values(&self, name: &str) -> Vec<String> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        if response.parse(&self.head).is_err() {
            return Vec::new();
        }
        let fields = response.headers.iter();
        fields
            .filter(|field| field.name.eq_ignore_ascii_case(name))
            .filter_map(|field| Some(std::str::from_utf8(field.value).ok()?.to_owned()))
            .collect()
    }
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self, WireError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: BytesMut::with_capacity(64 << 10),
        })
    }

    /// Sends one request and reads the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer, WireError> {
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(head) = parse_head(&self.buffer)? {
                break head;
            }
            self.fill().await?;
        };
        let bytes = self.buffer.split_to(head.length);
        let body = match head.framing {
            Framing::Length(length) => {
                while self.buffer.len() < length {
                    self.fill().await?;
                }
                self.buffer.split_to(length)
            }
            Framing::Chunked => self.chunks().await?,
        };
        Ok(Answer {
            status: head.status,
            head: bytes,
            body,
        })
    }

    async fn chunks(&mut self) -> Result<BytesMut, WireError> {
        let mut body = BytesMut::new();
        loop {
            let size = loop {
                match httparse::parse_chunk_size(&self.buffer) {
                    Ok(httparse::Status::Complete((start, size))) => {
                        self.buffer.advance(start);
                        break usize::try_from(size)
                            .map_err(|_| WireError::Framing("chunk is too large"))?;
                    }
                    Ok(httparse::Status::Partial) => self.fill().await?,
                    Err(_) => return Err(WireError::Framing("chunk size is malformed")),
                }
            };
            if size > MAX_ANSWER_BYTES {
                return Err(WireError::Framing("chunk is too large"));
            }
            // A chunk and the last, empty one both end in CRLF; trailers are not expected.
            while self.buffer.len() < size + 2 {
                self.fill().await?;
            }
            body.unsplit(self.buffer.split_to(size));
            self.buffer.advance(2);
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn fill(&mut self) -> Result<(), WireError> {
        if self.buffer.len() > MAX_ANSWER_BYTES {
            return Err(WireError::Framing("answer is too large"));
        }
        self.buffer.reserve(16 << 10);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(WireError::Closed),
            _ => Ok(()),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    length: usize,
    framing: Framing,
}

#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

fn parse_head(buffer: &[u8]) -> Result<Option<Head>, WireError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(buffer)? else {
        return Ok(None);
    };
    let mut framing = None;
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let length = std::str::from_utf8(header.value)
                .ok()
                .and_then(|value| value.trim().parse().ok());
            framing = Some(Framing::Length(
                length.ok_or(WireError::Framing("length is not a number"))?,
            ));
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Some(Framing::Chunked);
        }
    }
    Ok(Some(Head {
        status: response.code.unwrap_or(0),
        length,
        framing: framing.ok_or(WireError::Framing("neither a length nor chunks"))?,
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::{Answer, Connection, Framing, WireError, parse_head};

    /// The answers to two requests on one connection, sent by the peer in the given pieces.
    async fn answers(pieces: &'static [&'static [u8]]) -> Result<[Answer; 2], WireError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut peer, _) = listener.accept().await.unwrap();
            for piece in pieces {
                peer.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            peer.shutdown().await.unwrap();
            // Closing with unread bytes would reset the connection.
            let _ = peer.read_to_end(&mut Vec::new()).await;
        });
        let mut connection = Connection::open(address).await.unwrap();
        Ok([
            connection.exchange(b"one").await?,
            connection.exchange(b"two").await?,
        ])
    }

    #[tokio::test]
    async fn bodies_come_out_whole_however_they_are_cut() {
        let [one, two] = answers(&[
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"ngth: 5\r\n\r\nhel",
            b"loHTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
            b"c\r\n2\r\nde\r\n0\r\n\r\n",
        ])
        .await
        .unwrap();
        assert_eq!((one.status, &one.body[..]), (200, &b"hello"[..]));
        assert_eq!((two.status, &two.body[..]), (503, &b"abcde"[..]));
        assert_eq!(one.values("content-length"), ["5"]);
    }

    #[tokio::test]
    async fn a_cut_answer_is_an_error() {
        let cut = answers(&[b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"]).await;
        assert!(matches!(cut, Err(WireError::Closed)));
    }

    #[test]
    fn an_answer_without_framing_is_refused() {
        assert!(matches!(
            parse_head(b"HTTP/1.1 200 OK\r\n\r\n"),
            Err(WireError::Framing(_))
        ));
        let head = parse_head(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!(head.framing, Framing::Length(7));
        assert!(parse_head(b"HTTP/1.1 200 OK\r\n").unwrap().is_none());
    }
}
