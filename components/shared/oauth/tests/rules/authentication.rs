//! How clients prove who they are, and what proves nothing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oauth::answer::OAuthError;
use oauth::client::{Client, Occasion};
use oauth::client_authentication::authenticate;
use oauth::form::{Parameters, encode};
use policy::http::Error;
use policy::keys::{Failure, Unavailable, VerifiedJws};
use serde_json::{Value, json};

use crate::support::NOW;
use crate::world::{World, clients, post};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SECRET: &str = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t";
const DOCUMENT: &str = "https://chatgpt.com/oauth/a1b2/client.json";
const KEYS_URL: &str = "https://chatgpt.com/oauth/jwks.json";
const ISSUER: &str = "https://h.example/vault";

/// A public and a secret client, and one that is described by a document and signs.
struct Deployment {
    world: World,
    clients: oauth::client::Clients,
}

impl Deployment {
    fn new() -> Self {
        Self::with_methods(&["private_key_jwt"])
    }

    fn with_methods(methods: &[&str]) -> Self {
        let file = format!(
            "[[clients]]\nid = \"public\"\nredirect_uris = [\"http://127.0.0.1/cb\"]\n\
             [[clients]]\nid = \"web: app\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"https://h.example/cb\"]\n"
        );
        let world = World::new();
        let document = json!({
            "client_id": DOCUMENT,
            "redirect_uris": ["https://chatgpt.com/connector/oauth/a1b2"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": methods,
            "jwks_uri": KEYS_URL,
        });
        world.serve(DOCUMENT, &[], document);
        world.serve(KEYS_URL, &[], key_set("1"));
        let clients = clients(&[("OIDC_CLIENTS", &file)]);
        clients
            .resolve(DOCUMENT, Occasion::Authorization, &world.services())
            .unwrap();
        Self { world, clients }
    }

    fn authenticate(
        &self,
        headers: &[(&str, &str)],
        parameters: &[(&str, &str)],
    ) -> Result<Client, OAuthError> {
        let request = post(&[&[FORM], headers].concat(), &encode(parameters));
        let parameters = Parameters::of_body(&request).unwrap();
        authenticate(&self.clients, &request, &parameters, &self.world.services())
    }

    /// Presents an assertion whose signature is good.
    fn assert(&self, header: &Value, claims: &Value) -> Result<Client, OAuthError> {
        let jws = VerifiedJws {
            header: header.to_string(),
            payload: claims.to_string(),
        };
        self.signs(&key_set("1"), Ok(jws));
        let assertion = assertion(claims);
        self.authenticate(
            &[],
            &[
                ("client_id", DOCUMENT),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", &assertion),
            ],
        )
    }

    fn signs(&self, key_set: &Value, answer: Result<VerifiedJws, Failure>) {
        let mut signatures = self.world.signatures.borrow_mut();
        signatures.insert(key_set.to_string(), answer);
    }
}

fn key_set(kid: &str) -> Value {
    json!({ "keys": [{ "kty": "RSA", "kid": kid, "n": "n", "e": "AQAB" }] })
}

fn assertion(claims: &Value) -> String {
    let segment = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.c2ln",
        segment(r#"{"alg":"RS256"}"#.to_owned()),
        segment(claims.to_string())
    )
}

fn claims(jti: &str) -> Value {
    json!({ "iss": DOCUMENT, "sub": DOCUMENT, "aud": ISSUER, "exp": NOW + 300, "iat": NOW, "jti": jti })
}

fn but(mut object: Value, name: &str, value: Value) -> Value {
    if value == json!("(absent)") {
        object.as_object_mut().unwrap().remove(name);
    } else {
        object[name] = value;
    }
    object
}

fn basic(id: &str, secret: &str) -> String {
    let (id, secret) = (encode(&[("", id)]), encode(&[("", secret)]));
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", &id[1..], &secret[1..]))
    )
}

fn code(result: Result<Client, OAuthError>) -> (u16, &'static str) {
    result.map_or_else(|error| (error.status, error.code), |_| (200, ""))
}

const GOOD: (u16, &str) = (200, "");
const INVALID_CLIENT: (u16, &str) = (401, "invalid_client");
const INVALID_REQUEST: (u16, &str) = (400, "invalid_request");

#[test]
fn a_public_client_says_who_it_is() {
    let deployment = Deployment::new();
    let empty = basic("public", "");
    let secret = basic("public", SECRET);
    for (headers, parameters, expected) in [
        (vec![], vec![("client_id", "public")], GOOD),
        (
            vec![],
            vec![("client_id", "public"), ("client_secret", "")],
            GOOD,
        ),
        (vec![("authorization", empty.as_str())], vec![], GOOD),
        (
            vec![("authorization", empty.as_str())],
            vec![("client_id", "public")],
            GOOD,
        ),
        (vec![], vec![("client_id", "unknown")], INVALID_CLIENT),
        (vec![], vec![], INVALID_REQUEST),
        (
            vec![],
            vec![("client_id", "public"), ("client_secret", SECRET)],
            INVALID_CLIENT,
        ),
        (
            vec![("authorization", secret.as_str())],
            vec![],
            INVALID_CLIENT,
        ),
        (
            vec![("authorization", empty.as_str())],
            vec![("client_id", "other")],
            INVALID_REQUEST,
        ),
    ] {
        let got = code(deployment.authenticate(&headers, &parameters));
        assert_eq!(got, expected, "{headers:?} {parameters:?}");
    }
}

#[test]
fn a_client_with_a_secret_has_to_know_it() {
    let deployment = Deployment::new();
    let id = ("client_id", "web: app");
    let (right, wrong) = (basic("web: app", SECRET), basic("web: app", &SECRET[1..]));
    for (headers, parameters, expected) in [
        (vec![], vec![id, ("client_secret", SECRET)], GOOD),
        (vec![("Authorization", right.as_str())], vec![], GOOD),
        (vec![("authorization", right.as_str())], vec![id], GOOD),
        (vec![], vec![id], INVALID_CLIENT),
        (vec![], vec![id, ("client_secret", "")], INVALID_CLIENT),
        (
            vec![],
            vec![id, ("client_secret", &SECRET[1..])],
            INVALID_CLIENT,
        ),
        (
            vec![("authorization", wrong.as_str())],
            vec![],
            INVALID_CLIENT,
        ),
        (
            vec![("authorization", right.as_str())],
            vec![id, ("client_secret", SECRET)],
            INVALID_REQUEST,
        ),
        (
            vec![("authorization", right.as_str()); 2],
            vec![],
            INVALID_REQUEST,
        ),
        (
            vec![("authorization", "Bearer x")],
            vec![id, ("client_secret", SECRET)],
            INVALID_REQUEST,
        ),
        (vec![("authorization", "Basic")], vec![id], INVALID_REQUEST),
        (
            vec![("authorization", "Basic !!!")],
            vec![id],
            INVALID_REQUEST,
        ),
        (
            vec![("authorization", "Basic Og==")],
            vec![id],
            INVALID_REQUEST,
        ),
        (
            vec![("authorization", "Basic eA==")],
            vec![id],
            INVALID_REQUEST,
        ),
    ] {
        let got = code(deployment.authenticate(&headers, &parameters));
        assert_eq!(got, expected, "{headers:?} {parameters:?}");
    }
}

#[test]
fn a_refusal_says_nothing_but_that() {
    let deployment = Deployment::new();
    let basic = basic("web: app", "wrong-wrong-wrong-wrong");
    let with_header = deployment
        .authenticate(&[("authorization", &basic)], &[])
        .unwrap_err();
    let in_form = deployment
        .authenticate(&[], &[("client_id", "unknown")])
        .unwrap_err();
    assert_eq!(with_header.response().body, in_form.response().body);
    let challenge = (
        "www-authenticate".to_owned(),
        "Basic realm=\"oauth\"".to_owned(),
    );
    assert!(with_header.response().headers.contains(&challenge));
    assert!(!in_form.response().headers.contains(&challenge));
    assert!(!format!("{with_header:?}").contains("wrong-wrong"));
}

#[test]
fn a_signed_assertion_proves_a_client() {
    let deployment = Deployment::new();
    let header = json!({ "alg": "RS256", "kid": "1" });
    assert_eq!(
        deployment.assert(&header, &claims("1")).unwrap().id,
        DOCUMENT
    );
    // The request need not repeat who the assertion is about.
    let jws = VerifiedJws {
        header: header.to_string(),
        payload: claims("2").to_string(),
    };
    deployment.signs(&key_set("1"), Ok(jws));
    let assertion = assertion(&claims("2"));
    let parameters = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    assert_eq!(code(deployment.authenticate(&[], &parameters)), GOOD);
}

#[test]
fn an_assertion_that_is_not_for_this_server_now_proves_nothing() {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "1" });
    let token = format!("{ISSUER}/token");
    for (name, value, expected) in [
        ("aud", json!(token), GOOD),
        ("aud", json!([ISSUER]), GOOD),
        ("aud", json!([ISSUER, token]), GOOD),
        ("exp", json!(NOW - 29), GOOD),
        ("exp", json!(NOW + 330), GOOD),
        ("iat", json!(NOW + 30), GOOD),
        ("iat", json!("(absent)"), GOOD),
        ("aud", json!(format!("{ISSUER}/")), INVALID_CLIENT),
        ("aud", json!(format!("{ISSUER}/token/")), INVALID_CLIENT),
        ("aud", json!("https://h.example"), INVALID_CLIENT),
        (
            "aud",
            json!([ISSUER, "https://other.example"]),
            INVALID_CLIENT,
        ),
        ("aud", json!([]), INVALID_CLIENT),
        ("aud", json!([[ISSUER]]), INVALID_CLIENT),
        ("aud", json!("(absent)"), INVALID_CLIENT),
        ("iss", json!("https://chatgpt.com"), INVALID_CLIENT),
        ("iss", json!("(absent)"), INVALID_CLIENT),
        ("sub", json!("public"), INVALID_CLIENT),
        ("sub", json!("(absent)"), INVALID_CLIENT),
        ("exp", json!("(absent)"), INVALID_CLIENT),
        ("exp", json!(NOW - 30), INVALID_CLIENT),
        ("exp", json!(NOW + 331), INVALID_CLIENT),
        ("exp", json!(NOW as f64 + 60.5), INVALID_CLIENT),
        ("exp", json!((NOW + 60).to_string()), INVALID_CLIENT),
        ("exp", json!(-1), INVALID_CLIENT),
        ("exp", json!(u64::MAX), INVALID_CLIENT),
        ("iat", json!(NOW + 31), INVALID_CLIENT),
        ("nbf", json!(NOW + 31), INVALID_CLIENT),
        ("nbf", json!("soon"), INVALID_CLIENT),
        ("jti", json!("(absent)"), INVALID_CLIENT),
        ("jti", json!(""), INVALID_CLIENT),
        ("jti", json!(7), INVALID_CLIENT),
        ("jti", json!("x".repeat(256)), INVALID_CLIENT),
    ] {
        let deployment = Deployment::new();
        let claims = but(claims("1"), name, value.clone());
        assert_eq!(
            code(deployment.assert(&header, &claims)),
            expected,
            "{name} {value}"
        );
    }
}

#[test]
fn an_assertion_of_another_kind_proves_nothing() {
    for (header, expected) in [
        (
            json!({ "alg": "ES256", "typ": "client-authentication+jwt" }),
            GOOD,
        ),
        (json!({ "alg": "ES256", "typ": "application/JWT" }), GOOD),
        (json!({ "alg": "ES256", "typ": "at+jwt" }), INVALID_CLIENT),
        (json!({ "alg": "ES256", "typ": "dpop+jwt" }), INVALID_CLIENT),
        (json!({ "alg": "ES256", "typ": 7 }), INVALID_CLIENT),
        (json!({ "alg": "ES256", "crit": ["exp"] }), INVALID_CLIENT),
        (
            json!({ "alg": "ES256", "jku": "https://evil.example/jwks" }),
            GOOD,
        ),
    ] {
        let deployment = Deployment::new();
        assert_eq!(
            code(deployment.assert(&header, &claims("1"))),
            expected,
            "{header}"
        );
        let urls = deployment.world.requests.borrow();
        assert!(
            urls.iter()
                .all(|(_, request)| !request.url.contains("evil"))
        );
    }
}

#[test]
fn an_assertion_is_used_once() {
    let deployment = Deployment::new();
    let header = json!({ "alg": "RS256" });
    assert_eq!(code(deployment.assert(&header, &claims("1"))), GOOD);
    assert_eq!(
        code(deployment.assert(&header, &claims("1"))),
        INVALID_CLIENT
    );
    assert_eq!(code(deployment.assert(&header, &claims("2"))), GOOD);
    // It is remembered for longer than it is accepted.
    deployment.world.later(329);
    assert_eq!(
        code(deployment.assert(&header, &claims("1"))),
        INVALID_CLIENT
    );
    deployment.world.store_is_down.set(true);
    assert_eq!(code(deployment.assert(&header, &claims("3"))).0, 503);
}

#[test]
fn keys_that_cannot_be_had_are_not_the_fault_of_the_client() {
    for failure in [
        Failure::SignatureInvalid,
        Failure::AlgorithmRefused("none".to_owned()),
        Failure::Malformed("x".to_owned()),
    ] {
        let deployment = Deployment::new();
        deployment.signs(&key_set("1"), Err(failure));
        let text = assertion(&claims("1"));
        let parameters = [
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", text.as_str()),
        ];
        assert_eq!(
            code(deployment.authenticate(&[], &parameters)),
            INVALID_CLIENT
        );
    }
    let deployment = Deployment::new();
    let down = Unavailable {
        reason: "x\r\ny".to_owned(),
        retry_after_seconds: 5,
    };
    deployment.signs(&key_set("1"), Err(Failure::Unavailable(down)));
    let text = assertion(&claims("1"));
    let parameters = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", text.as_str()),
    ];
    assert_eq!(code(deployment.authenticate(&[], &parameters)).0, 503);
    deployment.world.later(3601);
    deployment.world.answer(KEYS_URL, Err(Error::Timeout));
    assert_eq!(code(deployment.authenticate(&[], &parameters)).0, 503);
}

#[test]
fn new_keys_of_a_client_are_found_and_a_flood_fetches_none() {
    let deployment = Deployment::new();
    let header = json!({ "alg": "RS256", "kid": "1" });
    assert_eq!(code(deployment.assert(&header, &claims("1"))), GOOD);
    let before = deployment.world.fetches();
    // The client has changed its keys.
    deployment.world.signatures.borrow_mut().clear();
    deployment.world.serve(KEYS_URL, &[], key_set("2"));
    let payload = claims("2").to_string();
    let jws = VerifiedJws {
        header: json!({ "alg": "RS256", "kid": "2" }).to_string(),
        payload,
    };
    deployment.signs(&key_set("2"), Ok(jws));
    let text = assertion(&claims("2"));
    let parameters = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", text.as_str()),
    ];
    for _ in 0..50 {
        assert_eq!(
            code(deployment.authenticate(&[], &parameters)),
            INVALID_CLIENT
        );
    }
    assert_eq!(
        deployment.world.fetches(),
        before,
        "they were fetched a moment ago"
    );
    deployment.world.later(60);
    assert_eq!(code(deployment.authenticate(&[], &parameters)), GOOD);
    assert_eq!(deployment.world.fetches(), before + 1);
}

#[test]
fn who_can_sign_has_to_unless_it_says_otherwise() {
    let id = ("client_id", DOCUMENT);
    let bare = |methods: &[&str], parameters: &[(&str, &str)]| {
        code(Deployment::with_methods(methods).authenticate(&[], parameters))
    };
    assert_eq!(bare(&["private_key_jwt"], &[id]), INVALID_CLIENT);
    assert_eq!(bare(&["none", "private_key_jwt"], &[id]), GOOD);
    assert_eq!(
        bare(&["none"], &[id, ("client_secret", SECRET)]),
        INVALID_CLIENT
    );
    let bad_type = [
        id,
        ("client_assertion_type", "urn:x"),
        ("client_assertion", "a.b.c"),
    ];
    assert_eq!(bare(&["none"], &bad_type), INVALID_REQUEST);
    assert_eq!(
        bare(&["none"], &[id, ("client_assertion", "a.b.c")]),
        INVALID_REQUEST
    );
    assert_eq!(
        bare(&["none"], &[id, ("client_assertion_type", ASSERTION_TYPE)]),
        INVALID_REQUEST
    );
    let garbage = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", "a.b.c"),
    ];
    assert_eq!(bare(&["none"], &garbage), INVALID_REQUEST);
    let long = "x".repeat(8 * 1024 + 1);
    let long = [
        id,
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", long.as_str()),
    ];
    assert_eq!(bare(&["none"], &long), INVALID_REQUEST);
    let both = [
        id,
        ("client_secret", SECRET),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", "a.b.c"),
    ];
    assert_eq!(bare(&["none"], &both), INVALID_REQUEST);
}

#[test]
fn an_assertion_about_somebody_else_proves_nothing() {
    let deployment = Deployment::new();
    let text = assertion(&claims("1"));
    let parameters = [
        ("client_id", "public"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", text.as_str()),
    ];
    assert_eq!(
        code(deployment.authenticate(&[], &parameters)),
        INVALID_CLIENT
    );
}
