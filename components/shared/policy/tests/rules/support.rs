//! A deployment, a provider and a caller, none of which does any IO.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::Remote;
use policy::keys::{Failure, Introspector, ProviderMetadata, Unavailable, VerifiedJws, Verifier};
use policy::settings::Settings;
use policy::state::{Entry, Expect, Outcome, State, StateError};
use policy::types::{Denial, HttpRequest, HttpResponse, Identity, RequestHead};
use serde_json::{Value, json};

pub const NOW: u64 = 1_800_000_000;
pub const ISSUER: &str = "https://idp.example/realms/main";
pub const CONFIG_URL: &str = "https://idp.example/realms/main/.well-known/openid-configuration";
pub const RESOURCE: &str = "https://h.example/vault/mcp";
pub const STATIC_TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// The shape of a JWS. What is in it comes from the fake verifier.
pub const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";

/// Settings as the host would hand them out.
#[derive(Clone, Debug, Default)]
pub struct Deployment(BTreeMap<String, String>);

impl Deployment {
    /// Everything that `auth-remote` needs, and one scope of each kind.
    pub fn remote() -> Self {
        Self::default()
            .with("BASE_URL", "https://h.example/vault")
            .with("OIDC_CONFIG_URL", CONFIG_URL)
            .with("OIDC_REQUIRED_SCOPES", "image:use")
            .with("OIDC_READ_SCOPES", "image:read")
            .with("OIDC_WRITE_SCOPES", "image:write")
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    pub fn policy(&self) -> Remote {
        Remote::new(self)
    }
}

impl Settings for Deployment {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

/// A provider that has signed one token, and counts what it is asked.
pub struct FakeProvider {
    pub provider: Result<ProviderMetadata, Failure>,
    pub jws: Result<VerifiedJws, Failure>,
    pub verifications: Cell<u32>,
    /// What it says of any token that it is asked about.
    pub introspection: Result<String, Failure>,
    pub introspections: Cell<u32>,
    pub state: FakeState,
}

impl FakeProvider {
    pub fn signing(header: &str, payload: &str) -> Self {
        let document =
            json!({ "issuer": ISSUER, "authorization_endpoint": "https://idp.example/authorize" });
        Self {
            provider: Ok(ProviderMetadata {
                issuer: ISSUER.to_owned(),
                document: document.to_string(),
            }),
            jws: Ok(VerifiedJws {
                header: header.to_owned(),
                payload: payload.to_owned(),
            }),
            verifications: Cell::new(0),
            introspection: Err(Failure::NotGranted("introspection".to_owned())),
            introspections: Cell::new(0),
            state: FakeState::default(),
        }
    }

    /// A provider that says this of an opaque token.
    pub fn saying(answer: &str) -> Self {
        Self {
            introspection: Ok(answer.to_owned()),
            ..Self::signing("{}", "{}")
        }
    }

    pub fn refusing(failure: Failure) -> Self {
        Self {
            jws: Err(failure),
            ..Self::signing("{}", "{}")
        }
    }

    pub fn down() -> Self {
        let failure = Failure::Unavailable(Unavailable {
            reason: "connect\r\nrefused".to_owned(),
            retry_after_seconds: 7,
        });
        Self {
            provider: Err(failure.clone()),
            introspection: Err(failure.clone()),
            ..Self::refusing(failure)
        }
    }
}

impl Verifier for FakeProvider {
    fn provider(&self, config_url: &str) -> Result<ProviderMetadata, Failure> {
        assert_eq!(config_url, CONFIG_URL);
        self.provider.clone()
    }

    fn verify(
        &self,
        issuer: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        self.verifications.set(self.verifications.get() + 1);
        assert_eq!(
            issuer, ISSUER,
            "keys are asked of the provider's issuer only"
        );
        assert!(!jws.is_empty() && !algorithms.is_empty());
        self.jws.clone()
    }

    /// Takes the text `signed` for a good signature, by whichever one key the set has.
    fn verify_with(
        &self,
        key_set: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        self.verifications.set(self.verifications.get() + 1);
        let set: Value = serde_json::from_str(key_set).unwrap();
        assert_eq!(set["keys"].as_array().unwrap().len(), 1);
        assert!(algorithms.iter().all(|name| !name.starts_with("HS")));
        let segments: Vec<&str> = jws.split('.').collect();
        let text = |segment: &str| -> Result<String, Failure> {
            let bytes = URL_SAFE_NO_PAD.decode(segment).ok();
            bytes
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or(Failure::Malformed("segment".to_owned()))
        };
        if text(segments[2])? != "signed" {
            return Err(Failure::SignatureInvalid);
        }
        Ok(VerifiedJws {
            header: text(segments[0])?,
            payload: text(segments[1])?,
        })
    }
}

impl Introspector for FakeProvider {
    fn introspect(&self, config_url: &str, token: &str) -> Result<String, Failure> {
        self.introspections.set(self.introspections.get() + 1);
        assert_eq!(config_url, CONFIG_URL);
        assert!(!token.is_empty());
        self.introspection.clone()
    }
}

impl State for FakeProvider {
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError> {
        self.state.value(key)
    }

    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError> {
        self.state.put(key, value, expected, ttl_seconds)
    }

    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StateError> {
        self.state.delete(key, expected)
    }
}

/// Keys that were written and for how long; nothing expires.
#[derive(Default)]
pub struct FakeState {
    pub written: RefCell<BTreeMap<String, u32>>,
    pub down: bool,
}

impl State for FakeState {
    fn value(&self, _: &str) -> Result<Option<Entry>, StateError> {
        panic!("a proof is spent by writing only")
    }

    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError> {
        if self.down {
            return Err(StateError("disk\r\nfull".to_owned()));
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-:/".contains(&b);
        assert!(key.len() <= 200 && key.bytes().all(allowed), "{key}");
        assert!(value.len() <= 64 * 1024);
        assert_eq!(expected, Expect::Absent);
        let before = self
            .written
            .borrow_mut()
            .insert(key.to_owned(), ttl_seconds);
        Ok(before.map_or(Outcome::Done(1), |_| Outcome::Conflict))
    }

    fn delete(&self, _: &str, _: Expect) -> Result<Outcome, StateError> {
        panic!("a proof stays spent")
    }
}

/// A compact JWS of these parts that the fake provider takes for signed.
pub fn signed(header: &Value, payload: &Value) -> String {
    signed_text(&header.to_string(), &payload.to_string())
}

/// Likewise, with header and payload as they are written.
pub fn signed_text(header: &str, payload: &str) -> String {
    let segment = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        segment(header),
        segment(payload),
        segment("signed")
    )
}

/// The header of an access token (RFC 9068).
pub fn at_jwt() -> Value {
    json!({ "alg": "RS256", "typ": "at+jwt", "kid": "1" })
}

/// Claims that every rule accepts, with the scopes to use and to read.
pub fn valid_claims() -> Value {
    json!({
        "iss": ISSUER,
        "sub": "alice",
        "aud": RESOURCE,
        "client_id": "inspector",
        "exp": NOW + 300,
        "iat": NOW - 10,
        "scope": "image:use image:read",
    })
}

/// `valid_claims` with some replaced, and those left out that are replaced with `"(absent)"`.
pub fn claims_but(changes: Value) -> Value {
    let mut claims = valid_claims();
    for (name, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// A request with these header fields.
pub fn request(fields: &[(&str, &str)]) -> RequestHead {
    RequestHead {
        method: "POST".to_owned(),
        scheme: "https".to_owned(),
        authority: "h.example".to_owned(),
        path_with_query: "/vault/mcp".to_owned(),
        headers: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        client_address: Some("192.0.2.1".to_owned()),
        now: NOW,
    }
}

/// A request with one bearer token.
pub fn bearing(token: &str) -> RequestHead {
    request(&[("authorization", &format!("Bearer {token}"))])
}

/// Presents a token with this header and these claims, signed by the provider.
pub fn present(
    deployment: &Deployment,
    header: &Value,
    claims: &Value,
) -> Result<Identity, Denial> {
    present_text(deployment, &header.to_string(), &claims.to_string())
}

/// Likewise, with header and payload as they are written.
pub fn present_text(
    deployment: &Deployment,
    header: &str,
    payload: &str,
) -> Result<Identity, Denial> {
    deployment
        .policy()
        .authenticate(&bearing(TOKEN), &FakeProvider::signing(header, payload))
}

/// Asks for a document.
pub fn get(deployment: &Deployment, path: &str, provider: &FakeProvider) -> Option<HttpResponse> {
    ask(deployment, "GET", path, provider)
}

pub fn ask(
    deployment: &Deployment,
    method: &str,
    path: &str,
    provider: &FakeProvider,
) -> Option<HttpResponse> {
    let head = RequestHead {
        method: method.to_owned(),
        path_with_query: path.to_owned(),
        ..request(&[])
    };
    deployment.policy().serve(
        &HttpRequest {
            head,
            body: Vec::new(),
        },
        provider,
    )
}

/// The value of a header field of an answer.
pub fn field<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response
        .headers
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

/// Asserts a refusal with this status and this code at the start of its reason, and that it says
/// nothing of the token.
pub fn assert_refused(what: &str, result: Result<Identity, Denial>, status: u16, reason: &str) {
    let denial = result.expect_err(what);
    assert_eq!(denial.status, status, "{what}: {denial:?}");
    assert!(
        denial.reason.starts_with(reason),
        "{what}: expected {reason}, got {}",
        denial.reason
    );
    assert!(
        !denial.reason.chars().any(char::is_control),
        "{what}: {:?}",
        denial.reason
    );
    assert!(!format!("{denial:?}").contains(TOKEN), "{what}");
}
