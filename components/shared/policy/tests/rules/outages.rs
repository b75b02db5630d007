//! A provider that is away is not the fault of a token (attack row 37): 503, never 401.

use policy::keys::{Failure, Unavailable};

use crate::support::*;

#[test]
fn no_token_is_refused_while_the_provider_was_never_reachable() {
    for head in [
        bearing(TOKEN),
        request(&[]),
        request(&[("authorization", "Basic x")]),
    ] {
        let denial = Deployment::remote()
            .policy()
            .authenticate(&head, &FakeProvider::down())
            .unwrap_err();
        assert_eq!(
            (denial.status, denial.code.as_str()),
            (503, "temporarily_unavailable")
        );
        assert_eq!(
            (denial.retry_after_seconds, denial.challenge),
            (Some(7), None)
        );
        assert_eq!(
            denial.reason,
            r#"provider_unavailable "connect\r\nrefused""#
        );
    }
}

#[test]
fn keys_that_cannot_be_had_are_an_outage_too() {
    let failure = Failure::Unavailable(Unavailable {
        reason: "no keys".to_owned(),
        retry_after_seconds: 3,
    });
    let provider = FakeProvider::refusing(failure);
    let denial = Deployment::remote()
        .policy()
        .authenticate(&bearing(TOKEN), &provider)
        .unwrap_err();
    assert_eq!((denial.status, denial.retry_after_seconds), (503, Some(3)));
}

#[test]
fn a_provider_that_is_not_granted_is_a_fault_of_the_deployment() {
    let refused = Failure::NotGranted(CONFIG_URL.to_owned());
    for provider in [
        FakeProvider {
            provider: Err(refused.clone()),
            ..FakeProvider::signing("{}", "{}")
        },
        FakeProvider::refusing(refused),
    ] {
        let result = Deployment::remote()
            .policy()
            .authenticate(&bearing(TOKEN), &provider);
        assert_refused("not granted", result, 503, "provider_not_granted");
    }
}

#[test]
fn a_malformed_request_stays_malformed_and_a_static_token_stays_good() {
    let deployment = Deployment::remote().with("BEARER_TOKEN", STATIC_TOKEN);
    let policy = deployment.policy();
    assert_refused(
        "malformed",
        policy.authenticate(&bearing("a b"), &FakeProvider::down()),
        400,
        "authorization_malformed",
    );
    let identity = policy
        .authenticate(&bearing(STATIC_TOKEN), &FakeProvider::down())
        .unwrap();
    assert_eq!(identity.subject, "bearer-anon");
}

#[test]
fn the_documents_wait_for_the_provider() {
    for path in [
        "/.well-known/oauth-protected-resource/vault/mcp",
        "/.well-known/oauth-authorization-server/vault/mcp",
    ] {
        let response = get(&Deployment::remote(), path, &FakeProvider::down()).unwrap();
        assert_eq!(response.status, 503);
        assert_eq!(field(&response, "retry-after"), Some("7"));
        assert_eq!(field(&response, "cache-control"), Some("no-store"));
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["error"], "temporarily_unavailable");
    }
}
