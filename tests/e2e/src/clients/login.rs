//! A client that knows nothing but a URL, and a person who signs in at whatever it finds.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use rmcp::transport::auth::{AuthorizationRequest, OAuthState};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Client, rust};
use crate::artifacts;
use crate::browser::{Browser, Person};
use crate::process::Process;

/// How a client is known to the authorization server.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Not yet: it registers itself (RFC 7591).
    Stranger,
    /// By the document at this address.
    Document(String),
    /// By an id that somebody gave to it.
    Known(String),
}

/// How a login went.
#[derive(Debug, Deserialize)]
pub struct LoginReport {
    /// Names of the tools, listed with the new token.
    pub tools: Vec<String>,
    /// `scope` of the authorization request.
    pub asked_scope: Option<String>,
    /// `resource` of the authorization request.
    pub asked_resource: Option<String>,
    /// `client_id` of the authorization request.
    pub client_id: Option<String>,
    /// `scope` of the token answer.
    pub granted_scope: Option<String>,
    /// The token.
    pub access_token: String,
    /// What gets the next one.
    pub refresh_token: Option<String>,
}

impl Client {
    /// Connects with nothing but a URL, while somebody signs in with a browser.
    pub async fn login(self, url: &str, who: &Identity, browser: &Browser) -> LoginReport {
        match self {
            Self::RustLegacy | Self::RustAuto => rust_login(url, who, browser).await,
            Self::TypeScriptV1 | Self::TypeScriptLegacy | Self::TypeScriptAuto => {
                self.script_login(url, who, browser).await
            }
        }
    }

    async fn script_login(self, url: &str, who: &Identity, browser: &Browser) -> LoginReport {
        let mut options = json!({"sdk": self.sdk(), "url": url});
        match who {
            Identity::Stranger => {}
            Identity::Document(address) => options["document"] = json!(address),
            Identity::Known(id) => options["client_id"] = json!(id),
        }
        let mut command = Command::new(artifacts::node());
        command
            .arg(artifacts::script("clients/login.mjs"))
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let mut stdin = process.stdin.take().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        let (first, lines) = line(lines).await;
        let start = first["authorization_url"].as_str().unwrap();
        let callback = sign_in(browser, start).await;
        writeln!(stdin, "{callback}").unwrap();
        let (report, _) = line(lines).await;
        serde_json::from_value(report).unwrap()
    }
}

/// Signs in, and gives the address that the client waits for.
pub(super) async fn sign_in(browser: &Browser, start: &str) -> Url {
    let start = Url::parse(start).unwrap();
    let page = browser.sign_in(&start, Person::named("alice")).await;
    assert!(page.outside, "{}: {}", page.url, page.reply.text());
    page.url
}

async fn rust_login(url: &str, who: &Identity, browser: &Browser) -> LoginReport {
    let mut state = OAuthState::new(url, None).await.unwrap();
    let mut request = AuthorizationRequest::new("http://127.0.0.1:9/callback")
        .with_initial_scope_selection()
        .with_client_name("e2e");
    match who {
        Identity::Stranger => {}
        Identity::Document(address) => request = request.with_client_metadata_url(address),
        Identity::Known(id) => request = request.with_preregistered_client(id),
    }
    state.start_authorization(request).await.unwrap();
    let start = Url::parse(&state.get_authorization_url().await.unwrap()).unwrap();
    let callback = sign_in(browser, start.as_str()).await;
    state.handle_callback_url(callback.as_str()).await.unwrap();
    let (client_id, tokens) = state.get_credentials().await.unwrap();
    let tokens = serde_json::to_value(tokens.unwrap()).unwrap();
    let manager = state.into_authorization_manager().unwrap();
    let asked = |name| crate::browser::parameter(&start, name);
    serde_json::from_value(json!({
        "tools": rust::tools(url, manager).await,
        "asked_scope": asked("scope"),
        "asked_resource": asked("resource"),
        "client_id": client_id,
        "granted_scope": tokens["scope"],
        "access_token": tokens["access_token"],
        "refresh_token": tokens["refresh_token"],
    }))
    .unwrap()
}

async fn line<R: BufRead + Send + 'static>(mut lines: R) -> (Value, R) {
    tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        lines.read_line(&mut text).unwrap();
        let value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("the client says: {error}: `{text}`"));
        (value, lines)
    })
    .await
    .unwrap()
}
