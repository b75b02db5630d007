//! Every rule of `auth-remote`, as tables of tokens and requests on the shipped server. Rows carry
//! the numbers of the project's attack list.
//!
//! Each refusal is judged as a client would see it (status, stable code, challenge) and from
//! inside: no tool ran. The attempted call is `generate_image`, which leaves a file when it runs.
//! Dropping the server looks for tokens in its log.
//!
//! | rows | where |
//! |---|---|
//! | 1 to 8, 16, 17 | `forgery` |
//! | 9 to 13, 15, and scopes | `claims` |
//! | 18 to 20, 34 | `keys` |
//! | 23 to 31 | `transport` |
//! | 35 to 37 | `documents` |
//!
//! `transport` runs in proxy mode, too. Not here, since only an authorization server has them: 14
//! (artefacts at `/token`), and the parts of 13 and 29 about refresh tokens, codes, `/token` and
//! `/register`: those are in `proxy`. Outside the list that was asked for: 32 (no sessions exist), 33
//! (stream outliving a token). 38 is in `introspection`.

mod claims;
mod documents;
mod forgery;
mod keys;
mod transport;

use e2e::caller::{Caller, Reply};
use e2e::challenge::Challenge;
use e2e::keys::Key;
use e2e::scripted_idp::ScriptedIdp;
use e2e::server::Server;
use e2e::settings::{AUDIENCE, BASE_URL, Settings};
use e2e::site::Site;
use e2e::token::Token;
use serde_json::{Value, json};

/// A provider with one key, and a server that trusts it.
struct Setting {
    idp: ScriptedIdp,
    key: Key,
    server: Server,
    /// A token that the server accepts.
    good: String,
    faults: Vec<String>,
    accepted: usize,
}

impl Setting {
    async fn new() -> Self {
        let key = Key::generate("rs", "RS256");
        let idp = ScriptedIdp::start(&[&key]).await;
        let server = Settings::remote(&idp.config_url()).start().await;
        server.ready().await;
        Self {
            good: idp.token(AUDIENCE).sign(&key),
            idp,
            key,
            server,
            faults: Vec::new(),
            accepted: 0,
        }
    }

    /// The same with a server that issues tokens itself, to a user of the real provider.
    async fn proxy() -> Self {
        let mut site = Site::start().await;
        let (_, tokens) = site.signed_in("alice").await;
        Self {
            good: tokens.access,
            server: site.servers.remove(0),
            ..Self::new().await
        }
    }

    /// In both modes.
    async fn both() -> [Self; 2] {
        [Self::new().await, Self::proxy().await]
    }

    /// A token that is good in every respect, before it is signed.
    fn token(&self) -> Token {
        self.idp.token(AUDIENCE)
    }

    /// A good token, changed in one point and signed.
    fn signed(&self, change: impl FnOnce(Token) -> Token) -> String {
        change(self.token()).sign(&self.key)
    }

    /// 401 `invalid_token`.
    async fn refuses(&mut self, row: &str, token: &str) {
        let caller = self.server.as_bearer(token);
        self.refuses_caller(row, &caller, (401, "invalid_token"))
            .await;
    }

    /// A refusal of any caller: status, code, challenge, and no tool ran.
    async fn refuses_caller(&mut self, row: &str, caller: &Caller, expected: (u16, &str)) {
        let reply = attempt(caller).await;
        let verdict = judge_refusal(&reply, expected).and_then(|()| self.nothing_ran());
        self.faults
            .extend(verdict.err().map(|fault| format!("{row}: {fault}")));
    }

    /// The tools answer.
    async fn accepts(&mut self, row: &str, token: &str) {
        self.accepts_caller(row, &self.server.as_bearer(token))
            .await;
    }

    async fn accepts_caller(&mut self, row: &str, caller: &Caller) {
        let reply = attempt(caller).await;
        if reply.status == 200
            && reply.json()["result"]["structuredContent"]["status"] == "completed"
        {
            self.accepted += 1;
        } else {
            self.faults.push(format!(
                "{row}: not accepted: {} {}",
                reply.status,
                reply.text()
            ));
        }
    }

    fn nothing_ran(&self) -> Result<(), String> {
        let images = self.server.gallery().images();
        if images == self.accepted {
            Ok(())
        } else {
            Err(format!(
                "a tool ran: {images} images, {} asked for",
                self.accepted
            ))
        }
    }

    /// All rows that went wrong, at once.
    fn finish(mut self) {
        self.faults.extend(self.nothing_ran().err());
        assert!(
            self.faults.is_empty(),
            "{} rows:\n{}",
            self.faults.len(),
            self.faults.join("\n")
        );
    }
}

async fn attempt(caller: &Caller) -> Reply {
    caller
        .call(
            "generate_image",
            json!({"prompt": "should this be painted?", "provider": "placeholder"}),
        )
        .await
}

/// What a client is told: RFC 6750, section 3.1, and RFC 9728, section 5.1.
fn judge_refusal(reply: &Reply, (status, code): (u16, &str)) -> Result<(), String> {
    let fault = |what: &str| {
        Err(format!(
            "{what}: {} {:?} {}",
            reply.status,
            reply.headers,
            reply.text()
        ))
    };
    if reply.status != status {
        return fault(&format!("not {status}"));
    }
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if stable_code(&body) != Some(code) {
        return fault(&format!("not `{code}`"));
    }
    if body["error"].is_string() && reply.header("cache-control") != Some("no-store") {
        return fault("may be stored");
    }
    match reply.header("www-authenticate").map(Challenge::parse) {
        None if status == 503 => Ok(()),
        None => fault("no challenge"),
        Some(Err(problem)) => fault(&problem),
        Some(Ok(challenge)) => {
            let metadata = format!("{BASE_URL}/.well-known/oauth-protected-resource/mcp");
            // Without a credential there is no error to report, only where to go.
            let error = challenge.get("error");
            let named = error.is_none_or(|error| error == code);
            if named && challenge.get("resource_metadata") == Some(&metadata) {
                Ok(())
            } else {
                fault("wrong challenge")
            }
        }
    }
}

/// The door answers as a resource server does; the tools, which know the operation, answer the
/// JSON-RPC request.
fn stable_code(body: &Value) -> Option<&str> {
    let error = &body["error"];
    let (code, sentence) = match error {
        Value::String(code) => (Some(code.as_str()), &body["error_description"]),
        _ => (error["data"]["error"].as_str(), &error["message"]),
    };
    code.filter(|_| sentence.is_string())
}
