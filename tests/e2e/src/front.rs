//! One host name for several services, as a reverse proxy with rules by path makes it.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::request::Parts;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::forward::{Answer, client, forward, serve, status};
use crate::tls;

/// A rule: paths that begin like this go to an origin.
#[derive(Clone)]
pub struct Rule {
    /// Beginnings of paths; whole segments only.
    pub prefixes: Vec<String>,
    /// Where they go.
    pub origin: String,
    /// What is taken off the beginning of the path.
    pub stripped: String,
}

/// A reverse proxy that runs. It serves until it is dropped.
pub struct Front {
    origin: String,
    rules: Arc<Mutex<Vec<Rule>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Front {
    /// Starts one without rules.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// Starts one that speaks TLS, with a certificate for a host name that nobody trusts.
    pub async fn start_tls(host: &str) -> Self {
        Self::start_with(Some(tls::acceptor(host).0)).await
    }

    async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", listener.local_addr().unwrap());
        let rules = Arc::new(Mutex::new(Vec::new()));
        let (http, shared) = (client(), Arc::clone(&rules));
        let server = tokio::spawn(serve(listener, tls, move |head, body| {
            pass(http.clone(), Arc::clone(&shared), head, body)
        }));
        Self {
            origin,
            rules,
            server,
        }
    }

    /// `host:port` where it listens.
    pub fn address(&self) -> &str {
        self.origin.split_once("://").unwrap().1
    }

    /// Its address.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Adds a rule for a service below a path: its own path, and the well-known documents of it,
    /// which are at the beginning of the path (RFC 8414, section 3.1; RFC 9728, section 3.1).
    pub fn mount(&self, prefix: &str, origin: &str, strips: bool) {
        let well_known = [
            "oauth-authorization-server",
            "oauth-protected-resource",
            "openid-configuration",
        ]
        .map(|name| format!("/.well-known/{name}{prefix}"));
        self.add(Rule {
            prefixes: vec![prefix.into()],
            origin: origin.into(),
            stripped: if strips { prefix.into() } else { String::new() },
        });
        self.add(Rule {
            prefixes: well_known.into(),
            origin: origin.into(),
            stripped: String::new(),
        });
    }

    /// Adds a rule, after all others.
    pub fn add(&self, rule: Rule) {
        self.rules.lock().unwrap().push(rule);
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(
    http: reqwest::Client,
    rules: Arc<Mutex<Vec<Rule>>>,
    head: Parts,
    body: Bytes,
) -> Option<Answer> {
    let path = head.uri.path();
    let is_below = |prefix: &String| {
        let rest = path.strip_prefix(prefix.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
    };
    let rule = {
        let rules = rules.lock().unwrap();
        rules
            .iter()
            .find(|rule| rule.prefixes.iter().any(is_below))
            .cloned()
    };
    let Some(rule) = rule else {
        return Some(status(404));
    };
    let whole = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = whole.strip_prefix(rule.stripped.as_str()).unwrap_or(whole);
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    let answer = forward(&http, (&rule.origin, &path), &head, body).await;
    Some(answer.unwrap_or_else(|_| status(502)))
}
