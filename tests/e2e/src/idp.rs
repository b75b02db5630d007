//! npm `oidc-provider`, running: a provider that nobody here wrote.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::artifacts;
use crate::logs::Logs;
use crate::process::Process;

/// The algorithms that it signs access tokens with.
pub const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// The scopes that it knows for a resource.
pub const SCOPES: &str = "image:read image:write";

/// A provider that runs. Its process ends with this value, or with the tests.
pub struct Idp {
    process: Process,
    issuer: String,
    origin: String,
    client_secret: String,
    logs: Logs,
}

impl Idp {
    /// Starts one; `options` are those of `idp/main.mjs`.
    pub async fn start(options: Value) -> Self {
        tokio::task::spawn_blocking(move || Self::start_blocking(&options))
            .await
            .unwrap()
    }

    /// One for all tests that only want honest tokens.
    pub async fn shared() -> &'static Self {
        static IDP: OnceCell<Idp> = OnceCell::const_new();
        IDP.get_or_init(|| Self::start(json!({}))).await
    }

    fn start_blocking(options: &Value) -> Self {
        let mut command = Command::new(artifacts::node());
        command
            .arg(artifacts::script("idp/main.mjs"))
            .arg(options.to_string());
        // It ends when its standard input does, also when the tests are killed.
        let mut process = Process::spawn(
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        );
        let logs = Logs::default();
        logs.follow(process.stderr.take().unwrap());
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        // It also talks later, and would not survive that nobody listens.
        logs.follow(stdout);
        let started: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the provider did not start: {error}: {}", logs.text()));
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        Self {
            issuer: text("issuer"),
            origin: text("origin"),
            client_secret: text("clientSecret"),
            process,
            logs,
        }
    }

    /// Ends the process; the provider is down from now on.
    pub fn stop(self) {
        drop(self.process);
    }

    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where it really listens: not the issuer, when that is a proxy in front of it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it wrote.
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// What a server under test is configured with.
    pub fn config_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    /// An access token for a resource, by the client-credentials grant.
    pub async fn token(&self, algorithm: &str, resource: &str) -> String {
        self.token_with_scopes(algorithm, resource, SCOPES).await
    }

    /// [`Self::token`] with fewer scopes.
    pub async fn token_with_scopes(&self, algorithm: &str, resource: &str, scopes: &str) -> String {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &format!("service-{algorithm}"))
            .append_pair("client_secret", &self.client_secret)
            .append_pair("resource", resource)
            .append_pair("scope", scopes)
            .finish();
        let answer = self
            .post("/token", "application/x-www-form-urlencoded", form)
            .await;
        answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token: {answer}\n{}", self.logs.text()))
            .to_owned()
    }

    /// Registers a client (RFC 7591), with the `knobs` of `idp/provider.mjs`.
    pub async fn register(&self, metadata: Value) -> Value {
        let client = self
            .post("/reg", "application/json", metadata.to_string())
            .await;
        assert!(
            client["client_id"].is_string(),
            "not registered: {client}\n{}",
            self.logs.text()
        );
        client
    }

    /// Gives a user claims, beside a verified address `<login>@example.com`.
    pub async fn account(&self, login: &str, claims: Value) {
        self.post(
            "/admin/accounts",
            "application/json",
            json!({login: claims}).to_string(),
        )
        .await;
    }

    /// Changes options of tokens yet to be issued.
    pub async fn set(&self, options: Value) {
        self.post("/admin/options", "application/json", options.to_string())
            .await;
    }

    /// Signs with new keys from now on; the old ones stay published only when `keep_old`.
    pub async fn rotate(&self, keep_old: bool) {
        self.post(
            "/admin/rotate",
            "application/json",
            json!({"keep": keep_old}).to_string(),
        )
        .await;
    }

    async fn post(&self, path: &str, content_type: &str, body: String) -> Value {
        let request = reqwest::Client::new()
            .post(format!("{}{path}", self.origin))
            .header("content-type", content_type)
            .body(body);
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}
