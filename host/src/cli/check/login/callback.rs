//! The listener to which the browser comes back. It knows one path and one kind of answer.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::form_urlencoded;

/// Largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Time for one request.
const REQUEST_TIME: Duration = Duration::from_secs(10);

const DONE: &str = "<!doctype html><meta charset=utf-8><title>image-generation-mcp</title><p>The check goes on in the terminal. This page can be closed.";
const NOT_FOUND: &str = "<!doctype html><title>not found</title><p>not found";

/// The parameters with which the browser came back.
pub(super) struct Answer(BTreeMap<String, String>);

impl Answer {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Waits for the browser; `None` when it does not come in time.
pub(super) async fn wait(listener: TcpListener, limit: Duration) -> Option<Answer> {
    let (answers, mut answered) = mpsc::channel(1);
    let accept = async {
        loop {
            // Browsers open connections ahead of need: none of them may hold up the others.
            if let Ok((stream, _)) = listener.accept().await {
                let answers = answers.clone();
                tokio::spawn(async move {
                    if let Ok(Some(answer)) = timeout(REQUEST_TIME, serve(stream)).await {
                        let _ = answers.try_send(answer);
                    }
                });
            }
        }
    };
    let first = async {
        tokio::select! {
            answer = answered.recv() => answer,
            () = accept => None,
        }
    };
    timeout(limit, first).await.ok().flatten()
}

async fn serve(mut stream: TcpStream) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = stream.read_buf(&mut head).await.ok()?;
        if read == 0 || head.len() > MAX_HEAD_BYTES {
            return None;
        }
    }
    let answer = parse(&String::from_utf8_lossy(&head));
    let (status, page) = match answer {
        Some(_) => ("200 OK", DONE),
        None => ("404 Not Found", NOT_FOUND),
    };
    let length = page.len();
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {length}\r\n\
         content-security-policy: default-src 'none'\r\ncache-control: no-store\r\n\
         referrer-policy: no-referrer\r\nconnection: close\r\n\r\n{page}"
    );
    // Whoever closed the connection early has still said what there is to say.
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
    answer
}

fn parse(head: &str) -> Option<Answer> {
    let target = head.strip_prefix("GET ")?.split(' ').next()?;
    let query = target.strip_prefix("/auth/callback?")?;
    let pairs = form_urlencoded::parse(query.as_bytes());
    let parameters: BTreeMap<String, String> = pairs.into_owned().collect();
    let is_answer = parameters.contains_key("code") || parameters.contains_key("error");
    is_answer.then_some(Answer(parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_ends_the_wait() {
        for other in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET /favicon.ico HTTP/1.1\r\n\r\n",
            "GET /auth/callback HTTP/1.1\r\n\r\n",
            "GET /auth/callback?state=x HTTP/1.1\r\n\r\n",
            "POST /auth/callback?code=x HTTP/1.1\r\n\r\n",
            "",
        ] {
            assert!(parse(other).is_none(), "{other}");
        }
        let answer = parse("GET /auth/callback?code=a%20b&state=c HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(
            (answer.get("code"), answer.get("state")),
            (Some("a b"), Some("c"))
        );
        assert!(parse("GET /auth/callback?error=access_denied HTTP/1.1\r\n\r\n").is_some());
    }
}
