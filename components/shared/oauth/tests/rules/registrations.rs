//! Registration: real clients get in, nothing is kept, and floods and tricks get nowhere.

use oauth::client::{Consent, MAX_CLIENT_ID_BYTES, Occasion, Origin};
use oauth::redirect::MAX_URI_BYTES;
use policy::rates::Rate;
use policy::types::HttpResponse;
use serde_json::{Value, json};

use crate::support::NOW;
use crate::world::{World, clients, post};

const JSON: (&str, &str) = ("content-type", "application/json");

fn register(world: &World, metadata: &Value) -> Result<Value, (u16, &'static str, String)> {
    register_text(world, &[], &metadata.to_string())
}

fn register_text(
    world: &World,
    settings: &[(&str, &str)],
    body: &str,
) -> Result<Value, (u16, &'static str, String)> {
    let registered = clients(settings).register(&post(&[JSON], body), &world.services());
    registered
        .map(|response| information(&response))
        .map_err(|error| {
            assert_eq!(error.response().status, error.status);
            (error.status, error.code, error.description)
        })
}

fn information(response: &HttpResponse) -> Value {
    assert_eq!(response.status, 201);
    let no_store = ("cache-control".to_owned(), "no-store".to_owned());
    assert!(response.headers.contains(&no_store));
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn real_clients_register_and_are_known_by_their_ids_alone() {
    let cursor = json!({
        "client_name": "Cursor",
        "redirect_uris": [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback"
        ],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    let vscode = json!({
        "client_name": "Visual Studio Code",
        "client_uri": "https://code.visualstudio.com",
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": ["code"],
        "redirect_uris": [
            "https://insiders.vscode.dev/redirect",
            "https://vscode.dev/redirect",
            "http://127.0.0.1/",
            "http://127.0.0.1:33418/"
        ],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
    });
    let claude = json!({
        "client_name": "Claude",
        "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
        "token_endpoint_auth_method": "client_secret_post",
        "scope": "image:read offline_access",
    });
    for metadata in [cursor, vscode, claude] {
        let world = World::new();
        let registered = register(&world, &metadata).unwrap();
        assert_eq!(registered["redirect_uris"], metadata["redirect_uris"]);
        assert_eq!(registered["client_name"], metadata["client_name"]);
        assert_eq!(registered["client_id_issued_at"], NOW);
        assert_eq!(registered["token_endpoint_auth_method"], "none");
        assert_eq!(
            registered["grant_types"],
            json!(["authorization_code", "refresh_token"])
        );
        assert_eq!(registered["response_types"], json!(["code"]));
        assert_eq!(
            registered.get("application_type"),
            metadata.get("application_type")
        );
        assert_eq!(registered.get("scope"), metadata.get("scope"));
        assert!(registered.get("client_secret").is_none());
        let id = registered["client_id"].as_str().unwrap();
        assert!(id.len() < 1024, "{} bytes", id.len());

        // Another instance, which has seen nothing of this, knows the client.
        let elsewhere = World::new();
        let client = clients(&[])
            .resolve(id, Occasion::Token, &elsewhere.services())
            .unwrap();
        assert_eq!(client.name.as_deref(), metadata["client_name"].as_str());
        assert_eq!(
            (client.origin, client.consent),
            (Origin::Registered, Consent::Ask)
        );
        for uri in metadata["redirect_uris"].as_array().unwrap() {
            assert!(client.redirect_uri(uri.as_str()).is_some());
        }
        assert!(
            client
                .redirect_uri(Some("https://evil.example/cb"))
                .is_none()
        );
        assert!(world.stored.borrow().is_empty() && world.fetches() == 0);
    }
}

#[test]
fn ten_thousand_registrations_leave_nothing_behind() {
    let world = World::new();
    let clients = clients(&[]);
    let request = post(&[JSON], r#"{"redirect_uris":["https://h.example/cb"]}"#);
    for _ in 0..10_000 {
        clients.register(&request, &world.services()).unwrap();
        world.taken.borrow_mut().clear();
    }
    assert!(world.stored.borrow().is_empty());
}

#[test]
fn what_cannot_be_registered_is_refused_with_its_code() {
    let uris = |uris: Value| json!({ "redirect_uris": uris }).to_string();
    let with = |name: &str, value: Value| {
        json!({ "redirect_uris": ["https://h.example/cb"], name: value }).to_string()
    };
    let long = format!("https://h.example/{}", "x".repeat(MAX_URI_BYTES - 30));
    let (metadata, redirect) = ("invalid_client_metadata", "invalid_redirect_uri");
    for (body, status, code) in [
        (String::new(), 400, metadata),
        ("[]".to_owned(), 400, metadata),
        ("{".to_owned(), 400, metadata),
        (
            r#"{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}"#
                .to_owned(),
            400,
            metadata,
        ),
        (
            r#"{"redirect_uris":["https://a.example/"],"x":{"y":1,"y":2}}"#.to_owned(),
            400,
            metadata,
        ),
        (with("pad", json!("x".repeat(16 * 1024))), 413, metadata),
        (
            with("grant_types", json!(["client_credentials"])),
            400,
            metadata,
        ),
        (
            with("grant_types", json!("authorization_code")),
            400,
            metadata,
        ),
        (with("response_types", json!(["token"])), 400, metadata),
        (with("client_name", json!(["x"])), 400, metadata),
        (
            with("software_statement", json!("e30.e30.")),
            400,
            "invalid_software_statement",
        ),
        (uris(json!([long])), 400, metadata),
        ("{}".to_owned(), 400, redirect),
        (uris(json!("https://h.example/cb")), 400, redirect),
        (uris(json!([])), 400, redirect),
        (uris(json!(vec!["https://h.example/cb"; 11])), 400, redirect),
        (uris(json!(vec!["https://h/"; 700])), 400, redirect),
        (uris(json!([1])), 400, redirect),
        (
            uris(json!(["https://h.example/cb", "javascript:alert(1)"])),
            400,
            redirect,
        ),
        (uris(json!(["http://h.example/cb"])), 400, redirect),
        (uris(json!(["https://*.example/cb"])), 400, redirect),
        (uris(json!(["https://h.example/cb#x"])), 400, redirect),
        (uris(json!(["https://user@h.example/cb"])), 400, redirect),
    ] {
        let world = World::new();
        let refused = register_text(&world, &[], &body).unwrap_err();
        assert_eq!(
            (refused.0, refused.1),
            (status, code),
            "{body:.80} {}",
            refused.2
        );
        assert!(!refused.2.contains("h.example") && !refused.2.contains("alert"));
        assert!(world.stored.borrow().is_empty() && world.fetches() == 0);
    }
}

#[test]
fn nothing_that_a_client_names_is_fetched_or_repeated() {
    let world = World::new();
    let registered = register(
        &world,
        &json!({
            "redirect_uris": ["https://h.example/cb", "https://h.example/cb"],
            "client_name": format!("\u{202e}{}", "N".repeat(200_000 / 20)),
            "jwks_uri": "http://169.254.169.254/",
            "logo_uri": "http://169.254.169.254/",
            "scope": "x\"y",
            "application_type": "<b>",
            "token_endpoint_auth_method": "private_key_jwt",
            "unknown": {"deep": [1, 2, 3]},
        }),
    )
    .unwrap();
    assert_eq!(world.fetches(), 0);
    assert_eq!(registered["redirect_uris"], json!(["https://h.example/cb"]));
    assert_eq!(registered["client_name"], format!("{}…", "N".repeat(80)));
    let members: Vec<&String> = registered.as_object().unwrap().keys().collect();
    for ignored in [
        "jwks_uri",
        "logo_uri",
        "scope",
        "application_type",
        "unknown",
    ] {
        assert!(
            !members.iter().any(|member| *member == ignored),
            "{ignored}"
        );
    }
}

#[test]
fn only_posted_json_registers() {
    let world = World::new();
    let body = r#"{"redirect_uris":["https://h.example/cb"]}"#;
    let status = |request| {
        clients(&[])
            .register(&request, &world.services())
            .map_or_else(|e| e.status, |r| r.status)
    };
    assert_eq!(status(post(&[JSON], body)), 201);
    assert_eq!(
        status(post(
            &[("content-type", "application/json; charset=utf-8")],
            body
        )),
        201
    );
    assert_eq!(status(post(&[], body)), 400);
    assert_eq!(status(post(&[("content-type", "text/plain")], body)), 400);
    assert_eq!(status(post(&[JSON, JSON], body)), 400);
    let mut get = post(&[JSON], body);
    get.head.method = "GET".to_owned();
    assert_eq!(status(get), 405);
}

#[test]
fn a_stranger_registers_only_so_often() {
    let body = r#"{"redirect_uris":["https://h.example/cb"]}"#;
    let register = |world: &World, settings: &[(&str, &str)], address: Option<&str>| {
        let mut request = post(&[JSON], body);
        request.head.client_address = address.map(str::to_owned);
        clients(settings).register(&request, &world.services())
    };
    let rate = |per_minute| Rate {
        bucket: "register",
        burst: per_minute,
        per_minute,
    };
    let per_minute = "OIDC_REGISTRATIONS_PER_MINUTE";
    for (settings, address, expected) in [
        (vec![], Some("192.0.2.7"), Some((rate(30), "192.0.2.7"))),
        (
            vec![(per_minute, "5")],
            Some("192.0.2.8"),
            Some((rate(5), "192.0.2.8")),
        ),
        (
            vec![],
            Some("2001:db8:1:2:3:4:5:6"),
            Some((rate(30), "2001:db8:1:2")),
        ),
        (
            vec![],
            Some("::ffff:192.0.2.7"),
            Some((rate(30), "::ffff:192.0.2.7")),
        ),
        (vec![], None, Some((rate(30), ""))),
        (vec![(per_minute, "0")], Some("192.0.2.7"), None),
    ] {
        let world = World::new();
        register(&world, &settings, address).unwrap();
        let taken = world.taken.borrow();
        let taken = taken.first().map(|(rate, key)| (*rate, key.as_str()));
        assert_eq!(taken, expected);
    }
    let world = World::new();
    world.wait_seconds.set(Some(17));
    let error = register(&world, &[], Some("192.0.2.7")).unwrap_err();
    let response = error.response();
    assert_eq!(response.status, 429);
    assert!(
        response
            .headers
            .contains(&("retry-after".to_owned(), "17".to_owned()))
    );
}

#[test]
fn an_operator_can_switch_registration_off_and_bound_its_hosts() {
    let body = r#"{"redirect_uris":["https://h.example/cb","http://localhost/cb"]}"#;
    let world = World::new();
    let id = register_text(&world, &[], body).unwrap()["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (settings, code) in [
        ([("OIDC_DYNAMIC_REGISTRATION", "false")], "access_denied"),
        (
            [("OIDC_ALLOWED_REDIRECT_HOSTS", "claude.ai")],
            "invalid_redirect_uri",
        ),
    ] {
        assert_eq!(register_text(&world, &settings, body).unwrap_err().1, code);
        // Who has registered before the change is not known any more.
        let resolved = clients(&settings).resolve(&id, Occasion::Authorization, &world.services());
        assert!(resolved.is_err());
    }
    let settings = [("OIDC_ALLOWED_REDIRECT_HOSTS", "h.example")];
    assert!(register_text(&world, &settings, body).is_ok());
}

#[test]
fn an_id_that_was_not_issued_here_is_nobody() {
    let world = World::new();
    let metadata = json!({ "redirect_uris": ["https://h.example/cb"] });
    let id = register(&world, &metadata).unwrap()["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let flipped = format!(
        "{}{}",
        if id.starts_with('B') { "C" } else { "B" },
        &id[1..]
    );
    for unknown in [
        "",
        "x",
        "the-client-at-the-provider",
        "00000000-0000-4000-8000-000000000000",
        &id[1..],
        &format!("{id}A"),
        &flipped,
        &"A".repeat(MAX_CLIENT_ID_BYTES + 1),
        "é",
    ] {
        let resolved = clients(&[("OIDC_CLIENT_ID", "the-client-at-the-provider")]).resolve(
            unknown,
            Occasion::Authorization,
            &world.services(),
        );
        assert!(
            resolved
                .unwrap_err()
                .to_string()
                .starts_with("client_unknown")
        );
    }
    assert_eq!(world.fetches(), 0);
}
