//! Tokens of other kinds (row 13), and those bound to a key.

use serde_json::{Value, json};

use super::{accepted_claims, refused_claims};
use crate::support::*;

#[test]
fn row_13_other_kinds_of_token_by_their_type() {
    for typ in [
        "logout+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "oauth-id-jag+jwt",
        "id_token+jwt",
        "rt+jwt",
        "application/logout+jwt",
        "token-introspection+jwt",
        "jwt2",
        "JOSE",
        "application/application/at+jwt",
        "",
        " at+jwt",
    ] {
        let header = json!({ "alg": "RS256", "typ": typ });
        assert_refused(
            typ,
            present(&Deployment::remote(), &header, &valid_claims()),
            401,
            "typ_refused",
        );
    }
    for typ in [Value::Null, json!(1), json!(["at+jwt"])] {
        let header = json!({ "alg": "RS256", "typ": typ });
        assert_refused(
            "not a string",
            present(&Deployment::remote(), &header, &valid_claims()),
            401,
            "typ_refused",
        );
    }
}

#[test]
fn row_13_other_kinds_of_token_by_their_claims() {
    refused_claims(&[
        (
            "logout token",
            json!({ "events": { "http://schemas.openid.net/event/backchannel-logout": {} } }),
            "not_an_access_token marker=events",
        ),
        (
            "DPoP proof",
            json!({ "htm": "POST", "htu": RESOURCE }),
            "not_an_access_token marker=htm",
        ),
        (
            "Keycloak ID token",
            json!({ "typ": "ID" }),
            "not_an_access_token marker=typ",
        ),
        (
            "Keycloak refresh token",
            json!({ "typ": "Refresh" }),
            "not_an_access_token marker=typ",
        ),
        (
            "Cognito ID token",
            json!({ "token_use": "id" }),
            "not_an_access_token marker=token_use",
        ),
        (
            "a refresh token",
            json!({ "token_use": "refresh" }),
            "not_an_access_token marker=token_use",
        ),
    ]);
    accepted_claims(&[
        ("Keycloak", json!({ "typ": "Bearer" })),
        ("Cognito", json!({ "token_use": "access" })),
    ]);
}

#[test]
fn row_13_an_id_token_is_not_an_access_token() {
    let own_audience = Deployment::remote().with("OIDC_AUDIENCE", "inspector");
    for (changes, reason) in [
        (json!({ "nonce": "n" }), "not_an_access_token marker=nonce"),
        (
            json!({ "at_hash": "x" }),
            "not_an_access_token marker=at_hash",
        ),
        (
            json!({ "c_hash": null }),
            "not_an_access_token marker=c_hash",
        ),
        (
            json!({ "aud": "inspector" }),
            "not_an_access_token marker=aud",
        ),
        (
            json!({ "aud": ["inspector"], "client_id": "(absent)", "azp": "inspector" }),
            "not_an_access_token marker=aud",
        ),
    ] {
        for header in [
            json!({ "alg": "RS256", "typ": "JWT" }),
            json!({ "alg": "RS256" }),
        ] {
            let result = present(&own_audience, &header, &claims_but(changes.clone()));
            assert_refused(&changes.to_string(), result, 401, reason);
        }
        let marked = present(&own_audience, &at_jwt(), &claims_but(changes.clone()));
        assert!(
            marked.is_ok() || changes.get("aud").is_none(),
            "at+jwt says what it is: {marked:?}"
        );
    }
}

#[test]
fn row_13_an_access_token_may_name_its_client_beside_this_server() {
    let claims = claims_but(json!({ "aud": ["inspector", RESOURCE] }));
    assert!(
        present(
            &Deployment::remote(),
            &json!({ "alg": "RS256", "typ": "JWT" }),
            &claims
        )
        .is_ok()
    );
}

#[test]
fn row_13_only_at_jwt_when_the_deployment_says_so() {
    let strict = Deployment::remote().with("OIDC_REQUIRE_AT_JWT", "true");
    assert!(present(&strict, &at_jwt(), &valid_claims()).is_ok());
    for header in [
        json!({ "alg": "RS256" }),
        json!({ "alg": "RS256", "typ": "JWT" }),
    ] {
        assert_refused(
            "unmarked",
            present(&strict, &header, &valid_claims()),
            401,
            "typ_refused",
        );
    }
}

#[test]
fn a_bound_token_is_not_a_bearer_token() {
    for cnf in [
        json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
        json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }),
        json!({ "jwk": {} }),
        json!({}),
        json!("x"),
        Value::Null,
    ] {
        refused_claims(&[("cnf", json!({ "cnf": cnf }), "bound_token")]);
    }
}
