//! What must hold when an artefact of ours opens, whatever is in it: another version of this server
//! may have sealed it, or somebody who once had a key. The fuzz target runs this; the test here
//! replays its seeds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth::Proxy;
use oauth::cookie::Cookie;
use oauth::form::encode;
use oauth::location::Location;
use oauth::seal::{KeyRing, Purpose};
use oauth::services::Services;
use policy::http::Response;
use policy::state::{Entry, Expect, Outcome, State, StateError};
use policy::types::{HttpRequest, HttpResponse, RequestHead};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::provider::ISSUER;
use crate::support::{BASE, Deployment, KEY, REDIRECT, RESOURCE};
use crate::world::{NOW, Store, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const BROWSER: &str = "browser-1";
const SID: &str = "sid-1";

/// What the artefact is on the first line, and what is in it behind that. `{client}` stands for the
/// id of a client that has registered itself, sealed things have the rest of what they need.
pub fn artefact(data: &[u8]) {
    if let Some(response) = answer(data) {
        assert_plausible(&response);
    }
}

/// What the server answers to who presents the artefact; `None` when there is no such kind.
fn answer(data: &[u8]) -> Option<HttpResponse> {
    let (kind, value) = std::str::from_utf8(data).ok()?.split_once('\n')?;
    let bench = Bench::new();
    let client = bench.client();
    let value = value.replace("{client}", &client);
    match kind {
        "client" => {
            let id = bench.ring.seal(Purpose::Client, &[BASE]);
            let id = id.seal(value.as_bytes(), bench.world.services().random);
            Some(bench.authorize(&id, &[]))
        }
        "browser" => {
            let cookie = bench.cookie("browser", Purpose::Browser, &value);
            Some(bench.authorize(&client, &[("cookie", &cookie)]))
        }
        "consent" => {
            let browser = bench.cookie("browser", Purpose::Browser, BROWSER);
            let consent = bench.cookie("consent", Purpose::Consent, &value);
            let cookies = format!("{browser}; {consent}");
            let fields = [("cookie", cookies.as_str()), ("sec-fetch-site", "none")];
            Some(bench.authorize(&client, &fields))
        }
        "form" => {
            let field = bench.seal(Purpose::Form, "", &value);
            let form = encode(&[("transaction", &field), ("decision", "approve")]);
            Some(bench.consent(&form))
        }
        "transaction" => {
            let state = bench.seal(Purpose::Transaction, "", &value);
            Some(bench.callback(&state))
        }
        "code" => {
            let code = bench.seal(Purpose::Code, &client, &value);
            let response = bench.token(&[
                ("grant_type", "authorization_code"),
                ("client_id", &client),
                ("code", &code),
                ("redirect_uri", REDIRECT),
                ("code_verifier", &verifier()),
            ]);
            if response.status == 200 {
                let code: Value = serde_json::from_str(&value).unwrap();
                assert!(code["h"]["x"].as_u64().unwrap() > NOW);
                assert_eq!(code["h"]["h"], challenge());
            }
            Some(response)
        }
        "refresh" => Some(bench.refresh(&client, &value)),
        // The record of a session in the store: replicas of two versions may share it.
        "record" => {
            let state: &dyn State = &bench.world.store;
            let key = format!("family/{SID}");
            let put = state.put(&key, value.as_bytes(), Expect::Absent, 600);
            assert!(put.is_ok());
            Some(bench.refresh(&client, &refresh_token().to_string()))
        }
        _ => None,
    }
}

fn assert_plausible(response: &HttpResponse) {
    let known = [200, 302, 303, 400, 401, 403, 404, 429, 500, 503];
    assert!(known.contains(&response.status), "{}", response.status);
    for (name, value) in &response.headers {
        assert!(!value.chars().any(char::is_control), "{name}: {value:?}");
        if name == "location" {
            assert!(value.bytes().all(|byte| byte.is_ascii_graphic()), "{value}");
            for scheme in ["javascript:", "data:", "file:", "/"] {
                assert!(!value.to_ascii_lowercase().starts_with(scheme), "{value}");
            }
        }
    }
}

fn verifier() -> String {
    "v".repeat(64)
}

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier()))
}

/// A refresh token as we write it.
fn refresh_token() -> Value {
    json!({ "n": 0, "x": NOW + 600, "g": {
        "p": ["image:use"],
        "s": { "i": SID, "s": "alice", "c": "{}", "a": NOW, "r": "idp-rt" },
    } })
}

/// A server whose provider renews every session.
struct Bench {
    proxy: Proxy,
    ring: KeyRing,
    world: World,
}

impl Bench {
    fn new() -> Self {
        let world = World::default();
        let tokens = json!({ "access_token": "idp-at-1", "refresh_token": "idp-rt-2" });
        world.provider.set(|script| {
            script.token = Some(Ok(Response {
                status: 200,
                headers: Vec::new(),
                body: tokens.to_string().into_bytes(),
            }));
        });
        let proxy = Proxy::new(&Deployment::new());
        assert_eq!(proxy.faults().map(ToString::to_string), None);
        let ring = KeyRing::parse(KEY).unwrap();
        Self { proxy, ring, world }
    }

    fn send(
        &self,
        (method, path): (&str, &str),
        fields: &[(&str, &str)],
        body: &str,
    ) -> HttpResponse {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let request = HttpRequest {
            head: RequestHead {
                method: method.to_owned(),
                scheme: "https".to_owned(),
                authority: "h.example".to_owned(),
                path_with_query: path.to_owned(),
                headers: fields.iter().map(owned).collect(),
                client_address: Some("192.0.2.1".to_owned()),
                now: NOW,
            },
            body: body.as_bytes().to_vec(),
        };
        let store = Refusing(&self.world.store);
        let services = Services {
            state: &store,
            ..self.world.services()
        };
        let response = self.proxy.serve(&request, &services, &self.world.log);
        response.expect("a path of this server")
    }

    fn client(&self) -> String {
        let client = json!({ "r": [REDIRECT], "n": "Inspector", "t": NOW });
        let seal = self.ring.seal(Purpose::Client, &[BASE]);
        seal.seal_json(&client, self.world.services().random)
    }

    fn seal(&self, purpose: Purpose, client_id: &str, value: &str) -> String {
        let seal = self.ring.seal(purpose, &[BASE, RESOURCE, client_id]);
        seal.seal(value.as_bytes(), self.world.services().random)
    }

    fn cookie(&self, kind: &'static str, purpose: Purpose, value: &str) -> String {
        let location = Location::parse(BASE, "/mcp", false).unwrap();
        let name = Cookie::new(kind, &location).name().to_owned();
        format!("{name}={}", self.seal(purpose, "", value))
    }

    fn authorize(&self, client_id: &str, fields: &[(&str, &str)]) -> HttpResponse {
        let query = encode(&[
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", REDIRECT),
            ("state", "s"),
            ("code_challenge", &challenge()),
            ("code_challenge_method", "S256"),
            ("scope", "image:use"),
        ]);
        self.send(("GET", &format!("/vault/authorize?{query}")), fields, "")
    }

    fn consent(&self, form: &str) -> HttpResponse {
        let browser = self.cookie("browser", Purpose::Browser, BROWSER);
        let fields = [
            FORM,
            ("cookie", &browser),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send(("POST", "/vault/consent"), &fields, form)
    }

    fn callback(&self, state: &str) -> HttpResponse {
        let browser = self.cookie("browser", Purpose::Browser, BROWSER);
        let query = encode(&[("state", state), ("code", "idp-code"), ("iss", ISSUER)]);
        let path = format!("/vault/auth/callback?{query}");
        self.send(("GET", &path), &[("cookie", &browser)], "")
    }

    fn token(&self, form: &[(&str, &str)]) -> HttpResponse {
        self.send(("POST", "/vault/token"), &[FORM], &encode(form))
    }

    fn refresh(&self, client_id: &str, value: &str) -> HttpResponse {
        let token = self.seal(Purpose::RefreshToken, client_id, value);
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("refresh_token", &token),
        ])
    }
}

/// The store of the host: a key that no key can be is refused there.
struct Refusing<'a>(&'a Store);

impl Refusing<'_> {
    fn check(key: &str) -> Result<(), StateError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-:/".contains(&b);
        if (1..=200).contains(&key.len()) && key.bytes().all(allowed) {
            Ok(())
        } else {
            Err(StateError("not a key".to_owned()))
        }
    }
}

impl State for Refusing<'_> {
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError> {
        Self::check(key)?;
        self.0.value(key)
    }

    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError> {
        Self::check(key)?;
        self.0.put(key, value, expected, ttl_seconds)
    }

    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StateError> {
        Self::check(key)?;
        self.0.delete(key, expected)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_seeds_of_the_fuzz_target_hold() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/artefact");
        let seeds: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
        assert!(seeds.len() >= 8, "a kind has lost its seed");
        for seed in seeds {
            let path = seed.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            artefact(&data);
            let response = answer(&data).unwrap();
            // A seed that is refused early exercises little.
            let is_bad = path.to_string_lossy().contains("bad");
            assert_eq!(
                response.status >= 400,
                is_bad,
                "{}: {}",
                path.display(),
                response.status
            );
        }
    }
}
