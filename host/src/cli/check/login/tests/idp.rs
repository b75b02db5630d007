//! The scripted provider: right in everything but what it is told to do wrong.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::{Url, form_urlencoded};

use crate::keys::Algorithm;
use crate::keys::tests::signer::TestKey;

pub(super) const CLIENT: &str = "images";
pub(super) const SECRET: &str = "5ecre7-of-the-client";
pub(super) const CODE: &str = "5ecre7-code";

/// What the provider does wrong.
#[derive(Clone, Default)]
pub(super) struct Quirks {
    /// Replaces the answer of the authorization endpoint to a request without a cookie.
    pub(super) authorization: Option<fn(&Url) -> String>,
    /// What the user comes back with, instead of a code.
    pub(super) error: Option<&'static str>,
    pub(super) iss: Option<&'static str>,
    /// Changes the claims of the ID token.
    pub(super) id_token: Option<fn(&mut Value)>,
    /// Changes the members of the answer of the token endpoint.
    pub(super) tokens: Option<fn(&mut Value)>,
    /// Refuses the token request.
    pub(super) refused: Option<(&'static str, &'static str)>,
    pub(super) refresh_refused: bool,
    pub(super) stranger_signs: bool,
    pub(super) date: Option<&'static str>,
    pub(super) document: Option<fn(&mut Value)>,
}

pub(super) struct Idp {
    pub(super) issuer: String,
    pub(super) key: TestKey,
    pub(super) quirks: Quirks,
    pub(super) nonce: Mutex<String>,
}

impl Idp {
    pub(super) async fn start(quirks: Quirks) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let idp = Arc::new(Self {
            issuer: format!("http://127.0.0.1:{port}"),
            key: TestKey::new(Algorithm::Es256, "a"),
            quirks,
            nonce: Mutex::default(),
        });
        let serving = Arc::clone(&idp);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let idp = Arc::clone(&serving);
                tokio::spawn(async move { idp.serve(stream).await });
            }
        });
        idp
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut request = Vec::new();
        while !is_complete(&request) {
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let request = String::from_utf8(request).unwrap();
        let target = request.split(' ').nth(1).unwrap();
        let url = Url::parse(&self.issuer).unwrap().join(target).unwrap();
        let body = request.split_once("\r\n\r\n").unwrap().1;
        let answer = match url.path() {
            "/.well-known/openid-configuration" => self.json(&self.document()),
            "/jwks" => self.json(&json!({"keys": [self.key.jwk()]})),
            "/auth" => self.authorize(&url),
            "/signed-in" => self.come_back(&url),
            "/token" => self.tokens(&request, body),
            "/userinfo" => self
                .json(&json!({"sub": "alice", "email": "a@example.com", "email_verified": true})),
            "/revoke" => answer("200 OK", "", ""),
            _ => answer("404 Not Found", "", ""),
        };
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    fn document(&self) -> Value {
        let url = |path: &str| format!("{}{path}", self.issuer);
        let mut document = json!({
            "issuer": self.issuer,
            "jwks_uri": url("/jwks"),
            "authorization_endpoint": url("/auth"),
            "token_endpoint": url("/token"),
            "userinfo_endpoint": url("/userinfo"),
            "revocation_endpoint": url("/revoke"),
            "scopes_supported": ["openid", "email", "offline_access"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        });
        if let Some(change) = self.quirks.document {
            change(&mut document);
        }
        document
    }

    fn authorize(&self, url: &Url) -> String {
        if let Some(reply) = self.quirks.authorization {
            let refused = reply(url);
            if !refused.is_empty() {
                return refused;
            }
        }
        let query = |name: &str| value(url, name).unwrap();
        *self.nonce.lock().unwrap() = query("nonce");
        assert_eq!(query("code_challenge_method"), "S256");
        assert_eq!(query("prompt"), "consent");
        let query = url.query().unwrap();
        answer(
            "302 Found",
            &format!("location: /signed-in?{query}\r\n"),
            "",
        )
    }

    fn come_back(&self, url: &Url) -> String {
        let mut target = Url::parse(&value(url, "redirect_uri").unwrap()).unwrap();
        let iss = self.quirks.iss.unwrap_or(&self.issuer).to_owned();
        {
            let mut query = target.query_pairs_mut();
            match self.quirks.error {
                Some(error) => query.append_pair("error", error),
                None => query.append_pair("code", CODE),
            };
            query
                .append_pair("state", &value(url, "state").unwrap())
                .append_pair("iss", &iss);
        }
        answer("302 Found", &format!("location: {target}\r\n"), "")
    }

    fn tokens(&self, request: &str, body: &str) -> String {
        if let Some((status, error)) = self.quirks.refused {
            let json = json!({"error": error, "error_description": "because"});
            return answer(
                status,
                "content-type: application/json\r\n",
                &json.to_string(),
            );
        }
        let form: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let field = |name: &str| {
            form.iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        assert!(request.contains("authorization: Basic "), "{request}");
        let refreshing = field("grant_type") == Some("refresh_token");
        if refreshing && self.quirks.refresh_refused {
            let json = json!({"error": "invalid_grant"}).to_string();
            return answer(
                "400 Bad Request",
                "content-type: application/json\r\n",
                &json,
            );
        }
        assert!(refreshing || field("code") == Some(CODE) && field("code_verifier").is_some());
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "alice",
            "exp": now() + 60, "iat": now(), "nonce": *self.nonce.lock().unwrap(),
        });
        if let Some(change) = self.quirks.id_token {
            change(&mut claims);
        }
        let stranger = self.key.stranger();
        let key = if self.quirks.stranger_signs {
            &stranger
        } else {
            &self.key
        };
        let mut tokens = json!({
            "access_token": "5ecre7-access", "token_type": "Bearer",
            "refresh_token": "5ecre7-refresh", "id_token": key.token(&claims.to_string()),
        });
        if let Some(change) = self.quirks.tokens {
            change(&mut tokens);
        }
        self.json(&tokens)
    }

    fn json(&self, value: &Value) -> String {
        let date = self
            .quirks
            .date
            .map_or_else(String::new, |date| format!("date: {date}\r\n"));
        let fields = format!("content-type: application/json\r\n{date}");
        answer("200 OK", &fields, &value.to_string())
    }
}

pub(super) fn answer(status: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{fields}\r\n{body}"
    )
}

fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.split("content-length: ").nth(1);
    body.len() >= length.map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap())
}

pub(super) fn value(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}
