//! Signing in at a scripted provider that is right, or wrong in one way at a time.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::{Url, form_urlencoded};

use super::plan::Plan;
use super::report::Report;
use super::story::Login;
use crate::config::{AuthMode, Secret};
use crate::keys::tests::signer::TestKey;
use crate::keys::{Algorithm, Clock, Keys, KeysConfig, ProviderGrant};

const CLIENT: &str = "images";
const SECRET: &str = "5ecre7-of-the-client";
const CODE: &str = "5ecre7-code";

/// What the provider does wrong.
#[derive(Clone, Default)]
struct Quirks {
    /// Replaces the answer of the authorization endpoint to a request without a cookie.
    authorization: Option<fn(&Url) -> String>,
    /// What the user comes back with, instead of a code.
    error: Option<&'static str>,
    iss: Option<&'static str>,
    /// Changes the claims of the ID token.
    id_token: Option<fn(&mut Value)>,
    /// Changes the members of the answer of the token endpoint.
    tokens: Option<fn(&mut Value)>,
    /// Refuses the token request.
    refused: Option<(&'static str, &'static str)>,
    refresh_refused: bool,
    stranger_signs: bool,
    date: Option<&'static str>,
    document: Option<fn(&mut Value)>,
}

struct Idp {
    issuer: String,
    key: TestKey,
    quirks: Quirks,
    nonce: Mutex<String>,
}

impl Idp {
    async fn start(quirks: Quirks) -> Arc<Self> {
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

fn answer(status: &str, fields: &str, body: &str) -> String {
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

fn value(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// What the check says of a provider, when a browser follows the URL that it prints.
async fn check(quirks: Quirks, change: impl FnOnce(&mut Plan)) -> (bool, String) {
    let idp = Idp::start(quirks).await;
    let config_url = format!("{}/.well-known/openid-configuration", idp.issuer);
    let grant = ProviderGrant {
        config_url: config_url.clone(),
        extra_jwks_hosts: Vec::new(),
    };
    let http = crate::keys::http_client().unwrap();
    let keys = Keys::new(
        vec![grant],
        KeysConfig::default(),
        http.clone(),
        Clock::system(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut plan = Plan {
        config_url,
        client_id: CLIENT.to_owned(),
        client_secret: Secret::new(SECRET),
        redirect_uri: format!("http://127.0.0.1:{port}/auth/callback"),
        redirect_uri_of_server: Some("https://h.example/auth/callback".to_owned()),
        scopes: None,
        required_scopes: None,
        prompt: None,
        resource: None,
        endpoint_url: "https://h.example/mcp".to_owned(),
        mode: AuthMode::OidcProxy,
        allowed_by: Vec::new(),
    };
    change(&mut plan);
    let login = Login {
        plan,
        keys: Arc::new(keys.ok().unwrap()),
        http,
        policy: None,
        wait: Duration::from_secs(5),
    };
    let lines = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&lines);
    let mut report = Report::new(move |line| {
        if let Some(url) = line.strip_prefix("sign in at ") {
            let browser = reqwest::Client::builder().no_proxy().build().unwrap();
            let page = browser.get(url.to_owned()).send();
            tokio::spawn(async move { drop(page.await) });
        }
        let mut kept = kept.lock().unwrap();
        kept.push_str(line);
        kept.push('\n');
    });
    login.run(listener, &mut report).await;
    let works = report.conclude();
    let lines = lines.lock().unwrap().clone();
    assert!(!lines.contains("5ecre7"), "a secret is shown:\n{lines}");
    (works, lines)
}

#[tokio::test]
async fn a_provider_that_does_everything_right() {
    let (works, lines) = check(Quirks::default(), |plan| {
        plan.allowed_by = vec![("OIDC_ALLOWED_EMAILS", "email")];
    })
    .await;
    assert!(works, "{lines}");
    for expected in [
        "ok: discovery: issuer http://127.0.0.1:",
        "ok: the provider lets users sign in and sends them to https://h.example/auth/callback",
        "ok: the code was exchanged for tokens",
        "ok: the ID token is in order; it tells aud, exp, iat, iss, nonce, sub",
        "note: the access token is opaque",
        "ok: userinfo answers",
        "ok: refreshing works, and the refresh token stays the same",
        "signing in works",
    ] {
        assert!(lines.contains(expected), "{expected}\n{lines}");
    }
    assert!(!lines.contains("problem"), "{lines}");
}

#[tokio::test]
async fn each_fault_is_told_with_its_remedy() {
    let page = |_: &Url| {
        let page = "<h1>oops</h1><p>redirect_uri did not match any of the client's</p>";
        answer("400 Bad Request", "content-type: text/html\r\n", page)
    };
    let only_loopback = |url: &Url| {
        let own = value(url, "redirect_uri").unwrap().starts_with("https:");
        if own {
            answer("400 Bad Request", "", "invalid redirect_uri")
        } else {
            String::new()
        }
    };
    let back = |url: &Url| {
        let target = format!(
            "{}?error=invalid_scope",
            value(url, "redirect_uri").unwrap()
        );
        answer("303 See Other", &format!("location: {target}\r\n"), "")
    };
    let default = Quirks::default;
    for (quirks, problem, hint) in [
        (
            Quirks {
                authorization: Some(page),
                ..default()
            },
            "(status 400): oops redirect_uri did not match",
            "register the redirect URI `http://127.0.0.1:",
        ),
        (
            Quirks {
                authorization: Some(only_loopback),
                ..default()
            },
            "error page for https://h.example/auth/callback",
            "register the redirect URI `https://h.example/auth/callback`",
        ),
        (
            Quirks {
                authorization: Some(back),
                ..default()
            },
            "refuses the request: invalid_scope",
            "let the client have the scopes",
        ),
        (
            Quirks {
                error: Some("access_denied"),
                ..default()
            },
            "the provider refused: access_denied",
            "let this user use the client",
        ),
        (
            Quirks {
                iss: Some("https://evil.example"),
                ..default()
            },
            "from another issuer: `https://evil.example`",
            "RFC 9207",
        ),
        (
            Quirks {
                refused: Some(("401 Unauthorized", "invalid_client")),
                ..default()
            },
            "exchanging the code was refused (status 401): invalid_client: because",
            "check `OIDC_CLIENT_SECRET`",
        ),
        (
            Quirks {
                refused: Some(("400 Bad Request", "unauthorized_client")),
                ..default()
            },
            "unauthorized_client",
            "let the client have the grants",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["nonce"] = json!("x")),
                ..default()
            },
            "`nonce` is not that of the request",
            "repeat `nonce`",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["aud"] = json!("other")),
                ..default()
            },
            "`aud` does not name this client",
            "`OIDC_CLIENT_ID`",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["aud"] = json!([CLIENT, "other"])),
                ..default()
            },
            "`azp` does not name",
            "several audiences",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["iss"] = json!("https://x")),
                ..default()
            },
            "`iss` is not the issuer",
            "byte for byte",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["iat"] = json!(now() + 100)),
                ..default()
            },
            "s in the future",
            "NTP",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["exp"] = json!(now() - 100)),
                ..default()
            },
            "it ended 100 s ago",
            "NTP",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["exp"] = json!("soon")),
                ..default()
            },
            "`exp` is not a whole number",
            "when the token ends",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["at_hash"] = json!("AAAA")),
                ..default()
            },
            "`at_hash` does not fit the access token",
            "must hash the access token",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["sub"] = json!("bob")),
                ..default()
            },
            "userinfo is about somebody else",
            "one `sub` for a user",
        ),
        (
            Quirks {
                stranger_signs: true,
                ..default()
            },
            "the ID token: invalid signature",
            "have the provider sign ID tokens",
        ),
        (
            Quirks {
                tokens: Some(|tokens| drop(tokens.as_object_mut().unwrap().remove("id_token"))),
                ..default()
            },
            "no ID token",
            "`openid`",
        ),
        (
            Quirks {
                tokens: Some(|tokens| {
                    drop(tokens.as_object_mut().unwrap().remove("refresh_token"))
                }),
                ..default()
            },
            "gave no refresh token",
            "`offline_access`",
        ),
        (
            Quirks {
                refresh_refused: true,
                ..default()
            },
            "refreshing was refused (status 400): invalid_grant",
            "start the check again",
        ),
        (
            Quirks {
                date: Some("Tue, 01 Jan 2030 00:00:00 GMT"),
                ..default()
            },
            "the clock of the provider differs",
            "NTP",
        ),
        (
            Quirks {
                document: Some(|document| {
                    document["token_endpoint"] = json!("http://idp.example/token")
                }),
                ..default()
            },
            "no usable `token_endpoint`",
            "authorization code flow",
        ),
        (
            Quirks {
                document: Some(|document| document["issuer"] = json!("https://evil.example")),
                ..default()
            },
            "problem: discovery:",
            "`OIDC_CONFIG_URL`",
        ),
    ] {
        let (works, lines) = check(quirks, |_| ()).await;
        assert!(!works, "{problem}\n{lines}");
        assert!(lines.contains(problem), "{problem}\n{lines}");
        assert!(lines.contains(hint), "{hint}\n{lines}");
        // The seconds of a clock go on between two steps.
        let told_twice = hint == "NTP";
        let problems = lines.matches("problem: ").count();
        assert!(problems == 1 || told_twice, "{problem}\n{lines}");
    }
}

#[tokio::test]
async fn lists_of_users_need_claims() {
    for (setting, claim) in [
        ("OIDC_ALLOWED_GROUPS", "groups"),
        ("OIDC_ALLOWED_EMAILS", "phone"),
    ] {
        let (works, lines) = check(Quirks::default(), |plan| {
            plan.allowed_by = vec![(setting, claim)]
        })
        .await;
        assert!(!works, "{lines}");
        let problem = format!("`{setting}` lets nobody in: the provider tells no `{claim}`");
        assert!(lines.contains(&problem), "{lines}");
    }
}

#[tokio::test]
async fn a_resource_that_the_provider_does_not_know() {
    let unknown = |url: &Url| match value(url, "resource") {
        Some(_) => {
            let target = format!(
                "{}?error=invalid_target",
                value(url, "redirect_uri").unwrap()
            );
            answer("303 See Other", &format!("location: {target}\r\n"), "")
        }
        None => String::new(),
    };
    let quirks = Quirks {
        authorization: Some(unknown),
        ..Quirks::default()
    };
    let (works, lines) = check(quirks, |plan| {
        plan.resource = Some("https://h.example/mcp".to_owned());
        plan.redirect_uri_of_server = None;
    })
    .await;
    assert!(!works);
    assert!(
        lines.contains("knows no resource `https://h.example/mcp`"),
        "{lines}"
    );
    assert!(
        lines.contains("ok: refreshing works"),
        "it goes on without:\n{lines}"
    );
}

#[tokio::test]
async fn nobody_comes_back() {
    let idle = Duration::from_millis(50);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert!(super::callback::wait(listener, idle).await.is_none());
}
