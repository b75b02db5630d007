//! Parts of answers that several backends share.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;

use crate::fault::Faults;
use crate::ledger::Ledger;
use crate::picture::{self, Wish};

/// A JSON document with a status.
pub fn json(status: u16, value: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let body = value.to_string();
    (status, [("content-type", "application/json")], body).into_response()
}

/// The token of `Authorization: Bearer`, or of another header field.
pub fn key(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    let key = value.strip_prefix("Bearer ").unwrap_or(value).trim();
    (!key.is_empty() && !key.starts_with("bad")).then(|| key.to_owned())
}

/// The image file that a request gets.
pub fn image(faults: &Faults, wish: &Wish<'_>) -> Vec<u8> {
    if faults.has("bomb") {
        return picture::bomb();
    }
    let mut wish = *wish;
    if let Some(format) = faults.argument("format") {
        wish.format = format;
    } else if faults.has("mismatch") {
        wish.format = if wish.format == "png" { "jpeg" } else { "png" };
    }
    picture::make(&wish)
}

/// The file as base64, in the shape that is due.
pub fn base64(faults: &Faults, bytes: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    if faults.has("newlines") {
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        return lines.join("\n");
    }
    if faults.has("prefix") {
        return format!("data:image/png;base64,{text}");
    }
    text
}

/// Answers that are spoiled on the way out: the work is done and charged.
pub fn spoiled(faults: &Faults, whole: &Value) -> Option<Response> {
    drop_if_due(faults);
    let text = whole.to_string();
    if faults.has("truncated") {
        let half = text[..text.len() / 2].to_owned();
        return Some(
            (StatusCode::OK, [("content-type", "application/json")], half).into_response(),
        );
    }
    if faults.has("html") {
        let page = "<!doctype html><title>Sign in</title>".to_owned();
        return Some((StatusCode::OK, [("content-type", "text/html")], page).into_response());
    }
    if faults.has("cut") {
        let half = Bytes::from(text[..text.len() / 2].to_owned());
        let parts = stream::iter([Ok(half), Err(std::io::Error::other("cut on purpose"))]);
        let mut answer = Response::new(Body::from_stream(parts));
        answer
            .headers_mut()
            .insert("content-type", "application/json".parse().expect("a value"));
        return Some(answer);
    }
    faults.number("huge", 0).map(huge)
}

/// Ends the task of the connection, and so the connection, without a word.
pub fn drop_if_due(faults: &Faults) {
    if faults.has("drop") {
        std::panic::resume_unwind(Box::new("dropped on purpose"));
    }
}

/// White space without an end in sight, which JSON allows before a value.
fn huge(megabytes: u64) -> Response {
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    let chunks = (0..megabytes * 16).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
    let mut answer = Response::new(Body::from_stream(stream::iter(chunks)));
    answer
        .headers_mut()
        .insert("content-type", "application/json".parse().expect("a value"));
    answer
}

/// Notices when whoever waits goes away before the work is done.
pub struct Watch {
    ledger: Arc<Ledger>,
    backend: &'static str,
    done: bool,
}

impl Watch {
    pub fn new(ledger: &Arc<Ledger>, backend: &'static str) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            backend,
            done: false,
        }
    }

    pub fn done(&mut self) {
        self.done = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.done {
            self.ledger.cancel(self.backend);
        }
    }
}

/// Works for as long as the faults say.
pub async fn work(ledger: &Arc<Ledger>, backend: &'static str, faults: &Faults) {
    let whole = faults.duration();
    if whole > Duration::ZERO {
        let mut watch = Watch::new(ledger, backend);
        tokio::time::sleep(whole).await;
        watch.done();
    }
}
