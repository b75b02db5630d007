//! A provider that answers what a test tells it to, and counts who asks.
//!
//! The real one (`idp`) proves that honest tokens work; this one is for everything that an
//! honest provider cannot be made to do.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::keys::{Key, jwks};
use crate::token::Token;

type Payload = UnsyncBoxBody<Bytes, Infallible>;

/// The path of the discovery document.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The path of the key set.
pub const JWKS: &str = "/jwks";

/// What a path answers.
#[derive(Clone)]
pub enum Answer {
    /// 200 with a JSON document.
    Json(Value),
    /// Anything: status, header fields, body.
    Raw(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Nothing, ever.
    Silence,
    /// 200, and then these bytes again and again, with a pause after each time, without an end.
    Drip(Vec<u8>, Duration),
}

/// A provider on loopback. It serves until the runtime of the test ends.
pub struct ScriptedIdp {
    issuer: String,
    script: Arc<Mutex<Script>>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Script {
    answers: BTreeMap<String, Answer>,
    requests: BTreeMap<String, usize>,
}

impl ScriptedIdp {
    /// Serves discovery and the public halves of these keys.
    pub async fn start(keys: &[&Key]) -> Self {
        let idp = Self::listen(TcpListener::bind("127.0.0.1:0").await.unwrap());
        idp.publish(keys);
        idp
    }

    /// Serves at an address where one was before.
    pub async fn start_at(issuer: &str, keys: &[&Key]) -> Self {
        let address = issuer.strip_prefix("http://").unwrap();
        let idp = Self::listen(TcpListener::bind(address).await.unwrap());
        idp.publish(keys);
        idp
    }

    fn listen(listener: TcpListener) -> Self {
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let server = tokio::spawn(serve(listener, Arc::clone(&script)));
        let idp = Self {
            issuer,
            script,
            server,
        };
        idp.answer(DISCOVERY, Answer::Json(idp.document()));
        idp
    }

    /// Stops listening; connections that are open die with it.
    pub async fn stop(mut self) -> String {
        self.server.abort();
        let _ = (&mut self.server).await;
        self.issuer.clone()
    }

    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What a server under test is configured with.
    pub fn config_url(&self) -> String {
        format!("{}{DISCOVERY}", self.issuer)
    }

    /// The discovery document of an honest provider.
    pub fn document(&self) -> Value {
        json!({
            "issuer": self.issuer,
            "jwks_uri": format!("{}{JWKS}", self.issuer),
            "authorization_endpoint": format!("{}/authorize", self.issuer),
            "token_endpoint": format!("{}/token", self.issuer),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    /// Replaces the key set.
    pub fn publish(&self, keys: &[&Key]) {
        self.answer(JWKS, Answer::Json(jwks(keys)));
    }

    /// From now on, a path answers this.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.script
            .lock()
            .unwrap()
            .answers
            .insert(path.into(), answer);
    }

    /// How often a path was asked for.
    pub fn requests(&self, path: &str) -> usize {
        self.script
            .lock()
            .unwrap()
            .requests
            .get(path)
            .copied()
            .unwrap_or(0)
    }

    /// How often anything was asked for.
    pub fn all_requests(&self) -> usize {
        self.script.lock().unwrap().requests.values().sum()
    }

    /// A good token of this provider.
    pub fn token(&self, audience: &str) -> Token {
        Token::new(&self.issuer, audience)
    }
}

impl Drop for ScriptedIdp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let script = Arc::clone(&script);
        let service = service_fn(move |request| respond(request, Arc::clone(&script)));
        connections.spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

async fn respond(
    request: Request<Incoming>,
    script: Arc<Mutex<Script>>,
) -> Result<Response<Payload>, Infallible> {
    let path = request.uri().path().to_owned();
    let answer = {
        let mut script = script.lock().unwrap();
        *script.requests.entry(path.clone()).or_default() += 1;
        script.answers.get(&path).cloned()
    };
    let (status, headers, body) = match answer {
        Some(Answer::Json(document)) => (
            200,
            vec![("content-type", "application/json".into())],
            document.to_string().into_bytes(),
        ),
        Some(Answer::Raw(status, headers, body)) => (status, headers, body),
        Some(Answer::Silence) => std::future::pending().await,
        Some(Answer::Drip(bytes, pause)) => return Ok(drip(bytes.into(), pause)),
        None => (404, Vec::new(), Vec::new()),
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response
        .body(Full::new(Bytes::from(body)).boxed_unsync())
        .unwrap())
}

fn drip(bytes: Bytes, pause: Duration) -> Response<Payload> {
    let frames = futures_util::stream::unfold(bytes, move |bytes| async move {
        tokio::time::sleep(pause).await;
        Some((Ok(Frame::data(bytes.clone())), bytes))
    });
    Response::builder()
        .header("content-type", "application/json")
        .body(StreamBody::new(frames).boxed_unsync())
        .unwrap()
}
