//! Tokens at the MCP endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::*;
use crate::world::World;

/// Row 13: whatever else we have given out is no bearer token.
#[test]
fn only_an_access_token_is_one() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    let mut browser = Browser::default();
    let field = hidden(&browser.open(&server, &caller.authorize_path()));
    let code = caller.code(&server, &mut browser);
    let cookie = browser.cookies.values().next().unwrap().clone();
    for other in [&tokens.refresh, &code, &caller.client_id, &field, &cookie] {
        assert_eq!(server.present(other).unwrap_err().status, 401);
    }
    let denial = server.present(&tokens.access[1..]).unwrap_err();
    let challenge = denial.challenge.unwrap();
    assert!(challenge.contains(
        r#"resource_metadata="https://h.example/.well-known/oauth-protected-resource/vault/mcp""#
    ));
    assert!(
        challenge.contains(r#"scope="image:use image:read""#)
            && challenge.contains(r#"error="invalid_token""#)
    );
    let absent = server.present_with(&[]).unwrap_err();
    assert_eq!(absent.status, 401);
    assert!(!absent.challenge.unwrap().contains("error="));
}

/// Rows 11, 12 and 14: another server with the same key, host and provider.
#[test]
fn a_token_of_a_neighbour_is_not_one_of_ours() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let tokens = Caller::registered(&server).tokens(&server);
    for (name, value) in [
        ("BASE_URL", "https://h.example/other"),
        ("HTTP_PATH", "/other"),
    ] {
        let neighbour = Deployment::new().with(name, value).server(&world);
        assert_eq!(
            neighbour.present(&tokens.access).unwrap_err().status,
            401,
            "{value}"
        );
    }
}

/// The scoreboard: 403 with the scopes, not 401.
#[test]
fn a_token_without_a_needed_scope_gets_403_and_the_scopes() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let tokens = Caller::registered(&server)
        .asking("scope", "image:read")
        .tokens(&server);
    let denial = server.present(&tokens.access).unwrap_err();
    assert_eq!(
        (denial.status, denial.code.as_str()),
        (403, "insufficient_scope")
    );
    assert!(
        denial
            .challenge
            .unwrap()
            .contains(r#"scope="image:use image:read""#)
    );
}

/// A proof of possession for a request, by a key named by `x`.
fn proof(method: &str, url: &str, token: Option<&str>, (x, jti): (&str, &str)) -> String {
    let header = json!({
        "typ": "dpop+jwt", "alg": "ES256",
        "jwk": { "kty": "EC", "crv": "P-256", "x": x, "y": "y".repeat(43) },
    });
    let mut claims = json!({ "jti": jti, "htm": method, "htu": url, "iat": crate::world::NOW });
    if let Some(token) = token {
        claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
    }
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(&header), part(&claims))
}

fn token_with(
    server: &Server<'_>,
    form: &[(&str, &str)],
    proof: &str,
) -> policy::types::HttpResponse {
    let fields = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("dpop", proof),
    ];
    server.send(
        ("POST", "/vault/token"),
        &fields,
        &oauth::form::encode(form),
    )
}

/// Rows 77, 78, 81, 83: tokens that are bound to a key are of no use without it.
#[test]
fn a_client_that_proves_a_key_gets_tokens_that_need_it() {
    let (mine, theirs) = ("x".repeat(43), "z".repeat(43));
    let url = "https://h.example/vault/token";
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", caller.client_id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", caller.verifier.as_str()),
    ];
    for bad in [
        proof("GET", url, None, (&mine, "1")),
        proof("POST", RESOURCE, None, (&mine, "2")),
        "x".to_owned(),
    ] {
        assert_error(
            "proof",
            &token_with(&server, &form, &bad),
            400,
            "invalid_dpop_proof",
        );
    }
    let first = proof("POST", url, None, (&mine, "3"));
    let tokens = Tokens::of(&token_with(&server, &form, &first));
    assert_eq!(tokens.body["token_type"], "DPoP");

    let present = |scheme: &str, proofs: &[&str]| {
        let authorization = format!("{scheme} {}", tokens.access);
        let mut fields = vec![("authorization", authorization.as_str())];
        fields.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        server.present_with(&fields)
    };
    let access = Some(tokens.access.as_str());
    let good = |jti: &str| proof("POST", RESOURCE, access, (&mine, jti));
    assert_eq!(present("Bearer", &[]).unwrap_err().status, 401, "row 81");
    assert_eq!(
        present("Bearer", &[&good("4")]).unwrap_err().status,
        401,
        "row 81"
    );
    assert_eq!(present("DPoP", &[]).unwrap_err().status, 401);
    assert_eq!(
        present("DPoP", &[&good("5"), &good("6")])
            .unwrap_err()
            .status,
        401,
        "row 83"
    );
    let stolen = proof("POST", RESOURCE, access, (&theirs, "7"));
    assert_eq!(
        present("DPoP", &[&stolen]).unwrap_err().status,
        401,
        "another key"
    );
    let other_token = proof("POST", RESOURCE, Some("other"), (&mine, "8"));
    assert_eq!(
        present("DPoP", &[&other_token]).unwrap_err().status,
        401,
        "row 78"
    );
    let once = good("9");
    assert_eq!(present("DPoP", &[&once]).unwrap().reusable_seconds, 0);
    assert_eq!(present("DPoP", &[&once]).unwrap_err().status, 401, "row 77");

    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", caller.client_id.as_str()),
        ("refresh_token", tokens.refresh.as_str()),
    ];
    assert_error("bare", &server.token(&refresh), 400, "invalid_dpop_proof");
    let stolen = proof("POST", url, None, (&theirs, "10"));
    assert_error(
        "stolen",
        &token_with(&server, &refresh, &stolen),
        400,
        "invalid_dpop_proof",
    );
    let good = proof("POST", url, None, (&mine, "11"));
    let renewed = Tokens::of(&token_with(&server, &refresh, &good));
    assert_eq!(renewed.body["token_type"], "DPoP");
}

#[test]
fn a_code_that_names_a_key_is_good_for_that_key_only() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server).asking("dpop_jkt", &"t".repeat(43));
    let code = caller.code(&server, &mut Browser::default());
    assert_error(
        "none",
        &caller.redeem(&server, &code),
        400,
        "invalid_dpop_proof",
    );
}

#[test]
fn a_deployment_may_want_proofs_always_or_never() {
    let (mine, url) = ("x".repeat(43), "https://h.example/vault/token");
    let world = World::default();
    let server = Deployment::new()
        .with("OIDC_DPOP", "require")
        .server(&world);
    let caller = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    assert_error(
        "none",
        &caller.redeem(&server, &code),
        400,
        "invalid_dpop_proof",
    );
    let bearer = Caller::registered(&server).tokens(&Deployment::new().server(&world));
    assert_eq!(server.present(&bearer.access).unwrap_err().status, 401);
    let off = Deployment::new().with("OIDC_DPOP", "off").server(&world);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", caller.client_id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", caller.verifier.as_str()),
    ];
    let tokens = Tokens::of(&token_with(
        &off,
        &form,
        &proof("POST", url, None, (&mine, "1")),
    ));
    assert_eq!(tokens.body["token_type"], "Bearer");
}
