//! Who issued a token, for whom, about whom (rows 11, 12 and 26).

use serde_json::json;

use super::{accepted_claims, refused_claims};
use crate::support::*;

#[test]
fn row_11_the_issuer_byte_for_byte() {
    for iss in [
        "https://idp.example/realms/main/",
        "https://idp.example/realms/main ",
        "HTTPS://idp.example/realms/main",
        "https://IDP.example/realms/main",
        "https://idp.example:443/realms/main",
        "https://idp.example/realms/m\u{0430}in",
        "https://idp.example/realms/main\0",
        "https://evil.example",
        "",
    ] {
        refused_claims(&[(
            iss,
            json!({ "iss": iss }),
            "iss_mismatch expected=\"https://idp.example/realms/main\"",
        )]);
    }
    refused_claims(&[
        (
            "array",
            json!({ "iss": [ISSUER] }),
            "claim_invalid name=iss",
        ),
        (
            "absent",
            json!({ "iss": "(absent)" }),
            "claim_invalid name=iss",
        ),
        ("null", json!({ "iss": null }), "claim_invalid name=iss"),
    ]);
}

#[test]
fn row_12_the_audience() {
    refused_claims(&[
        (
            "absent",
            json!({ "aud": "(absent)" }),
            "aud_mismatch expected=\"https://h.example/vault/mcp\" got=\"\"",
        ),
        (
            "wrong",
            json!({ "aud": "https://other.example/mcp" }),
            "aud_mismatch",
        ),
        (
            "prefix",
            json!({ "aud": "https://h.example/vault/mcp-evil" }),
            "aud_mismatch",
        ),
        (
            "shorter",
            json!({ "aud": "https://h.example/vault" }),
            "aud_mismatch",
        ),
        (
            "origin",
            json!({ "aud": "https://h.example" }),
            "aud_mismatch",
        ),
        (
            "slash",
            json!({ "aud": "https://h.example/vault/mcp/" }),
            "aud_mismatch",
        ),
        (
            "query",
            json!({ "aud": "https://h.example/vault/mcp?x" }),
            "aud_mismatch",
        ),
        (
            "case",
            json!({ "aud": "https://H.example/vault/mcp" }),
            "aud_mismatch",
        ),
        (
            "two in one",
            json!({ "aud": format!("{RESOURCE} https://other.example") }),
            "aud_mismatch",
        ),
        ("empty string", json!({ "aud": "" }), "aud_mismatch"),
        ("empty array", json!({ "aud": [] }), "aud_mismatch"),
        (
            "nested",
            json!({ "aud": [[RESOURCE]] }),
            "claim_invalid name=aud",
        ),
        (
            "mixed",
            json!({ "aud": [RESOURCE, 1] }),
            "claim_invalid name=aud",
        ),
        ("null", json!({ "aud": null }), "claim_invalid name=aud"),
        (
            "object",
            json!({ "aud": { "0": RESOURCE } }),
            "claim_invalid name=aud",
        ),
    ]);
    accepted_claims(&[
        ("the only one", json!({ "aud": [RESOURCE] })),
        (
            "one of several",
            json!({ "aud": ["https://other.example", RESOURCE] }),
        ),
    ]);
}

#[test]
fn row_12_configured_audiences_and_the_slash_of_an_origin() {
    let further = Deployment::remote().with("OIDC_AUDIENCE", "api://images, https://h.example/");
    for (aud, accepted) in [
        ("api://images", true),
        ("api://images/", true),
        ("https://h.example", true),
        ("https://h.example/", true),
        (RESOURCE, true),
        ("https://h.example//", false),
        ("api://image", false),
    ] {
        assert_eq!(
            present(&further, &at_jwt(), &claims_but(json!({ "aud": aud }))).is_ok(),
            accepted,
            "{aud}"
        );
    }
    let at_origin = Deployment::remote()
        .with("BASE_URL", "https://h.example/")
        .with("HTTP_PATH", "/");
    for aud in ["https://h.example", "https://h.example/"] {
        assert!(
            present(&at_origin, &at_jwt(), &claims_but(json!({ "aud": aud }))).is_ok(),
            "{aud}"
        );
    }
}

#[test]
fn row_12_only_the_literal_turns_the_audience_rule_off() {
    let elsewhere = claims_but(json!({ "aud": "https://other.example" }));
    for text in [
        "true",
        "1",
        "yes",
        "I-understand",
        "i understand",
        "i-understand!",
    ] {
        let deployment = Deployment::remote().with("OIDC_ALLOW_UNBOUND_AUDIENCE", text);
        assert_refused(
            text,
            present(&deployment, &at_jwt(), &elsewhere),
            401,
            "aud_mismatch",
        );
    }
    let unbound = Deployment::remote().with("OIDC_ALLOW_UNBOUND_AUDIENCE", "i-understand");
    assert!(present(&unbound, &at_jwt(), &elsewhere).is_ok());
    assert!(
        present(
            &unbound,
            &at_jwt(),
            &claims_but(json!({ "aud": "(absent)" }))
        )
        .is_ok()
    );
    let id_token =
        claims_but(json!({ "aud": "inspector", "client_id": "(absent)", "azp": "inspector" }));
    let header = json!({ "alg": "RS256" });
    assert_refused(
        "still no ID token",
        present(&unbound, &header, &id_token),
        401,
        "not_an_access_token marker=aud",
    );
}

#[test]
fn the_subject_must_name_somebody() {
    refused_claims(&[
        (
            "absent",
            json!({ "sub": "(absent)" }),
            "claim_invalid name=sub",
        ),
        ("empty", json!({ "sub": "" }), "claim_invalid name=sub"),
        ("null", json!({ "sub": null }), "claim_invalid name=sub"),
        ("number", json!({ "sub": 1 }), "claim_invalid name=sub"),
        (
            "too long",
            json!({ "sub": "x".repeat(256) }),
            "claim_invalid name=sub",
        ),
        (
            "two lines",
            json!({ "sub": "alice\nbob" }),
            "claim_invalid name=sub",
        ),
    ]);
    let longest = claims_but(json!({ "sub": "\u{e9}".repeat(255) }));
    assert!(present(&Deployment::remote(), &at_jwt(), &longest).is_ok());
}

#[test]
fn row_26_the_request_says_nothing_about_where_the_server_is() {
    let mut head = bearing(TOKEN);
    head.authority = "evil.example".to_owned();
    head.headers.extend([
        ("x-forwarded-host".to_owned(), "evil.example".to_owned()),
        (
            "forwarded".to_owned(),
            "host=evil.example;proto=http".to_owned(),
        ),
    ]);
    let claims = claims_but(json!({ "aud": "https://evil.example/vault/mcp" }));
    let provider = FakeProvider::signing(&at_jwt().to_string(), &claims.to_string());
    let denial = Deployment::remote()
        .policy()
        .authenticate(&head, &provider)
        .unwrap_err();
    assert!(
        !denial.challenge.as_deref().unwrap().contains("evil"),
        "{denial:?}"
    );
    assert_refused("another host", Err(denial), 401, "aud_mismatch");
}
