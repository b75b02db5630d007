//! Which scopes a token grants and an operation needs.

use policy::types::{Identity, Operation};
use serde_json::{Value, json};

use crate::support::*;

fn holding(scopes: &str) -> Identity {
    let everything = Deployment::remote().without("OIDC_REQUIRED_SCOPES");
    present(
        &everything,
        &at_jwt(),
        &claims_but(json!({ "scope": scopes })),
    )
    .unwrap()
}

fn operation(method: &str, writes: bool) -> Operation {
    Operation {
        method: method.to_owned(),
        target: None,
        writes,
    }
}

#[test]
fn the_scopes_of_a_token_are_the_union_of_its_claims() {
    let deployment = Deployment::remote().without("OIDC_REQUIRED_SCOPES");
    for (scope, scp, expected) in [
        (json!("a b"), json!("(absent)"), vec!["a", "b"]),
        (json!("(absent)"), json!("a b"), vec!["a", "b"]),
        (
            json!(["a", "b c"]),
            json!(["c", "d"]),
            vec!["a", "b", "c", "d"],
        ),
        (json!(""), json!(["a"]), vec!["a"]),
        (json!("  a   a "), json!("a"), vec!["a"]),
        (json!("(absent)"), json!("(absent)"), vec![]),
        (json!("a\tb c\"d \u{e9} e"), json!([]), vec!["e"]),
    ] {
        let claims = claims_but(json!({ "scope": scope, "scp": scp }));
        let identity = present(&deployment, &at_jwt(), &claims).unwrap();
        assert_eq!(identity.scopes, expected, "{scope} {scp}");
    }
    for value in [
        Value::Null,
        json!(1),
        json!({ "a": 1 }),
        json!(["a", 1]),
        json!([["a"]]),
        json!(true),
    ] {
        for name in ["scope", "scp"] {
            let result = present(&deployment, &at_jwt(), &claims_but(json!({ name: value })));
            assert_refused("type", result, 401, &format!("claim_invalid name={name}"));
        }
    }
}

#[test]
fn a_token_without_the_required_scopes_is_refused_at_the_door() {
    let result = present(
        &Deployment::remote(),
        &at_jwt(),
        &claims_but(json!({ "scope": "image:read" })),
    );
    let denial = result.unwrap_err();
    assert_eq!(
        (denial.status, denial.code.as_str()),
        (403, "insufficient_scope")
    );
    let challenge = denial.challenge.unwrap();
    assert!(
        challenge.contains(r#"error="insufficient_scope""#)
            && challenge.contains(r#"scope="image:use image:read""#)
    );
    for scope in [
        "image:user",
        "image:us",
        "IMAGE:USE",
        "image:use,image:read",
        "image:use\timage:read",
    ] {
        let result = present(
            &Deployment::remote(),
            &at_jwt(),
            &claims_but(json!({ "scope": scope })),
        );
        assert_refused(scope, result, 403, "insufficient_scope");
    }
}

#[test]
fn reading_and_writing_need_their_own_scopes() {
    let policy = Deployment::remote().policy();
    for (held, method, writes, allowed) in [
        ("image:use", "tools/list", false, true),
        ("image:use", "ping", false, true),
        ("image:use", "tools/call", false, false),
        ("image:use", "resources/read", false, false),
        ("image:use", "resources/list", false, false),
        ("image:use", "an/unknown", false, false),
        ("image:use image:read", "tools/call", false, true),
        ("image:use image:read", "prompts/get", false, true),
        ("image:use image:read", "tools/call", true, false),
        ("image:use image:read", "tools/list", true, false),
        ("image:use image:write", "tools/call", true, true),
        ("image:use image:write", "tools/call", false, false),
        ("image:read image:write", "tools/call", true, false),
        ("", "tools/list", false, false),
    ] {
        let result = policy.authorize(&holding(held), &operation(method, writes));
        assert_eq!(result.is_ok(), allowed, "{held} {method} {writes}");
    }
}

#[test]
fn one_scope_may_imply_others_when_the_deployment_says_so() {
    let deployment = Deployment::remote().with(
        "OIDC_SCOPE_IMPLICATIONS",
        "image:admin > image:write, image:use; image:write > image:read; image:read > image:write",
    );
    let policy = deployment.policy();
    let admin = present(
        &deployment,
        &at_jwt(),
        &claims_but(json!({ "scope": "image:admin" })),
    )
    .unwrap();
    assert_eq!(
        admin.scopes,
        ["image:admin"],
        "the identity holds what the token says"
    );
    for writes in [true, false] {
        assert_eq!(
            policy.authorize(&admin, &operation("tools/call", writes)),
            Ok(())
        );
    }
    let writer = holding("image:write");
    assert!(
        policy
            .authorize(&writer, &operation("tools/call", false))
            .is_err(),
        "nothing implies image:use here"
    );
}

#[test]
fn further_claims_count_as_scopes_when_the_deployment_says_so() {
    let deployment = Deployment::remote().with("OIDC_SCOPE_CLAIMS", "permissions roles");
    let claims = claims_but(
        json!({ "scope": "openid", "permissions": ["image:use"], "roles": "image:read", "other": "x" }),
    );
    let identity = present(&deployment, &at_jwt(), &claims).unwrap();
    assert_eq!(identity.scopes, ["openid", "image:use", "image:read"]);
    assert_refused(
        "not asked for",
        present(&Deployment::remote(), &at_jwt(), &claims),
        403,
        "insufficient_scope",
    );
}

#[test]
fn a_static_token_has_all_configured_scopes() {
    let deployment = Deployment::remote()
        .with("BEARER_TOKEN", STATIC_TOKEN)
        .with("BEARER_DEFAULT_SUBJECT", "ci");
    let policy = deployment.policy();
    let provider = FakeProvider::signing("{}", "{}");
    let identity = policy
        .authenticate(&bearing(STATIC_TOKEN), &provider)
        .unwrap();
    assert_eq!(provider.verifications.get(), 0);
    assert_eq!(
        (identity.subject.as_str(), identity.issuer.as_deref()),
        ("ci", None)
    );
    assert_eq!(identity.scopes, ["image:use", "image:read", "image:write"]);
    for writes in [true, false] {
        assert_eq!(
            policy.authorize(&identity, &operation("tools/call", writes)),
            Ok(())
        );
    }
    let refused = policy.authenticate(&bearing("0123456789abcdef0123456789abcdeF"), &provider);
    assert_refused("another token", refused, 401, "token_opaque");
}

#[test]
fn a_deployment_may_advertise_other_scopes_than_it_needs_first() {
    let deployment = Deployment::remote().with(
        "OIDC_ADVERTISED_SCOPES",
        "image:write offline_access openid",
    );
    let provider = FakeProvider::signing("{}", "{}");
    let denial = deployment
        .policy()
        .authenticate(&request(&[]), &provider)
        .unwrap_err();
    let scope = r#"scope="image:use image:write openid""#;
    assert!(denial.challenge.unwrap().contains(scope));
    let document = get(
        &deployment,
        "/.well-known/oauth-protected-resource",
        &provider,
    )
    .unwrap();
    let document: serde_json::Value = serde_json::from_slice(&document.body).unwrap();
    assert_eq!(
        document["scopes_supported"],
        json!(["image:use", "image:write", "openid"])
    );
    assert!(
        present(&deployment, &at_jwt(), &valid_claims()).is_ok(),
        "advice is no demand"
    );
}
