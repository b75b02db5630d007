//! The body of a request on its way to a guest: all of it, or piece by piece as the client sends
//! it and the guest takes it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::mpsc;
use wasmtime_wasi_http::Error;

/// Pieces that wait for the guest.
const PIECES: usize = 4;

/// What a guest reads.
pub enum Input {
    /// Everything is there.
    Whole(Full<Bytes>),
    /// The client is still sending.
    Pieces(mpsc::Receiver<Result<Bytes, Error>>),
}

/// The end of an [`Input`] that the client fills.
pub struct Filling(mpsc::Sender<Result<Bytes, Error>>);

impl Input {
    /// A body that is there.
    pub fn whole(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }

    /// A body that is still to come.
    pub fn pieces() -> (Filling, Self) {
        let (sender, receiver) = mpsc::channel(PIECES);
        (Filling(sender), Self::Pieces(receiver))
    }
}

impl Filling {
    /// Passes on what the client sends, as fast as the guest takes it, until either has enough.
    pub async fn from<B>(self, body: &mut B)
    where
        B: Body<Data = Bytes> + Unpin,
    {
        while let Some(frame) = body.frame().await {
            let piece = match frame {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => Ok(data),
                    // Trailers say nothing here.
                    Err(_) => continue,
                },
                Err(_) => Err(Error::ConnectionTerminated),
            };
            let is_end = piece.is_err();
            if self.0.send(piece).await.is_err() || is_end {
                return;
            }
        }
    }
}

impl Body for Input {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Self::Pieces(pieces) => pieces
                .poll_recv(context)
                .map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_arrive_in_order_and_end() {
        let (filling, input) = Input::pieces();
        let mut body = Full::new(Bytes::from_static(b"hello"));
        let (_, collected) = tokio::join!(filling.from(&mut body), input.collect());
        assert_eq!(collected.unwrap().to_bytes(), "hello");
    }

    #[tokio::test]
    async fn a_guest_that_has_enough_ends_the_sending() {
        let (filling, input) = Input::pieces();
        drop(input);
        let mut body = Full::new(Bytes::from_static(b"hello"));
        filling.from(&mut body).await;
    }
}
