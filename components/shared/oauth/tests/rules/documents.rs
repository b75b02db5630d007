//! Clients that are described by documents, and those that are configured.

use oauth::client::{
    Authentication, ClientError, Clients, Consent, MAX_DOCUMENT_BYTES, Occasion, Origin,
    is_document_url,
};
use policy::http::{Destination, Error, Response};
use serde_json::{Value, json};

use crate::world::{World, clients, fields, read};

use Occasion::{Authorization, Token};

const URL: &str = "https://claude.ai/oauth/claude-code-client-metadata";
const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

fn claude_code() -> Value {
    json!({
        "client_id": URL,
        "client_name": "Claude Code",
        "client_uri": "https://claude.ai",
        "logo_uri": "http://169.254.169.254/logo.png",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

fn chatgpt() -> (&'static str, Value) {
    let url = "https://chatgpt.com/oauth/a1b2/client.json";
    let document = json!({
        "client_id": url,
        "client_name": "ChatGPT",
        "redirect_uris": ["https://chatgpt.com/connector/oauth/a1b2"],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "response_types": ["code", "code id_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg": "RS256",
        "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
        "something_new": {"x": 1},
    });
    (url, document)
}

fn but(mut document: Value, name: &str, value: Value) -> Value {
    document[name] = value;
    document
}

fn resolve(
    world: &World,
    id: &str,
    occasion: Occasion,
) -> Result<oauth::client::Client, ClientError> {
    clients(&[]).resolve(id, occasion, &world.services())
}

#[test]
fn the_document_of_claude_code_describes_it() {
    let world = World::new();
    world.serve(URL, &[], claude_code());
    let client = resolve(&world, URL, Authorization).unwrap();
    assert_eq!(client.name.as_deref(), Some("Claude Code"));
    assert_eq!(
        (client.origin, client.consent),
        (Origin::Document, Consent::Ask)
    );
    assert_eq!(client.authentication, Authentication::None);
    // RFC 8252: any port, also for `localhost`.
    for uri in [
        "http://localhost:3118/callback",
        "http://127.0.0.1:1/callback",
    ] {
        assert_eq!(client.redirect_uri(Some(uri)).unwrap().as_str(), uri);
    }
    assert!(
        client
            .redirect_uri(Some("http://localhost:3118/other"))
            .is_none()
    );
    assert!(client.redirect_uri(None).is_none(), "it has two");
    let requests = world.requests.borrow();
    let [(Destination::Public, request)] = requests.as_slice() else {
        panic!("one fetch")
    };
    assert_eq!(
        (request.method.as_str(), request.url.as_str()),
        ("GET", URL)
    );
    assert_eq!(request.max_response_bytes, MAX_DOCUMENT_BYTES);
}

#[test]
fn the_document_of_chatgpt_is_negotiated() {
    let world = World::new();
    let (url, document) = chatgpt();
    world.serve(url, &[], &document);
    let authentication = resolve(&world, url, Authorization).unwrap().authentication;
    assert!(matches!(
        authentication,
        Authentication::PrivateKey {
            is_optional: true,
            ..
        }
    ));
    let world = World::new();
    world.serve(
        url,
        &[],
        but(
            document,
            "token_endpoint_auth_methods_supported",
            Value::Null,
        ),
    );
    let authentication = resolve(&world, url, Authorization).unwrap().authentication;
    assert!(matches!(
        authentication,
        Authentication::PrivateKey {
            is_optional: false,
            ..
        }
    ));
    assert_eq!(world.fetches(), 1, "keys are fetched when they are needed");
}

#[test]
fn only_plain_urls_can_be_documents() {
    assert!(is_document_url(URL));
    let long = format!("https://h.example/{}", "x".repeat(2048));
    for url in [
        "http://h.example/c",
        "HTTPS://h.example/c",
        "https://h.example",
        "https://h.example/",
        "https://h.example/c#x",
        "https://h.example/c?x=1",
        "https://user@h.example/c",
        "https://user:p@h.example/c",
        "https://h.example:443/c",
        "https://h.example:8443/c",
        "https://h.example/../c",
        "https://h.example/%2e%2e/c",
        "https://h.example/./c",
        "https://127.0.0.1/c",
        "https://2130706433/c",
        "https://0x7f.1/c",
        "https://[::1]/c",
        "https://169.254.169.254/latest/meta-data",
        "https://h.example\\c",
        "https://h.example/c c",
        "https://é.example/c",
        "cursor://x/c",
        "javascript:/x",
        "https:/h.example/c",
        &long,
        "a:b",
    ] {
        assert!(!is_document_url(url), "{url}");
        let world = World::new();
        let resolved = resolve(&world, url, Authorization);
        assert!(matches!(resolved, Err(ClientError::Unknown(_))), "{url}");
        assert_eq!(world.fetches(), 0, "{url}");
    }
}

#[test]
fn a_document_that_breaks_the_rules_describes_nobody() {
    let jwk = |extra: Value| {
        let mut key = json!({ "kty": "EC", "crv": "P-256", "x": "x", "y": "y" });
        key.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        but(
            but(
                claude_code(),
                "token_endpoint_auth_method",
                json!("private_key_jwt"),
            ),
            "jwks",
            json!({ "keys": [key] }),
        )
    };
    let method = |method: &str| but(claude_code(), "token_endpoint_auth_method", json!(method));
    for (document, _why) in [
        (
            but(
                claude_code(),
                "client_id",
                json!("https://claude.ai/oauth/other"),
            ),
            "another id",
        ),
        (
            but(claude_code(), "client_id", json!(format!("{URL}/"))),
            "a slash more",
        ),
        (but(claude_code(), "client_id", Value::Null), "no id"),
        (but(claude_code(), "client_secret", json!("x")), "a secret"),
        (
            but(claude_code(), "client_secret_expires_at", json!(0)),
            "when a secret expires",
        ),
        (method("client_secret_basic"), "a shared secret"),
        (method("client_secret_jwt"), "a shared secret"),
        (method("private_key_jwt"), "no keys"),
        (
            but(
                method("private_key_jwt"),
                "jwks_uri",
                json!("http://claude.ai/jwks"),
            ),
            "plain keys",
        ),
        (
            but(
                method("private_key_jwt"),
                "jwks_uri",
                json!("https://10.0.0.1/jwks"),
            ),
            "keys inside",
        ),
        (
            but(jwk(json!({})), "jwks_uri", json!("https://claude.ai/jwks")),
            "two sources of keys",
        ),
        (jwk(json!({ "d": "secret" })), "a private key"),
        (
            jwk(json!({ "kty": "oct", "k": "secret" })),
            "a symmetric key",
        ),
        (
            jwk(json!({ "kty": "RSA", "p": "1" })),
            "a part of a private key",
        ),
        (
            but(claude_code(), "redirect_uris", json!([])),
            "no redirect URI",
        ),
        (
            but(claude_code(), "redirect_uris", json!("https://h/")),
            "not an array",
        ),
        (
            but(claude_code(), "redirect_uris", json!([1])),
            "not a string",
        ),
        (
            but(
                claude_code(),
                "redirect_uris",
                json!(["javascript:alert(1)"]),
            ),
            "dangerous",
        ),
        (
            but(
                claude_code(),
                "redirect_uris",
                json!(vec!["https://h.example/"; 11]),
            ),
            "too many",
        ),
        (
            but(claude_code(), "grant_types", json!(["implicit"])),
            "no code",
        ),
        (
            but(claude_code(), "response_types", json!(["token"])),
            "no code",
        ),
        (
            but(claude_code(), "client_name", json!({})),
            "a name that is none",
        ),
    ] {
        let world = World::new();
        world.serve(URL, &[], &document);
        let resolved = resolve(&world, URL, Authorization);
        assert!(
            matches!(resolved, Err(ClientError::Unknown(_))),
            "{_why}: {resolved:?}"
        );
    }
    assert!(jwk(json!({})).is_object());
    let world = World::new();
    world.serve(URL, &[], jwk(json!({})));
    assert!(resolve(&world, URL, Authorization).is_ok());
}

#[test]
fn an_answer_that_is_not_a_document_describes_nobody() {
    let answer = |status, content_type: &str, body: &str| {
        Ok(Response {
            status,
            headers: fields(&[("content-type", content_type)]),
            body: body.as_bytes().to_vec(),
        })
    };
    let good = claude_code().to_string();
    let padded = format!("{good}{}", " ".repeat(MAX_DOCUMENT_BYTES as usize));
    let twice = good.replacen('{', &format!("{{\"client_id\":\"{URL}\","), 1);
    let unknown = [
        answer(404, "application/json", &good),
        answer(302, "application/json", &good),
        answer(204, "application/json", ""),
        answer(200, "text/html", &good),
        answer(200, "application/jsonp", &good),
        answer(200, "application/json", &padded),
        answer(200, "application/json", &twice),
        answer(200, "application/json", "<html>"),
        answer(200, "application/json", "[]"),
        Err(Error::TooLarge),
        Err(Error::AddressRefused("10.0.0.1".to_owned())),
        Err(Error::NotGranted("x".to_owned())),
        Err(Error::Invalid("x".to_owned())),
    ];
    let unavailable = [
        answer(500, "application/json", &good),
        answer(429, "application/json", &good),
        Err(Error::Timeout),
        Err(Error::Connection("reset\r\nforged".to_owned())),
    ];
    for (answers, expected) in [
        (unknown.to_vec(), "client_unknown"),
        (unavailable.to_vec(), "client_unavailable"),
    ] {
        for answer in answers {
            let world = World::new();
            world.answer(URL, answer.clone());
            let error = resolve(&world, URL, Authorization).unwrap_err().to_string();
            assert!(
                error.starts_with(expected) && !error.contains('\n'),
                "{answer:?}: {error}"
            );
        }
    }
    let world = World::new();
    world.answer(
        URL,
        answer(
            200,
            "application/client-metadata+json; charset=utf-8",
            &good,
        ),
    );
    assert!(resolve(&world, URL, Authorization).is_ok());
}

#[test]
fn a_document_is_kept_as_long_as_its_server_says_within_limits() {
    for (cache_control, fresh) in [
        (None, 60 * MINUTE),
        (Some("max-age=0"), 5 * MINUTE),
        (Some("max-age=-1"), 5 * MINUTE),
        (Some("max-age=x"), 5 * MINUTE),
        (Some("no-store"), 5 * MINUTE),
        (Some("max-age=7200, no-cache"), 5 * MINUTE),
        (Some("public, Max-Age=7200"), 120 * MINUTE),
        (Some("max-age=99999999999"), DAY),
    ] {
        let world = World::new();
        let headers: Vec<(&str, &str)> = cache_control
            .iter()
            .map(|value| ("cache-control", *value))
            .collect();
        world.serve(URL, &headers, claude_code());
        let fetches_after = |seconds| {
            world.later(seconds);
            resolve(&world, URL, Authorization).unwrap();
            world.fetches()
        };
        assert_eq!(fetches_after(0), 1);
        assert_eq!(fetches_after(fresh - 1), 1, "{cache_control:?}");
        assert_eq!(fetches_after(1), 2, "{cache_control:?}");
    }
}

#[test]
fn a_failure_is_not_repeated_for_a_minute() {
    let world = World::new();
    for _ in 0..50 {
        assert!(resolve(&world, URL, Authorization).is_err());
    }
    assert_eq!(world.fetches(), 1);
    world.serve(URL, &[], claude_code());
    world.later(MINUTE - 1);
    assert!(resolve(&world, URL, Authorization).is_err());
    world.later(1);
    assert!(resolve(&world, URL, Authorization).is_ok());
    assert_eq!(world.fetches(), 2);
}

#[test]
fn at_the_token_endpoint_nothing_is_fetched_that_was_not_known_before() {
    let world = World::new();
    world.serve(URL, &[], claude_code());
    assert!(matches!(
        resolve(&world, URL, Token),
        Err(ClientError::Unknown(_))
    ));
    assert_eq!(world.fetches(), 0);
    resolve(&world, URL, Authorization).unwrap();
    resolve(&world, URL, Token).unwrap();
    assert_eq!(world.fetches(), 1);
    // Months later, the refresh token is still good, and so is the client.
    world.later(90 * DAY);
    resolve(&world, URL, Token).unwrap();
    assert_eq!(world.fetches(), 2);
}

#[test]
fn what_nobody_signed_in_with_is_forgotten_after_a_day() {
    let world = World::new();
    world.serve(URL, &[], claude_code());
    resolve(&world, URL, Authorization).unwrap();
    world.later(DAY);
    assert!(matches!(
        resolve(&world, URL, Token),
        Err(ClientError::Unknown(_))
    ));
}

#[test]
fn whoever_refreshes_does_not_suffer_from_an_outage_of_the_client() {
    let world = World::new();
    world.serve(URL, &[], claude_code());
    resolve(&world, URL, Authorization).unwrap();
    resolve(&world, URL, Token).unwrap();
    world.later(2 * DAY);
    world.answer(URL, Err(Error::Timeout));
    assert!(resolve(&world, URL, Token).is_ok());
    assert!(matches!(
        resolve(&world, URL, Authorization),
        Err(ClientError::Unavailable(_))
    ));
    // A document that is gone for good is another matter.
    world.later(2 * DAY);
    world.answer(
        URL,
        Ok(Response {
            status: 410,
            ..Response::default()
        }),
    );
    assert!(matches!(
        resolve(&world, URL, Token),
        Err(ClientError::Unknown(_))
    ));
}

#[test]
fn one_host_is_asked_only_so_often() {
    let world = World::new();
    world.serve(URL, &[], claude_code());
    world.wait_seconds.set(Some(3));
    assert!(matches!(
        resolve(&world, URL, Authorization),
        Err(ClientError::Unavailable(_))
    ));
    assert_eq!(world.fetches(), 0);
    assert_eq!(world.taken.borrow()[0].1, "claude.ai");
    // However its name is written, and without a penalty for whoever asks next.
    let _ = resolve(&world, "https://CLAUDE.ai/oauth/x", Authorization);
    assert_eq!(world.taken.borrow()[1].1, "claude.ai");
    let long = format!(
        "https://{}.example/x",
        ["x".repeat(60).as_str(); 4].join(".")
    );
    let _ = resolve(&world, &long, Authorization);
    assert_eq!(world.taken.borrow()[2].1.len(), 200);
    world.wait_seconds.set(None);
    assert!(resolve(&world, URL, Authorization).is_ok());
}

#[test]
fn without_a_store_nothing_is_guessed() {
    let world = World::new();
    world.serve(URL, &[], claude_code());
    world.store_is_down.set(true);
    for occasion in [Authorization, Token] {
        let error = resolve(&world, URL, occasion).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"client_unavailable state "disk\r\nfull""#
        );
    }
    assert_eq!(world.fetches(), 0);
}

#[test]
fn documents_can_be_switched_off_and_bounded() {
    let world = World::new();
    let (url, document) = chatgpt();
    world.serve(url, &[], document);
    for settings in [
        [("OIDC_CLIENT_ID_METADATA_DOCUMENTS", "false")],
        [("OIDC_ALLOWED_REDIRECT_HOSTS", "claude.ai")],
    ] {
        let resolved = clients(&settings).resolve(url, Authorization, &world.services());
        assert!(matches!(resolved, Err(ClientError::Unknown(_))));
    }
}

const SECRET: &str = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t";

fn configured(text: &str) -> Result<Clients, String> {
    read(&[("OIDC_CLIENTS", text)])
}

#[test]
fn a_configured_client_is_known_by_its_name() {
    let text = format!(
        "[[clients]]\nid = \"desktop\"\nname = \"Our desktop\"\nredirect_uris = [\"http://127.0.0.1/cb\"]\nconsent = \"skip\"\n\
         [[clients]]\nid = \"{URL}\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"https://h.example/cb\"]\n"
    );
    let world = World::new();
    let clients = read(&[
        ("OIDC_CLIENTS", &text),
        ("OIDC_ALLOWED_REDIRECT_HOSTS", "claude.ai"),
    ])
    .unwrap();
    let desktop = clients
        .resolve("desktop", Token, &world.services())
        .unwrap();
    assert_eq!(
        (desktop.origin, desktop.consent),
        (Origin::Configured, Consent::Skip)
    );
    assert_eq!(desktop.authentication, Authentication::None);
    assert_eq!(
        desktop.redirect_uri(None).unwrap().as_str(),
        "http://127.0.0.1/cb"
    );
    // The word of the operator counts, not that of a document, nor the list for strangers.
    let pinned = clients
        .resolve(URL, Authorization, &world.services())
        .unwrap();
    assert_eq!(
        (pinned.origin, pinned.consent),
        (Origin::Configured, Consent::Ask)
    );
    assert!(matches!(pinned.authentication, Authentication::Secret(_)));
    assert_eq!(world.fetches(), 0);
    assert!(!format!("{clients:?}").contains(SECRET));
}

#[test]
fn a_faulty_file_is_refused_without_being_quoted() {
    let client = |rest: &str| format!("[[clients]]\nid = \"a\"\n{rest}\n");
    let uris = "redirect_uris = [\"https://h.example/cb\"]";
    for (text, fault) in [
        ("x".to_owned(), "`OIDC_CLIENTS`: is not TOML: line 1"),
        (
            "clients = []".to_owned(),
            "`OIDC_CLIENTS`: has no `[[clients]]`",
        ),
        (client(""), "`OIDC_CLIENTS`: is not TOML: line 1"),
        (
            client(&format!("{uris}\nsecrte = \"{SECRET}\"")),
            "`OIDC_CLIENTS`: is not TOML: line 4",
        ),
        (
            client(&format!("{uris}\nconsent = \"never\"")),
            "`OIDC_CLIENTS`: is not TOML: line 4",
        ),
        (
            client(&format!("{uris}\nsecret = \"hunter2\"")),
            "`OIDC_CLIENTS`: client 1 has a secret that has at most 42 bits",
        ),
        (
            client("redirect_uris = []"),
            "`OIDC_CLIENTS`: client 1 (\"a\"): one of its redirect URIs are not 1 to 10",
        ),
        (
            client("redirect_uris = [\"http://h.example\"]"),
            "`OIDC_CLIENTS`: client 1 (\"a\"): one of its redirect URIs is `http` on",
        ),
        (
            format!("{}{}", client(uris), client(uris)),
            "`OIDC_CLIENTS`: client 2 has the `id` of another",
        ),
        (
            "[[clients]]\nid = \"\"\nredirect_uris = [\"https://h/\"]".to_owned(),
            "`OIDC_CLIENTS`: client 1 has an `id`",
        ),
    ] {
        let read = configured(&text).unwrap_err();
        assert!(read.starts_with(fault), "{read}");
        assert!(!read.contains(SECRET) && !read.contains("hunter2") && !read.contains("secrte"));
    }
}
