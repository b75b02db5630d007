//! A provider on loopback whose answers are scripted and counted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::signer::TestKey;

/// What a document is answered with.
#[derive(Clone)]
pub(super) enum Reply {
    Json(Value),
    /// Header lines without the line breaks, and a body.
    Raw(&'static str, Vec<String>, Vec<u8>),
    /// The connection stays open and nothing comes.
    Silence,
    /// The head comes, then a byte now and then.
    Drip,
    /// JSON without end.
    Endless,
}

struct Script {
    discovery: Mutex<Reply>,
    jwks: Mutex<Reply>,
    discovery_hits: AtomicUsize,
    jwks_hits: AtomicUsize,
    other_hits: AtomicUsize,
    introspection: Mutex<Reply>,
    /// What the introspection endpoint was asked, head and body.
    questions: Mutex<Vec<String>>,
}

pub(super) struct Idp {
    script: Arc<Script>,
    port: u16,
    server: JoinHandle<()>,
}

impl Idp {
    pub(super) async fn start(keys: &[&TestKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(Script {
            discovery: Mutex::new(Reply::Silence),
            jwks: Mutex::new(Reply::Silence),
            discovery_hits: AtomicUsize::new(0),
            jwks_hits: AtomicUsize::new(0),
            other_hits: AtomicUsize::new(0),
            introspection: Mutex::new(Reply::Silence),
            questions: Mutex::default(),
        });
        let server = tokio::spawn(serve(listener, script.clone()));
        let idp = Self {
            script,
            port,
            server,
        };
        idp.discovery(Reply::Json(idp.document()));
        idp.keys(keys);
        idp
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn config_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer())
    }

    /// An honest discovery document.
    pub(super) fn document(&self) -> Value {
        let issuer = self.issuer();
        json!({"issuer": issuer, "jwks_uri": format!("{issuer}/jwks"), "x": [1, 2]})
    }

    pub(super) fn discovery(&self, reply: Reply) {
        *self.script.discovery.lock().unwrap() = reply;
    }

    pub(super) fn jwks(&self, reply: Reply) {
        *self.script.jwks.lock().unwrap() = reply;
    }

    pub(super) fn introspection(&self, reply: Reply) {
        *self.script.introspection.lock().unwrap() = reply;
    }

    pub(super) fn questions(&self) -> Vec<String> {
        self.script.questions.lock().unwrap().clone()
    }

    pub(super) fn keys(&self, keys: &[&TestKey]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        self.jwks(Reply::Json(json!({"keys": keys})));
    }

    /// Both documents answer 503, as behind a proxy whose backend is gone.
    pub(super) fn fail(&self) {
        let down = Reply::Raw("503 Service Unavailable", vec![], b"down".to_vec());
        self.discovery(down.clone());
        self.jwks(down);
    }

    pub(super) fn discovery_hits(&self) -> usize {
        self.script.discovery_hits.load(Ordering::SeqCst)
    }

    pub(super) fn jwks_hits(&self) -> usize {
        self.script.jwks_hits.load(Ordering::SeqCst)
    }

    /// Requests for anything that is not a document, such as the target of a redirect.
    pub(super) fn other_hits(&self) -> usize {
        self.script.other_hits.load(Ordering::SeqCst)
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, script: Arc<Script>) {
    while let Ok((stream, _)) = listener.accept().await {
        let script = script.clone();
        // A client that gives up is part of the tests.
        tokio::spawn(async move { answer(stream, script).await.unwrap_or_default() });
    }
}

async fn answer(mut stream: TcpStream, script: Arc<Script>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !is_complete(&request) {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    }
    let request = String::from_utf8_lossy(&request);
    assert!(!request.to_ascii_lowercase().contains("\r\ncookie:"));
    let reply = if request.starts_with("GET /.well-known/openid-configuration ") {
        script.discovery_hits.fetch_add(1, Ordering::SeqCst);
        script.discovery.lock().unwrap().clone()
    } else if request.starts_with("GET /jwks ") {
        script.jwks_hits.fetch_add(1, Ordering::SeqCst);
        script.jwks.lock().unwrap().clone()
    } else if request.starts_with("POST /introspect ") {
        script.questions.lock().unwrap().push(request.into_owned());
        script.introspection.lock().unwrap().clone()
    } else {
        script.other_hits.fetch_add(1, Ordering::SeqCst);
        Reply::Raw("404 Not Found", vec![], Vec::new())
    };
    match reply {
        Reply::Json(value) => {
            let headers = vec!["content-type: application/json".to_owned()];
            write(
                &mut stream,
                "200 OK",
                &headers,
                value.to_string().as_bytes(),
            )
            .await
        }
        Reply::Raw(status, headers, body) => write(&mut stream, status, &headers, &body).await,
        Reply::Silence => {
            stream.read_u8().await?;
            Ok(())
        }
        Reply::Drip => stream_body(&mut stream, b" ", Some(20)).await,
        Reply::Endless => stream_body(&mut stream, &[b' '; 4096], None).await,
    }
}

async fn write(
    stream: &mut TcpStream,
    status: &str,
    headers: &[String],
    body: &[u8],
) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    for header in headers {
        head += &format!("{header}\r\n");
    }
    head += &format!("set-cookie: a=b\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.shutdown().await
}

/// Until the client hangs up.
async fn stream_body(
    stream: &mut TcpStream,
    piece: &[u8],
    pause_ms: Option<u64>,
) -> std::io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{")
        .await?;
    loop {
        stream.write_all(piece).await?;
        if let Some(ms) = pause_ms {
            tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
        }
    }
}

/// Whether the head and as much of a body as it announces are there.
fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.split('\r').next());
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}
