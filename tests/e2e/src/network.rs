//! Which public addresses are served where: what DNS and a load balancer are elsewhere. With two
//! addresses behind one name, each request goes to the next one.
//!
//! Everything that passes is looked through for secrets, which no log may have then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::caller::Reply;
use crate::logs::Logs;
use crate::wait::PATIENCE;

/// Names of parameters, form fields and JSON members whose values no log may have.
const SECRET: [&str; 14] = [
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "email",
    "id_token",
    "login_hint",
    "password",
    "refresh_token",
    "state",
    "token",
];

/// A view of the network, shared by its copies.
#[derive(Clone)]
pub struct Network {
    http: reqwest::Client,
    names: Arc<Mutex<BTreeMap<String, Targets>>>,
    logs: Logs,
}

struct Targets {
    origins: Vec<String>,
    turn: usize,
}

/// A request to a public address.
#[derive(Clone, Debug)]
pub struct Message {
    /// The method.
    pub method: Method,
    /// The public address.
    pub url: Url,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// `GET`.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// `POST` of a form.
    pub fn form(url: Url, fields: &[(String, String)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Self::post(url, "application/x-www-form-urlencoded", body)
    }

    /// `POST`.
    pub fn post(url: Url, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: Method::POST,
            url,
            headers: Vec::new(),
            body: body.into(),
        }
        .with_header("content-type", content_type)
    }

    /// Adds a header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl Network {
    /// A network without names, whose secrets must not show up in `logs`.
    pub fn new(logs: &Logs) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE * 2)
            .build()
            .unwrap();
        Self {
            http,
            names: Arc::default(),
            logs: logs.clone(),
        }
    }

    /// From now on, this public origin is served at these origins, in turn.
    pub fn serve<'a>(&self, public: &str, origins: impl IntoIterator<Item = &'a str>) {
        let public = Url::parse(public).unwrap().origin().ascii_serialization();
        let origins = origins.into_iter().map(str::to_owned).collect();
        self.names
            .lock()
            .unwrap()
            .insert(public, Targets { origins, turn: 0 });
    }

    /// Whether something is served there.
    pub fn reaches(&self, url: &Url) -> bool {
        let origin = url.origin().ascii_serialization();
        self.names.lock().unwrap().contains_key(&origin)
    }

    /// Sends a request, without following redirects.
    pub async fn send(&self, message: Message) -> Reply {
        let url = message.url.clone();
        self.try_send(message)
            .await
            .unwrap_or_else(|error| panic!("no answer from {}: {error:?}", url.path()))
    }

    /// [`Self::send`] to somebody who may not be there.
    pub async fn try_send(&self, message: Message) -> reqwest::Result<Reply> {
        self.learn_url(&message.url);
        self.learn_form(&String::from_utf8_lossy(&message.body));
        let (name, target) = self.resolve(&message.url);
        let mut request = self
            .http
            .request(message.method, target)
            .header("host", name)
            .body(message.body);
        for (name, value) in message.headers {
            if name == "dpop" {
                self.logs.keep_secret(&value);
            }
            request = request.header(name, value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let reply = Reply {
            status,
            headers,
            body: response.bytes().await?.to_vec(),
        };
        self.learn_reply(&message.url, &reply);
        Ok(reply)
    }

    /// The log that must not have what was learnt.
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// The authority for `Host`, and the address that is really asked.
    fn resolve(&self, url: &Url) -> (String, String) {
        let origin = url.origin().ascii_serialization();
        let mut names = self.names.lock().unwrap();
        let targets = names
            .get_mut(&origin)
            .unwrap_or_else(|| panic!("nothing is served at {origin}"));
        targets.turn += 1;
        let target = &targets.origins[targets.turn % targets.origins.len()];
        let rest = &url[url::Position::BeforePath..url::Position::AfterQuery];
        (url.authority().to_owned(), format!("{target}{rest}"))
    }

    /// Secrets in the query of an address.
    pub fn learn_url(&self, url: &Url) {
        self.learn_form(url.query().unwrap_or_default());
    }

    fn learn_form(&self, text: &str) {
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            self.learn(&name, &value);
        }
    }

    fn learn_reply(&self, url: &Url, reply: &Reply) {
        for cookie in reply.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            if let Some((_, value)) = pair.split_once('=') {
                self.logs.keep_secret(value);
            }
        }
        if let Some(Ok(next)) = reply.header("location").map(|next| url.join(next)) {
            self.learn_url(&next);
        }
        if let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(&reply.body) {
            for (name, value) in &members {
                self.learn(name, value.as_str().unwrap_or_default());
            }
        }
    }

    fn learn(&self, name: &str, value: &str) {
        if SECRET.contains(&name) {
            self.logs.keep_secret(value);
        }
    }
}
