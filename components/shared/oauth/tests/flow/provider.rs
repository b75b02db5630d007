//! A provider that signs users in, to the letter of its specification, and can be told to fail.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use policy::http::{Client, Destination, Error, Request, Response};
use policy::keys::{Failure, ProviderMetadata, Unavailable, VerifiedJws, Verifier};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{query, urldecoded};
use crate::world::NOW;

pub const ISSUER: &str = "https://idp.example";
pub const CONFIG_URL: &str = "https://idp.example/.well-known/openid-configuration";
pub const CLIENT_ID: &str = "our client";
pub const CLIENT_SECRET: &str = "our:secret/at+the=provider%";

#[derive(Default)]
pub struct Provider {
    pub script: Mutex<Script>,
    pub token_requests: AtomicU32,
    pub userinfo_requests: AtomicU32,
    pub revoked: Mutex<Vec<String>>,
    /// What is at public URLs.
    pub documents: Mutex<BTreeMap<String, Value>>,
    codes: Mutex<BTreeMap<String, Value>>,
    refresh_tokens: Mutex<BTreeMap<String, Value>>,
    serial: AtomicU32,
}

/// How it behaves.
#[derive(Clone)]
pub struct Script {
    /// Changes to its document; `"(absent)"` removes a member.
    pub document: Value,
    /// Changes to the next ID tokens; likewise.
    pub id_token: Value,
    pub id_token_header: Value,
    pub sends_id_token: bool,
    pub gives_refresh_token: bool,
    pub rotates: bool,
    /// `iss` of the answer to a sign-in.
    pub iss: Option<String>,
    /// What the token endpoint answers instead.
    pub token: Option<Result<Response, Error>>,
    pub token_delay: Duration,
    /// Where it accepts our secret.
    pub accepts_basic: bool,
    pub accepts_post: bool,
    /// Claims of an access token that is a JWT.
    pub access_token: Option<Value>,
    pub userinfo: Value,
    pub is_down: bool,
    pub keys_are_down: bool,
    /// Makes its tokens longer.
    pub padding: usize,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            document: json!({}),
            id_token: json!({}),
            id_token_header: json!({ "alg": "RS256", "kid": "1" }),
            sends_id_token: true,
            gives_refresh_token: true,
            rotates: true,
            iss: Some(ISSUER.to_owned()),
            token: None,
            token_delay: Duration::ZERO,
            accepts_basic: true,
            accepts_post: false,
            access_token: None,
            userinfo: json!({ "sub": "alice" }),
            is_down: false,
            keys_are_down: false,
            padding: 0,
        }
    }
}

pub fn change(object: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name] = value.clone();
        }
    }
}

impl Provider {
    pub fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    fn script(&self) -> Script {
        self.script.lock().unwrap().clone()
    }

    fn fresh(&self, kind: &str) -> String {
        let padding = "p".repeat(self.script().padding);
        format!("idp-{kind}-{}{padding}", self.serial.fetch_add(1, SeqCst))
    }

    /// A user signs in where the server has sent them, and comes back with this query.
    pub fn sign_in(&self, url: &str, subject: &str) -> String {
        let asked = query(url);
        let value = |name: &str| asked.get(name).cloned().unwrap_or_default();
        assert!(url.starts_with("https://idp.example/auth?"), "{url}");
        assert_eq!(value("response_type"), "code");
        assert_eq!(value("client_id"), CLIENT_ID);
        assert_eq!(value("code_challenge_method"), "S256");
        assert_eq!(
            value("redirect_uri"),
            "https://h.example/vault/auth/callback"
        );
        let code = self.fresh("code");
        let grant = json!({
            "sub": subject,
            "nonce": value("nonce"),
            "challenge": value("code_challenge"),
            "offline": value("scope").split(' ').any(|scope| scope == "offline_access")
                && value("prompt") == "consent",
        });
        self.codes.lock().unwrap().insert(code.clone(), grant);
        self.answer(&value("state"), &[("code", &code)])
    }

    /// The answer to a sign-in as a query.
    pub fn answer(&self, state: &str, parameters: &[(&str, &str)]) -> String {
        let mut all = parameters.to_vec();
        all.push(("state", state));
        let iss = self.script().iss;
        if let Some(iss) = &iss {
            all.push(("iss", iss));
        }
        oauth::form::encode(&all)
    }

    fn token(&self, body: &BTreeMap<String, String>) -> Response {
        let script = self.script();
        let (grant, is_refresh) = match body["grant_type"].as_str() {
            "authorization_code" => {
                // A code works once.
                let grant = self.codes.lock().unwrap().remove(&body["code"]);
                let verifier = &body["code_verifier"];
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
                let good = grant.filter(|grant| grant["challenge"] == challenge);
                (good, false)
            }
            "refresh_token" => {
                let mut tokens = self.refresh_tokens.lock().unwrap();
                let token = &body["refresh_token"];
                let grant = tokens.get(token).cloned();
                if script.rotates {
                    tokens.remove(token);
                }
                (grant, true)
            }
            other => panic!("{other}"),
        };
        let Some(grant) = grant else {
            return respond(
                400,
                json!({ "error": "invalid_grant", "error_description": "<b>secret</b>" }),
            );
        };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let access_token = match &script.access_token {
            None => self.fresh("at"),
            Some(claims) => {
                let header = json!({ "alg": "RS256", "typ": "at+jwt" });
                format!("{}.{}.c2lnbmF0dXJl", part(&header), part(claims))
            }
        };
        let mut answer =
            json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 5 });
        let offers = script.gives_refresh_token && grant["offline"] == true;
        if offers && (script.rotates || !is_refresh) {
            let token = self.fresh("rt");
            self.refresh_tokens
                .lock()
                .unwrap()
                .insert(token.clone(), grant.clone());
            answer["refresh_token"] = token.into();
        }
        if script.sends_id_token {
            let mut claims = json!({
                "iss": ISSUER, "sub": grant["sub"], "aud": CLIENT_ID, "exp": NOW + 100_000_000, "iat": NOW,
                "at_hash": URL_SAFE_NO_PAD.encode(&Sha256::digest(&access_token)[..16]),
                "email": "alice@example.com", "email_verified": true, "name": "Alice",
            });
            if !is_refresh {
                claims["nonce"] = grant["nonce"].clone();
            }
            change(&mut claims, &script.id_token);
            let token = format!(
                "{}.{}.c2lnbmF0dXJl",
                part(&script.id_token_header),
                part(&claims)
            );
            answer["id_token"] = token.into();
        }
        respond(200, answer)
    }
}

fn respond(status: u16, body: Value) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

impl Client for Provider {
    fn send(&self, to: Destination, request: &Request) -> Result<Response, Error> {
        if to == Destination::Public {
            let documents = self.documents.lock().unwrap();
            let document = documents.get(&request.url).ok_or(Error::Timeout)?;
            return Ok(Response {
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                ..respond(200, document.clone())
            });
        }
        let script = self.script();
        if request.url == "https://idp.example/userinfo" {
            self.userinfo_requests.fetch_add(1, SeqCst);
            assert!(
                request
                    .headers
                    .iter()
                    .any(|(_, value)| value.starts_with("Bearer idp-at-"))
            );
            return Ok(respond(200, script.userinfo));
        }
        let body = query(&format!("?{}", std::str::from_utf8(&request.body).unwrap()));
        let (id, secret, is_accepted) = match request
            .headers
            .iter()
            .find(|(name, _)| name == "authorization")
        {
            Some((_, basic)) => {
                let pair = STANDARD.decode(basic.strip_prefix("Basic ").unwrap());
                let pair = String::from_utf8(pair.unwrap()).unwrap();
                let (id, secret) = pair.split_once(':').unwrap();
                assert!(!body.contains_key("client_secret"), "once is enough");
                (urldecoded(id), urldecoded(secret), script.accepts_basic)
            }
            None => (
                body["client_id"].clone(),
                body["client_secret"].clone(),
                script.accepts_post,
            ),
        };
        assert_eq!((id.as_str(), secret.as_str()), (CLIENT_ID, CLIENT_SECRET));
        if !is_accepted {
            return Ok(respond(401, json!({ "error": "invalid_client" })));
        }
        if request.url == "https://idp.example/revoke" {
            self.revoked.lock().unwrap().push(body["token"].clone());
            return Ok(respond(200, json!({})));
        }
        assert_eq!(request.url, "https://idp.example/token");
        self.token_requests.fetch_add(1, SeqCst);
        std::thread::sleep(script.token_delay);
        script.token.unwrap_or_else(|| Ok(self.token(&body)))
    }
}

impl Verifier for Provider {
    fn provider(&self, config_url: &str) -> Result<ProviderMetadata, Failure> {
        assert_eq!(config_url, CONFIG_URL);
        let script = self.script();
        if script.is_down {
            return Err(Failure::Unavailable(Unavailable {
                reason: "connect\r\nrefused".to_owned(),
                retry_after_seconds: 7,
            }));
        }
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://idp.example/auth",
            "token_endpoint": "https://idp.example/token",
            "userinfo_endpoint": "https://idp.example/userinfo",
            "revocation_endpoint": "https://idp.example/revoke",
            "authorization_response_iss_parameter_supported": true,
            "scopes_supported": ["openid", "offline_access", "email", "groups"],
        });
        change(&mut document, &script.document);
        Ok(ProviderMetadata {
            issuer: document["issuer"].as_str().unwrap().to_owned(),
            document: document.to_string(),
        })
    }

    fn verify(
        &self,
        issuer: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        let script = self.script();
        if script.keys_are_down {
            return Err(Failure::Unavailable(Unavailable {
                reason: "no keys".to_owned(),
                retry_after_seconds: 7,
            }));
        }
        let parts: Vec<String> = jws
            .split('.')
            .map(|part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        if parts[2] != "signature" || issuer != script.document["issuer"].as_str().unwrap_or(ISSUER)
        {
            return Err(Failure::SignatureInvalid);
        }
        let header: Value = serde_json::from_str(&parts[0]).unwrap();
        let algorithm = header["alg"].as_str().unwrap_or_default();
        if !algorithms.iter().any(|name| name == algorithm) {
            return Err(Failure::AlgorithmRefused(algorithm.to_owned()));
        }
        Ok(VerifiedJws {
            header: parts[0].clone(),
            payload: parts[1].clone(),
        })
    }

    /// The keys of proofs of possession: the fake signature is good.
    fn verify_with(&self, _: &str, jws: &str, _: &[String]) -> Result<VerifiedJws, Failure> {
        let parts: Vec<String> = jws
            .split('.')
            .map(|part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        if parts[2] != "signature" {
            return Err(Failure::SignatureInvalid);
        }
        Ok(VerifiedJws {
            header: parts[0].clone(),
            payload: parts[1].clone(),
        })
    }
}
