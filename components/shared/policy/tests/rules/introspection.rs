//! Tokens that only the provider can read (row 38).

use policy::keys::{Failure, Unavailable};
use policy::types::{Denial, Identity};
use serde_json::{Value, json};

use crate::support::*;

const OPAQUE: &str = "authelia_at_0123456789abcdef.ghijk";

fn deployment() -> Deployment {
    Deployment::remote().with("OIDC_INTROSPECTION", "true")
}

/// What a provider says of a good token: as little as Authelia does, and the audience.
fn answer_but(changes: Value) -> Value {
    let mut answer = json!({
        "active": true,
        "sub": "alice",
        "aud": [RESOURCE],
        "client_id": "claude",
        "exp": NOW + 300,
        "iat": NOW - 10,
        "scope": "image:use image:read",
        "username": "alice",
    });
    for (name, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            answer.as_object_mut().unwrap().remove(name);
        } else {
            answer[name] = value.clone();
        }
    }
    answer
}

fn ask(deployment: &Deployment, token: &str, answer: &str) -> Result<Identity, Denial> {
    deployment
        .policy()
        .authenticate(&bearing(token), &FakeProvider::saying(answer))
}

fn refused(rows: &[(Value, &str)]) {
    for (changes, reason) in rows {
        let answer = answer_but(changes.clone()).to_string();
        assert_refused(&answer, ask(&deployment(), OPAQUE, &answer), 401, reason);
    }
}

#[test]
fn a_good_answer_is_an_identity_for_a_few_seconds() {
    let identity = ask(&deployment(), OPAQUE, &answer_but(json!({})).to_string()).unwrap();
    assert_eq!(identity.subject, "alice");
    assert_eq!(
        identity.issuer.as_deref(),
        Some(ISSUER),
        "also when the answer names none"
    );
    assert_eq!(identity.client_id.as_deref(), Some("claude"));
    assert_eq!(identity.scopes, ["image:use", "image:read"]);
    assert_eq!(identity.expires_at, Some(NOW + 300));
    for (exp, reusable) in [(NOW + 300, 5), (NOW + 3, 3), (NOW - 5, 0)] {
        let answer = answer_but(json!({ "exp": exp })).to_string();
        let identity = ask(&deployment(), OPAQUE, &answer).unwrap();
        assert_eq!(identity.reusable_seconds, reusable);
    }
}

#[test]
fn row_38_active_is_true_and_nothing_like_it() {
    refused(&[(json!({ "active": false }), "token_inactive")]);
    for active in [
        json!("true"),
        json!(1),
        json!(null),
        json!([true]),
        json!({}),
        json!("(absent)"),
    ] {
        refused(&[(json!({ "active": active }), "claim_invalid name=active")]);
    }
    let inactive = ask(&deployment(), OPAQUE, r#"{"active":false}"#);
    assert_refused("inactive", inactive, 401, "token_inactive");
}

#[test]
fn row_38_time_as_in_a_token() {
    refused(&[
        (json!({ "exp": "(absent)" }), "claim_invalid name=exp"),
        (
            json!({ "exp": (NOW + 300).to_string() }),
            "claim_invalid name=exp",
        ),
        (json!({ "exp": null }), "claim_invalid name=exp"),
        (json!({ "exp": NOW - 30 }), "token_expired"),
        (json!({ "nbf": NOW + 31 }), "token_not_yet_valid nbf"),
        (json!({ "iat": NOW + 31 }), "token_not_yet_valid iat"),
        (json!({ "iat": "x" }), "claim_invalid name=iat"),
    ]);
}

#[test]
fn row_38_the_audience_or_a_client_that_the_operator_named() {
    refused(&[
        (
            json!({ "aud": "https://other.example/mcp" }),
            "aud_mismatch",
        ),
        (
            json!({ "aud": ["https://other.example/mcp"] }),
            "aud_mismatch",
        ),
        (json!({ "aud": [1] }), "claim_invalid name=aud"),
        (json!({ "aud": null }), "claim_invalid name=aud"),
        (json!({ "aud": "(absent)" }), "aud_mismatch"),
        (json!({ "aud": [] }), "aud_mismatch"),
        (
            json!({ "aud": "(absent)", "client_id": RESOURCE.to_owned() + "x" }),
            "aud_mismatch",
        ),
    ]);
    let named = deployment().with("OIDC_AUDIENCE", "claude");
    for (changes, accepted) in [
        (json!({ "aud": "(absent)" }), true),
        (json!({ "aud": [] }), true),
        (json!({ "aud": "(absent)", "client_id": "mallory" }), false),
        (json!({ "aud": "(absent)", "client_id": "(absent)" }), false),
        // Said to be for somebody else, it is, whoever got it.
        (json!({ "aud": "https://other.example/mcp" }), false),
        (json!({ "aud": ["claude"] }), true),
        (json!({}), true),
    ] {
        let answer = answer_but(changes).to_string();
        assert_eq!(ask(&named, OPAQUE, &answer).is_ok(), accepted, "{answer}");
    }
    let rows = [(
        json!({ "aud": "(absent)", "client_id": ["claude"] }),
        "claim_invalid name=client_id",
    )];
    refused(&rows);
}

#[test]
fn row_38_the_issuer_if_it_is_named_and_the_subject_always() {
    refused(&[
        (json!({ "iss": "https://evil.example" }), "iss_mismatch"),
        (json!({ "iss": null }), "claim_invalid name=iss"),
        (json!({ "sub": "(absent)" }), "claim_invalid name=sub"),
        (json!({ "sub": "" }), "claim_invalid name=sub"),
        (json!({ "sub": ["alice"] }), "claim_invalid name=sub"),
    ]);
    let answer = answer_but(json!({ "iss": ISSUER })).to_string();
    assert!(ask(&deployment(), OPAQUE, &answer).is_ok());
}

#[test]
fn row_13_an_answer_about_another_kind_of_token() {
    refused(&[
        (
            json!({ "token_type": "refresh_token" }),
            "not_an_access_token marker=token_type",
        ),
        (
            json!({ "token_type": "N_A" }),
            "not_an_access_token marker=token_type",
        ),
        (
            json!({ "token_type": ["Bearer"] }),
            "claim_invalid name=token_type",
        ),
        (
            json!({ "token_type": "DPoP" }),
            "not_an_access_token marker=token_type",
        ),
        (
            json!({ "typ": "Refresh" }),
            "not_an_access_token marker=typ",
        ),
        (
            json!({ "token_use": "refresh_token" }),
            "not_an_access_token marker=token_use",
        ),
        (json!({ "events": {} }), "not_an_access_token marker=events"),
    ]);
    for token_type in ["Bearer", "bearer", "BEARER"] {
        let answer = answer_but(json!({ "token_type": token_type })).to_string();
        assert!(ask(&deployment(), OPAQUE, &answer).is_ok(), "{token_type}");
    }
}

#[test]
fn row_13_a_refresh_token_by_its_name_is_not_even_asked_about() {
    for token in [
        "authelia_rt_abc.def",
        "authelia_ac_abc.def",
        "ory_rt_abc.def",
        "ory_ac_x.y",
    ] {
        let provider = FakeProvider::saying(&answer_but(json!({})).to_string());
        let result = deployment()
            .policy()
            .authenticate(&bearing(token), &provider);
        assert_refused(token, result, 401, "not_an_access_token marker=prefix");
        assert_eq!(provider.introspections.get(), 0);
    }
}

#[test]
fn rows_81_a_bound_opaque_token_as_plain_bearer() {
    let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    for token_type in ["DPoP", "Bearer"] {
        refused(&[(
            json!({ "cnf": { "jkt": jkt }, "token_type": token_type }),
            "bound_token",
        )]);
    }
    refused(&[(json!({ "cnf": { "x5t#S256": jkt } }), "bound_token")]);
}

#[test]
fn a_jwt_is_never_shown_to_the_provider() {
    for (token, reason) in [
        (TOKEN, "token_malformed"),
        ("eyJhbGciOiJub25lIn0.e30", "token_malformed"),
        ("eyJhbGciOiJub25lIn0.e30.", "token_malformed"),
        ("eyJhbGciOiJub25lIn0.e30.c2ln.x", "token_malformed"),
        ("a.b.c", "token_malformed"),
        ("a.b.c.d.e", "token_encrypted"),
    ] {
        let provider = FakeProvider {
            jws: Err(Failure::Malformed("x".to_owned())),
            ..FakeProvider::saying(&answer_but(json!({})).to_string())
        };
        let result = deployment()
            .policy()
            .authenticate(&bearing(token), &provider);
        assert_refused(token, result, 401, reason);
        assert_eq!(provider.introspections.get(), 0, "{token}");
    }
}

#[test]
fn without_a_client_at_the_provider_an_opaque_token_is_refused_and_the_log_says_what_to_do() {
    let provider = FakeProvider::saying(&answer_but(json!({})).to_string());
    let result = Deployment::remote()
        .policy()
        .authenticate(&bearing(OPAQUE), &provider);
    assert_eq!(provider.introspections.get(), 0);
    let denial = result.unwrap_err();
    assert_eq!(denial.status, 401);
    assert!(
        denial.reason.contains("`OIDC_CLIENT_ID`"),
        "{}",
        denial.reason
    );
}

#[test]
fn rows_37_and_38_a_provider_that_does_not_answer_is_no_verdict() {
    let away = Failure::Unavailable(Unavailable {
        reason: "401 from the provider".to_owned(),
        retry_after_seconds: 7,
    });
    let not_granted = Failure::NotGranted("no client".to_owned());
    for (introspection, retry) in [
        (Err(away), Some(7)),
        (Err(not_granted), Some(30)),
        (Ok("<html>".to_owned()), Some(30)),
        (Ok("[]".to_owned()), Some(30)),
        (Ok(r#"{"active":false,"active":true}"#.to_owned()), Some(30)),
    ] {
        let provider = FakeProvider {
            introspection,
            ..FakeProvider::signing("{}", "{}")
        };
        let denial = deployment()
            .policy()
            .authenticate(&bearing(OPAQUE), &provider)
            .unwrap_err();
        assert_eq!(
            (denial.status, denial.retry_after_seconds, denial.challenge),
            (503, retry, None)
        );
    }
    let down = deployment()
        .policy()
        .authenticate(&bearing(OPAQUE), &FakeProvider::down());
    assert_refused("down", down, 503, "provider_unavailable");
}

#[test]
fn scopes_and_lists_hold_for_opaque_tokens_too() {
    let answer = answer_but(json!({ "scope": "image:read" })).to_string();
    assert_refused(
        "scope",
        ask(&deployment(), OPAQUE, &answer),
        403,
        "insufficient_scope",
    );
    let listed = deployment().with("OIDC_ALLOWED_SUBJECTS", "alice");
    assert!(ask(&listed, OPAQUE, &answer_but(json!({})).to_string()).is_ok());
    let other = answer_but(json!({ "sub": "bob" })).to_string();
    assert_refused(
        "list",
        ask(&listed, OPAQUE, &other),
        403,
        "user_not_allowed",
    );
}

#[test]
fn row_65_lists_hold_for_users_and_not_for_static_tokens() {
    let deployment = Deployment::remote()
        .with("OIDC_ALLOWED_EMAILS", "alice@example.com")
        .with("BEARER_TOKEN", STATIC_TOKEN);
    let verified = json!({ "email": "alice@example.com", "email_verified": true });
    assert!(present(&deployment, &at_jwt(), &claims_but(verified)).is_ok());
    let unverified = json!({ "email": "alice@example.com", "email_verified": false });
    let denial = present(&deployment, &at_jwt(), &claims_but(unverified)).unwrap_err();
    assert_eq!(
        (denial.status, denial.code.as_str(), denial.challenge),
        (403, "access_denied", None)
    );
    assert_eq!(denial.reason, "user_not_allowed email_unverified");
    let provider = FakeProvider::signing("{}", "{}");
    let result = deployment
        .policy()
        .authenticate(&bearing(STATIC_TOKEN), &provider);
    assert!(result.is_ok());
}
