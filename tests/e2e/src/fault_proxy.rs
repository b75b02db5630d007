//! A proxy in front of a provider, which believes that the proxy's address is its own: it delays,
//! cuts and changes what passes on a path, and counts it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::request::Parts;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::forward::{Answer, client, forward, serve, status};
use crate::idp::Idp;

/// Changes a JSON answer, seen together with the body of the request.
pub type Change = Arc<dyn Fn(&str, &mut Value) + Send + Sync>;

/// What happens on a path.
#[derive(Clone)]
pub enum Fault {
    /// This status, and the provider never hears of it.
    Status(u16),
    /// This status and JSON document, and the provider never hears of it.
    Answer(u16, Value),
    /// The provider hears of it, and the answer is lost with the connection.
    Lost,
    /// The connection is cut, and the provider never hears of it.
    Cut,
    /// The answer comes this much later.
    Slow(Duration),
    /// The answer never comes.
    Silence,
    /// The JSON answer is changed, seen together with the body of the request.
    Change(Change),
}

impl Fault {
    /// Changes JSON answers.
    pub fn change(change: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Self {
        Self::Change(Arc::new(change))
    }
}

/// The proxy; it serves until it is dropped.
pub struct FaultProxy {
    issuer: String,
    state: Arc<Mutex<State>>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct State {
    target: String,
    faults: BTreeMap<String, Fault>,
    passed: BTreeMap<String, usize>,
    bodies: Vec<(String, String)>,
}

impl FaultProxy {
    /// A provider behind a proxy; `options` are those of `idp/main.mjs`.
    pub async fn start(options: Value) -> (Self, Idp) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (http, shared) = (client(), Arc::clone(&state));
        let server = tokio::spawn(serve(listener, None, move |head, body| {
            pass(http.clone(), Arc::clone(&shared), head, body)
        }));
        let mut options = options;
        options["issuer"] = json!(issuer);
        let idp = Idp::start(options).await;
        state.lock().unwrap().target = idp.origin().to_owned();
        let proxy = Self {
            issuer,
            state,
            server,
        };
        (proxy, idp)
    }

    /// The address that the provider believes to be its own.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// From now on, this happens on a path.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.state.lock().unwrap().faults.insert(path.into(), fault);
    }

    /// From now on, nothing happens to anything.
    pub fn heal(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.state
            .lock()
            .unwrap()
            .passed
            .get(path)
            .copied()
            .unwrap_or(0)
    }

    /// The bodies of the requests to a path, in order.
    pub fn bodies(&self, path: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let bodies = state.bodies.iter().filter(|(known, _)| known == path);
        bodies.map(|(_, body)| body.clone()).collect()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(
    http: reqwest::Client,
    state: Arc<Mutex<State>>,
    head: Parts,
    body: Bytes,
) -> Option<Answer> {
    let path = head.uri.path().to_owned();
    let asked = String::from_utf8_lossy(&body).into_owned();
    let (target, fault) = {
        let mut state = state.lock().unwrap();
        *state.passed.entry(path.clone()).or_default() += 1;
        state.bodies.push((path.clone(), asked.clone()));
        (state.target.clone(), state.faults.get(&path).cloned())
    };
    match fault {
        Some(Fault::Status(code)) => return Some(status(code)),
        Some(Fault::Answer(code, document)) => return Some(json_answer(code, &document)),
        Some(Fault::Cut) => return None,
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(Fault::Lost | Fault::Change(_)) | None => {}
    }
    let path_and_query = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let answer = forward(&http, (&target, path_and_query), &head, body)
        .await
        .unwrap_or_else(|_| status(502));
    match fault {
        Some(Fault::Lost) => None,
        Some(Fault::Change(change)) => Some(changed(answer, &asked, &change).await),
        _ => Some(answer),
    }
}

fn json_answer(code: u16, document: &Value) -> Answer {
    let mut answer = status(code);
    answer
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/json"));
    *answer.body_mut() = Full::new(Bytes::from(document.to_string()));
    answer
}

async fn changed(answer: Answer, asked: &str, change: &Change) -> Answer {
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap_or_default().to_bytes();
    let bytes = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut document) => {
            change(asked, &mut document);
            Bytes::from(document.to_string())
        }
        Err(_) => bytes,
    };
    Answer::from_parts(head, Full::new(bytes))
}
