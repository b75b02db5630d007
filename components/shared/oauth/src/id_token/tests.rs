//! Row 56 of the attacks: what an ID token must not be.

use policy::keys::VerifiedJws;
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_800_000_000;

fn valid() -> Value {
    json!({
        "iss": "https://idp.example",
        "sub": "alice",
        "aud": "us",
        "exp": NOW + 300,
        "iat": NOW - 1,
        "nonce": "n-1",
        "at_hash": half_hash("RS256", &Secret::new("at")),
    })
}

fn judged(header: Value, changes: Value) -> Result<Judged, IdTokenError> {
    let mut claims = valid();
    for (name, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    let jws = VerifiedJws {
        header: header.to_string(),
        payload: claims.to_string(),
    };
    let expected = Expected {
        issuer: "https://idp.example",
        client_id: "us",
        algorithms: &["RS256".to_owned(), "EdDSA".to_owned()],
        nonce: Some("n-1"),
        access_token: &Secret::new("at"),
        now: NOW,
        leeway: 30,
    };
    judge(&jws, &expected)
}

fn with(changes: Value) -> Result<Judged, IdTokenError> {
    judged(json!({ "alg": "RS256" }), changes)
}

#[test]
fn a_token_that_is_all_it_must_be_is_accepted() {
    for changes in [
        json!({}),
        json!({ "at_hash": "(absent)" }),
        json!({ "aud": ["us"], "azp": "us" }),
        json!({ "aud": ["us", "api"], "azp": "us" }),
        json!({ "exp": NOW - 29 }),
        json!({ "iat": NOW + 40 }),
        json!({ "auth_time": NOW - 1000 }),
    ] {
        assert!(with(changes.clone()).is_ok(), "{changes}");
    }
}

#[test]
fn an_id_token_for_another_question_is_refused() {
    use IdTokenError::{Claim, Expired, Mismatch, NotYetValid};
    for (changes, error) in [
        (json!({ "iss": "https://idp.example/" }), Mismatch("iss")),
        (json!({ "iss": ["https://idp.example"] }), Claim("iss")),
        (json!({ "iss": "(absent)" }), Mismatch("iss")),
        (json!({ "aud": "them" }), Mismatch("aud")),
        (json!({ "aud": ["them"], "azp": "us" }), Mismatch("aud")),
        (json!({ "aud": [["us"]] }), Claim("aud")),
        (json!({ "aud": "(absent)" }), Claim("aud")),
        (json!({ "aud": ["us", "api"] }), Claim("azp")),
        (json!({ "azp": "them" }), Mismatch("azp")),
        (json!({ "nonce": "n-2" }), Mismatch("nonce")),
        (json!({ "nonce": "(absent)" }), Claim("nonce")),
        (
            json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }),
            Mismatch("at_hash"),
        ),
        (json!({ "at_hash": 1 }), Claim("at_hash")),
        (json!({ "exp": NOW - 30 }), Expired),
        (json!({ "exp": "1900000000" }), Claim("exp")),
        (json!({ "exp": 1_900_000_000.5 }), Claim("exp")),
        (json!({ "exp": "(absent)" }), Claim("exp")),
        (json!({ "iat": NOW + 41 }), NotYetValid("iat")),
        (json!({ "iat": "(absent)" }), Claim("iat")),
        (json!({ "nbf": NOW + 3600 }), NotYetValid("nbf")),
        (json!({ "sub": "" }), Claim("sub")),
        (json!({ "sub": "x".repeat(256) }), Claim("sub")),
        (json!({ "sub": "a\nb" }), Claim("sub")),
        (json!({ "sub": 7 }), Claim("sub")),
        (json!({ "sub": "(absent)" }), Claim("sub")),
    ] {
        assert_eq!(with(changes.clone()).map(|_| ()), Err(error), "{changes}");
    }
}

#[test]
fn another_kind_of_token_is_not_an_id_token() {
    for (header, error) in [
        (json!({ "alg": "none" }), IdTokenError::Algorithm),
        (json!({ "alg": "HS256" }), IdTokenError::Algorithm),
        (json!({}), IdTokenError::Algorithm),
        (
            json!({ "alg": "RS256", "typ": "at+jwt" }),
            IdTokenError::Kind("typ"),
        ),
        (
            json!({ "alg": "RS256", "typ": "logout+jwt" }),
            IdTokenError::Kind("typ"),
        ),
        (
            json!({ "alg": "RS256", "crit": [] }),
            IdTokenError::Kind("crit"),
        ),
    ] {
        assert_eq!(
            judged(header.clone(), json!({})).map(|_| ()),
            Err(error),
            "{header}"
        );
    }
    let events = with(json!({ "events": {} }));
    assert_eq!(events.map(|_| ()), Err(IdTokenError::Kind("events")));
}

#[test]
fn the_example_of_the_specification_has_this_hash() {
    // OpenID Connect Core 1.0, appendix A.3.
    let token = Secret::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
    assert_eq!(
        half_hash("RS256", &token).as_deref(),
        Some("77QmUPtjPfzWtF2AnpK9RQ")
    );
    assert_eq!(half_hash("EdDSA", &token).map(|hash| hash.len()), Some(43));
    assert_eq!(half_hash("ES384", &token).map(|hash| hash.len()), Some(32));
    assert_eq!(half_hash("", &token), None);
}
