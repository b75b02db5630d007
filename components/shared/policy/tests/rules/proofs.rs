//! Tokens that are bound to a key, at the door of the resource (rows 77 to 83).

use policy::types::{Denial, Identity, RequestHead};
use serde_json::{Value, json};

use crate::challenges::{parse, parse_dpop};
use crate::support::*;

/// Thumbprint of [`jwk`].
const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
/// `ath` of [`TOKEN`].
const ATH: &str = "Az9tFJNaIiclxkvQaYO2fsa4-uu4Eb38AhAmV84_roM";

fn jwk() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn proof_but(changes: Value) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk() });
    let mut claims = json!({ "jti": "1", "htm": "POST", "htu": RESOURCE, "iat": NOW, "ath": ATH });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    signed(&header, &claims)
}

fn bound() -> Value {
    claims_but(json!({ "cnf": { "jkt": THUMBPRINT } }))
}

fn provider(claims: &Value) -> FakeProvider {
    FakeProvider::signing(&at_jwt().to_string(), &claims.to_string())
}

fn proving(scheme: &str, proof: &str) -> RequestHead {
    let authorization = format!("{scheme} {TOKEN}");
    request(&[("authorization", &authorization), ("dpop", proof)])
}

fn ask(head: &RequestHead, provider: &FakeProvider) -> Result<Identity, Denial> {
    Deployment::remote().policy().authenticate(head, provider)
}

#[test]
fn a_bound_token_with_its_proof_is_accepted_and_never_remembered() {
    let identity = ask(&proving("DPoP", &proof_but(json!({}))), &provider(&bound())).unwrap();
    assert_eq!(identity.subject, "alice");
    assert_eq!(identity.reusable_seconds, 0);
}

#[test]
fn row_77_the_same_proof_again() {
    let provider = provider(&bound());
    let head = proving("DPoP", &proof_but(json!({})));
    assert!(ask(&head, &provider).is_ok());
    assert_refused("replay", ask(&head, &provider), 401, "dpop_replayed");
    let fresh = proving("DPoP", &proof_but(json!({ "jti": "2" })));
    assert!(ask(&fresh, &provider).is_ok());
}

#[test]
fn row_78_and_79_a_proof_of_something_else() {
    for (changes, reason) in [
        (json!({ "htm": "GET" }), "dpop_htm_mismatch"),
        (
            json!({ "htu": "https://h.example/mcp" }),
            "dpop_htu_mismatch",
        ),
        (json!({ "ath": "x" }), "dpop_ath_mismatch"),
        (json!({ "iat": NOW - 400 }), "dpop_stale"),
    ] {
        let provider = provider(&bound());
        let result = ask(&proving("DPoP", &proof_but(changes)), &provider);
        assert_refused(reason, result, 401, reason);
        assert!(
            provider.state.written.borrow().is_empty(),
            "nothing is spent"
        );
    }
}

#[test]
fn row_78_the_url_is_the_configured_one_whatever_the_request_says() {
    let mut head = proving(
        "DPoP",
        &proof_but(json!({ "htu": "https://evil.example/vault/mcp" })),
    );
    head.authority = "evil.example".to_owned();
    head.headers
        .push(("x-forwarded-host".to_owned(), "evil.example".to_owned()));
    assert_refused(
        "elsewhere",
        ask(&head, &provider(&bound())),
        401,
        "dpop_htu_mismatch",
    );
}

#[test]
fn row_81_a_bound_token_as_plain_bearer() {
    let provider = provider(&bound());
    for head in [bearing(TOKEN), proving("Bearer", &proof_but(json!({})))] {
        assert_refused("downgrade", ask(&head, &provider), 401, "bound_token");
    }
}

#[test]
fn row_81_a_token_that_is_bound_to_nothing_in_the_scheme_of_bound_ones() {
    let head = proving("DPoP", &proof_but(json!({})));
    let result = ask(&head, &provider(&valid_claims()));
    assert_refused("not bound", result, 401, "token_not_bound");
    let statics = Deployment::remote().with("BEARER_TOKEN", STATIC_TOKEN);
    let head = request(&[("authorization", &format!("DPoP {STATIC_TOKEN}"))]);
    let result = statics
        .policy()
        .authenticate(&head, &provider(&valid_claims()));
    assert_refused("a static token", result, 401, "token_opaque");
}

#[test]
fn a_token_bound_in_any_other_way_is_refused() {
    for cnf in [
        json!({ "x5t#S256": THUMBPRINT }),
        json!({ "jkt": THUMBPRINT, "x5t#S256": THUMBPRINT }),
        json!({ "jkt": THUMBPRINT, "jwk": {} }),
        json!({ "jkt": "short" }),
        json!({ "jkt": [THUMBPRINT] }),
        json!({ "kid": "1" }),
        json!({}),
        json!(THUMBPRINT),
        json!(null),
    ] {
        let provider = provider(&claims_but(json!({ "cnf": cnf })));
        for head in [bearing(TOKEN), proving("DPoP", &proof_but(json!({})))] {
            assert_refused(&cnf.to_string(), ask(&head, &provider), 401, "bound_token");
        }
    }
}

#[test]
fn a_proof_of_another_key() {
    let other = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let provider = provider(&claims_but(json!({ "cnf": { "jkt": other } })));
    let result = ask(&proving("DPoP", &proof_but(json!({}))), &provider);
    assert_refused("stolen", result, 401, "dpop_key_mismatch");
}

#[test]
fn row_83_no_proof_and_two() {
    let authorization = format!("DPoP {TOKEN}");
    let none = request(&[("authorization", &authorization)]);
    assert_refused("none", ask(&none, &provider(&bound())), 401, "dpop_absent");
    let mut two = proving("DPoP", &proof_but(json!({})));
    two.headers
        .push(("DPoP".to_owned(), proof_but(json!({ "jti": "2" }))));
    assert_refused("two", ask(&two, &provider(&bound())), 401, "dpop_repeated");
}

#[test]
fn a_refused_proof_is_named_in_the_challenge_of_its_scheme() {
    let head = proving("DPoP", &proof_but(json!({ "htm": "GET" })));
    let denial = ask(&head, &provider(&bound())).unwrap_err();
    assert_eq!(denial.code, "invalid_dpop_proof");
    let challenge = denial.challenge.unwrap();
    let names: Vec<String> = parse(&challenge)
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["scope", "resource_metadata"]);
    let dpop = parse_dpop(&challenge).unwrap();
    assert_eq!(
        dpop[0],
        ("error".to_owned(), "invalid_dpop_proof".to_owned())
    );
    assert!(
        dpop.iter()
            .any(|(name, value)| name == "algs" && value.contains("ES256"))
    );

    let expired = provider(&claims_but(
        json!({ "exp": 1, "cnf": { "jkt": THUMBPRINT } }),
    ));
    let challenge = ask(&head, &expired).unwrap_err().challenge.unwrap();
    let error = ("error".to_owned(), "invalid_token".to_owned());
    assert!(parse(&challenge).unwrap().contains(&error));
    assert!(parse_dpop(&challenge).unwrap().contains(&error));
}

#[test]
fn a_store_that_is_away_is_not_the_fault_of_the_proof() {
    let mut provider = provider(&bound());
    provider.state.down = true;
    let denial = ask(&proving("DPoP", &proof_but(json!({}))), &provider).unwrap_err();
    assert_eq!((denial.status, denial.challenge), (503, None));
    assert_eq!(denial.retry_after_seconds, Some(30));
}

#[test]
fn nothing_is_spent_on_a_request_that_is_refused_anyway() {
    let head = proving("DPoP", &proof_but(json!({})));
    let lists = Deployment::remote().with("OIDC_ALLOWED_SUBJECTS", "bob");
    for (deployment, claims, status) in [
        (Deployment::remote(), json!({ "exp": 1 }), 401),
        (Deployment::remote(), json!({ "scope": "x" }), 403),
        (lists, json!({}), 403),
    ] {
        let mut bound = bound();
        for (name, value) in claims.as_object().unwrap() {
            bound[name] = value.clone();
        }
        let provider = provider(&bound);
        let denial = deployment
            .policy()
            .authenticate(&head, &provider)
            .unwrap_err();
        assert_eq!(denial.status, status);
        assert!(provider.state.written.borrow().is_empty());
    }
}

#[test]
fn a_deployment_can_require_proofs_or_know_none() {
    let require = Deployment::remote()
        .with("OIDC_DPOP", "require")
        .with("BEARER_TOKEN", STATIC_TOKEN);
    let policy = require.policy();
    let result = policy.authenticate(&bearing(TOKEN), &provider(&valid_claims()));
    assert_refused("unbound", result, 401, "token_not_bound");
    let head = proving("DPoP", &proof_but(json!({})));
    assert!(policy.authenticate(&head, &provider(&bound())).is_ok());
    let result = policy.authenticate(&bearing(STATIC_TOKEN), &provider(&bound()));
    assert!(result.is_ok(), "static tokens are the deployment's own");

    let off = Deployment::remote().with("OIDC_DPOP", "off").policy();
    assert_refused(
        "off",
        off.authenticate(&head, &provider(&bound())),
        401,
        "scheme_not_in_use",
    );
    let denial = off
        .authenticate(&bearing(TOKEN), &provider(&bound()))
        .unwrap_err();
    assert!(
        denial.reason.starts_with("bound_token"),
        "still no bearer token"
    );
    assert!(!denial.challenge.unwrap().contains("DPoP"));

    let unclear = Deployment::remote().with("OIDC_DPOP", "maybe");
    assert!(unclear.policy().faults().is_some());
}

#[test]
fn the_metadata_says_which_proofs_are_accepted() {
    let document = |mode: &str| -> Value {
        let deployment = Deployment::remote().with("OIDC_DPOP", mode);
        let path = "/.well-known/oauth-protected-resource";
        let response = get(&deployment, path, &provider(&bound())).unwrap();
        serde_json::from_slice(&response.body).unwrap()
    };
    let algorithms = "dpop_signing_alg_values_supported";
    let required = "dpop_bound_access_tokens_required";
    assert_eq!(
        document("accept")[algorithms].as_array().map(Vec::len),
        Some(10)
    );
    assert_eq!(document("accept").get(required), None);
    assert_eq!(document("require")[required], json!(true));
    assert_eq!(document("off").get(algorithms), None);
}
