//! Clients that are known in other ways than by registration, through the whole flow.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::*;
use crate::world::World;

const DOCUMENT: &str = "https://client.example/oauth/client.json";
const CLIENTS: &str = r#"
[[clients]]
id = "desktop"
redirect_uris = ["http://127.0.0.1/callback"]
consent = "skip"

[[clients]]
id = "portal"
secret = "0123456789abcdef0123456789abcdef"
redirect_uris = ["http://127.0.0.1/callback"]
"#;

fn documented(world: &World) -> Caller {
    let document = json!({
        "client_id": DOCUMENT,
        "client_name": "Documented",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    });
    let mut documents = world.provider.documents.lock().unwrap();
    documents.insert(DOCUMENT.to_owned(), document);
    Caller::with_id(DOCUMENT)
}

#[test]
fn a_client_may_be_described_by_a_document() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = documented(&world);
    let tokens = caller.tokens(&server);
    assert_eq!(
        server.present(&tokens.access).unwrap().client_id.as_deref(),
        Some(DOCUMENT)
    );
    // On a replica that has never seen the document, while it cannot be had.
    world.provider.documents.lock().unwrap().clear();
    let replica = Deployment::new().server(&world);
    assert_eq!(replica.refresh(DOCUMENT, &tokens.refresh).status, 200);
}

/// Row 47: the id of a document is everybody's, so whoever comes with it, the user is asked.
#[test]
fn a_client_with_a_public_id_is_never_let_through_silently() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = documented(&world);
    for site in ["none", "same-origin", "cross-site"] {
        let mut browser = Browser {
            site: site.to_owned(),
            ..Browser::default()
        };
        caller.code(&server, &mut browser);
        assert_eq!(
            browser.open(&server, &caller.authorize_path()).status,
            200,
            "{site}"
        );
    }
}

#[test]
fn an_operator_may_vouch_for_a_client() {
    let world = World::default();
    let server = Deployment::new()
        .with("OIDC_CLIENTS", CLIENTS)
        .server(&world);
    let caller = Caller::with_id("desktop");
    let mut browser = Browser::default();
    let there = browser.open(&server, &caller.authorize_path());
    let code = caller.code_from(&server, &mut browser, &there);
    assert_eq!(caller.redeem(&server, &code).status, 200);
    let evil = Caller {
        redirect_uri: "https://evil.example/cb".to_owned(),
        ..caller
    };
    assert_eq!(browser.open(&server, &evil.authorize_path()).status, 400);
}

#[test]
fn a_client_with_a_secret_needs_it() {
    let world = World::default();
    let server = Deployment::new()
        .with("OIDC_CLIENTS", CLIENTS)
        .server(&world);
    let caller = Caller::with_id("portal");
    let code = caller.code(&server, &mut Browser::default());
    assert_error(
        "none",
        &caller.redeem(&server, &code),
        401,
        "invalid_client",
    );
    let wrong = caller.redeem_with(&server, &code, &[("client_secret", "wrong")]);
    assert_error("wrong", &wrong, 401, "invalid_client");
    let secret = ("client_secret", "0123456789abcdef0123456789abcdef");
    let tokens = Tokens::of(&caller.redeem_with(&server, &code, &[secret]));
    assert_error(
        "refresh",
        &server.refresh("portal", &tokens.refresh),
        401,
        "invalid_client",
    );
}

/// Row 68: nothing of the provider is in what a client gets, but what names the user.
#[test]
fn an_access_token_carries_no_token_of_the_provider() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let tokens = Caller::registered(&server).tokens(&server);
    let payload = tokens.access.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "aud",
            "auth_time",
            "client_id",
            "email",
            "email_verified",
            "exp",
            "iat",
            "iss",
            "jti",
            "name",
            "scope",
            "sid",
            "sub"
        ]
    );
    assert!(!tokens.body.to_string().contains("idp-"));
}
