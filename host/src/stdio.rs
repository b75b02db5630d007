//! `--transport stdio`: MCP messages as lines on standard input and output (MCP, transports,
//! stdio), bridged to the same tools component that serves HTTP.
//!
//! Auth has no effect here: whoever owns the process owns the session.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Stdout};
use tokio::sync::{Mutex, RwLock, Semaphore};
use tokio::task::JoinSet;

use crate::auth::Authenticated;
use crate::respond::Body;
use crate::telemetry;
use crate::tenant::Tenant;

/// Messages that are worked on at once.
const MAX_IN_FLIGHT: usize = 16;
/// First protocol version without a handshake.
const FIRST_MODERN: &str = "2026-07-28";
const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";

/// Serves standard input until it ends; requests in flight are answered.
///
/// # Errors
///
/// When standard input or output breaks.
pub async fn serve(tenant: Arc<Tenant>, max_message_bytes: usize) -> Result<()> {
    let session = Arc::new(Session {
        tenant,
        version: RwLock::new(None),
        output: Mutex::new(tokio::io::stdout()),
        permits: Semaphore::new(MAX_IN_FLIGHT),
    });
    let mut input = BufReader::new(tokio::io::stdin());
    let mut tasks = JoinSet::new();
    loop {
        let mut line = Vec::new();
        let mut bounded =
            tokio::io::AsyncReadExt::take(&mut input, max_message_bytes.saturating_add(1) as u64);
        let read = bounded
            .read_until(b'\n', &mut line)
            .await
            .context("cannot read standard input")?;
        if read == 0 {
            break;
        }
        if line.len() > max_message_bytes {
            anyhow::bail!("a message on standard input is larger than {max_message_bytes} bytes");
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        // The handshake decides the version of everything after it, so it is not overtaken.
        let handshake = is_initialize(&line);
        let session = Arc::clone(&session);
        let work = async move { session.message(line.into()).await };
        if handshake {
            work.await?;
        } else {
            tasks.spawn(work);
        }
        while let Some(done) = tasks.try_join_next() {
            done.context("a message handler panicked")??;
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.context("a message handler panicked")??;
    }
    Ok(())
}

struct Session {
    tenant: Arc<Tenant>,
    /// The version that `initialize` agreed on; `None` before, and for modern clients.
    version: RwLock<Option<String>>,
    output: Mutex<Stdout>,
    permits: Semaphore,
}

impl Session {
    async fn message(&self, line: Bytes) -> Result<()> {
        let _permit = self
            .permits
            .acquire()
            .await
            .context("the session is over")?;
        let message = serde_json::from_slice::<Value>(&line).unwrap_or(Value::Null);
        let request = self.request(&message, line).await?;
        let request_id = telemetry::request_id();
        let answer = self
            .tenant
            .tools
            .call(Authenticated::local_process(), &request_id, request)
            .await;
        match answer {
            Ok(response) => self.relay(&message, response).await,
            Err(error) => {
                tracing::error!(%request_id, %error, "the tools gave no answer");
                let Some(id) = message.get("id") else {
                    return Ok(());
                };
                let sentence =
                    "the request could not be completed; the request id names it in the log";
                let data = json!({"code": "tools_failed", "requestId": &*request_id});
                let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32603, "message": sentence, "data": data}});
                self.write(error.to_string().as_bytes()).await
            }
        }
    }

    /// The HTTP request that carries a message; stdio has no fields, so they are made from the body.
    async fn request(&self, message: &Value, line: Bytes) -> Result<Request<Bytes>> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, text/event-stream"),
        );
        let params = message.get("params");
        let modern = params
            .and_then(|params| params.get("_meta"))
            .and_then(|meta| meta.get(VERSION_KEY))
            .and_then(Value::as_str);
        if let Some(version) = modern {
            insert(&mut headers, "mcp-protocol-version", version);
            if let Some(method) = message.get("method").and_then(Value::as_str) {
                insert(&mut headers, "mcp-method", method);
            }
            let name = params.and_then(|params| params.get("name").or_else(|| params.get("uri")));
            if let Some(name) = name.and_then(Value::as_str) {
                insert(&mut headers, "mcp-name", &field_value(name));
            }
        } else if let Some(version) = self.version.read().await.as_deref() {
            insert(&mut headers, "mcp-protocol-version", version);
        }
        let mut request = Request::new(line);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from(self.tenant.mcp_path.clone());
        *request.headers_mut() = headers;
        Ok(request)
    }

    async fn relay(&self, message: &Value, response: http::Response<Body>) -> Result<()> {
        let (parts, mut body) = response.into_parts();
        let stream = parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        if !stream {
            let bytes = body
                .collect()
                .await
                .context("an answer broke off")?
                .to_bytes();
            if bytes.is_empty() {
                return Ok(());
            }
            self.remember_version(message, &bytes).await;
            return self.write(&bytes).await;
        }
        let mut events = Events::default();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.context("an event stream broke off")?.into_data() else {
                continue;
            };
            for event in events.push(&data) {
                self.write(&event).await?;
            }
        }
        Ok(())
    }

    async fn remember_version(&self, message: &Value, answer: &[u8]) {
        if message.get("method").and_then(Value::as_str) != Some("initialize") {
            return;
        }
        let answer = serde_json::from_slice::<Value>(answer).unwrap_or(Value::Null);
        let version = answer
            .pointer("/result/protocolVersion")
            .and_then(Value::as_str);
        if let Some(version) = version.filter(|version| *version < FIRST_MODERN) {
            *self.version.write().await = Some(version.to_owned());
        }
    }

    /// One message on one line. JSON text of the tools has no line breaks; they are removed anyway,
    /// since a break inside a message would split it.
    async fn write(&self, message: &[u8]) -> Result<()> {
        let mut line: Vec<u8> = message
            .iter()
            .copied()
            .filter(|byte| !matches!(byte, b'\n' | b'\r'))
            .collect();
        line.push(b'\n');
        let mut output = self.output.lock().await;
        output
            .write_all(&line)
            .await
            .context("cannot write standard output")?;
        output.flush().await.context("cannot write standard output")
    }
}

fn is_initialize(line: &[u8]) -> bool {
    serde_json::from_slice::<Value>(line)
        .is_ok_and(|message| message.get("method").and_then(Value::as_str) == Some("initialize"))
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // A value that no field can carry stays out; the tools then say what is missing.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// A name as a field value: as it is when it is plain text, else `=?base64?...?=` (MCP 2026-07-28,
/// Streamable HTTP, request headers).
fn field_value(name: &str) -> String {
    use base64::Engine as _;
    let plain = name.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && name.trim() == name;
    let looks_encoded = name.starts_with("=?base64?") && name.ends_with("?=");
    if plain && !looks_encoded {
        return name.to_owned();
    }
    format!(
        "=?base64?{}?=",
        base64::engine::general_purpose::STANDARD.encode(name)
    )
}

/// Splits an event stream into the data of its events (HTML, section 9.2.6). The tools write `\n`
/// line ends and `data` fields only.
#[derive(Default)]
struct Events {
    pending: Vec<u8>,
}

impl Events {
    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.pending.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.pending.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = self.pending.drain(..end.saturating_add(2)).collect();
            let data: Vec<u8> = block
                .split(|byte| *byte == b'\n')
                .filter_map(|line| line.strip_prefix(b"data:"))
                .flat_map(|data| data.strip_prefix(b" ").unwrap_or(data).iter().copied())
                .collect();
            if !data.is_empty() {
                events.push(data);
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_split_wherever_the_chunks_end() {
        let stream = b": keep-alive\n\ndata: {\"a\":1}\n\nevent: message\ndata: {\"b\":2}\n\n";
        for size in 1..stream.len() {
            let mut events = Events::default();
            let found: Vec<Vec<u8>> = stream
                .chunks(size)
                .flat_map(|chunk| events.push(chunk))
                .collect();
            assert_eq!(
                found,
                [br#"{"a":1}"#.to_vec(), br#"{"b":2}"#.to_vec()],
                "chunks of {size}"
            );
        }
    }

    #[test]
    fn names_survive_as_field_values() {
        assert_eq!(field_value("generate_image"), "generate_image");
        assert_eq!(field_value("größe"), "=?base64?Z3LDtsOfZQ==?=");
        assert_eq!(field_value(" x"), "=?base64?IHg=?=");
        assert!(field_value("=?base64?x?=").starts_with("=?base64?PT9"));
    }
}
