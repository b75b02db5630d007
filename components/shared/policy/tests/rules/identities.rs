//! What is handed on of a token.

use policy::types::Identity;
use serde_json::{Value, json};

use crate::support::*;

fn claims_of(changes: Value) -> Value {
    let identity = present(&Deployment::remote(), &at_jwt(), &claims_but(changes)).unwrap();
    serde_json::from_str(&identity.claims).unwrap()
}

#[test]
fn the_whole_identity() {
    let expected = Identity {
        subject: "alice".to_owned(),
        issuer: Some(ISSUER.to_owned()),
        client_id: Some("inspector".to_owned()),
        scopes: vec!["image:use".to_owned(), "image:read".to_owned()],
        expires_at: Some(NOW + 300),
        claims: "{}".to_owned(),
        reusable_seconds: 60,
    };
    assert_eq!(
        present(&Deployment::remote(), &at_jwt(), &valid_claims()),
        Ok(expected)
    );
    assert_eq!(policy::anonymous::identity().subject, "anonymous");
}

#[test]
fn useful_claims_are_handed_on_and_no_others() {
    let claims = claims_of(json!({
        "email": "a@example.org", "email_verified": false, "name": "Alice", "azp": "app",
        "groups": ["x", "y"], "phone_number": "1", "address": {}, "jti": "z",
    }));
    let expected = json!({
        "email": "a@example.org", "email_verified": false, "name": "Alice", "azp": "app", "groups": ["x", "y"],
    });
    assert_eq!(claims, expected);
    assert_eq!(
        claims_of(json!({ "groups": "only" })),
        json!({ "groups": ["only"] })
    );
}

#[test]
fn claims_of_the_wrong_type_or_size_are_left_out() {
    for changes in [
        json!({ "email": ["a@example.org"], "email_verified": "true", "name": { "first": "A" }, "groups": 7 }),
        json!({ "email": "", "name": "x".repeat(321), "groups": [] }),
        json!({ "groups": vec!["g"; 51] }),
        json!({ "groups": vec!["g".repeat(300); 50] }),
        json!({ "groups": [1, null, ["nested"]] }),
    ] {
        assert_eq!(claims_of(changes.clone()), json!({}), "{changes}");
    }
    let huge = json!({ "email": "e".repeat(320), "name": "\u{1}".repeat(320), "azp": "z".repeat(320), "groups": vec!["g"; 50] });
    let identity = present(&Deployment::remote(), &at_jwt(), &claims_but(huge)).unwrap();
    assert!(
        identity.claims.len() <= 4096,
        "{} bytes",
        identity.claims.len()
    );
}

#[test]
fn the_client_is_client_id_or_else_azp() {
    for (changes, expected) in [
        (json!({ "client_id": "a", "azp": "b" }), Some("a")),
        (json!({ "client_id": "(absent)", "azp": "b" }), Some("b")),
        (json!({ "client_id": "(absent)" }), None),
        (json!({ "client_id": "x\ny" }), None),
    ] {
        let identity = present(&Deployment::remote(), &at_jwt(), &claims_but(changes)).unwrap();
        assert_eq!(identity.client_id.as_deref(), expected);
    }
    for name in ["client_id", "azp"] {
        let result = present(
            &Deployment::remote(),
            &at_jwt(),
            &claims_but(json!({ name: 1 })),
        );
        assert_refused(name, result, 401, &format!("claim_invalid name={name}"));
    }
}
