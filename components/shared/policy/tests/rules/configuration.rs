//! Settings: all faults at once, no value repeated, nobody let in by a mistake.

use crate::support::*;

/// The faults of a deployment, each by the name of its setting.
fn faults(deployment: &Deployment) -> String {
    let policy = deployment.policy();
    let denial = policy
        .authenticate(&bearing(TOKEN), &FakeProvider::signing("{}", "{}"))
        .unwrap_err();
    assert_eq!((denial.status, denial.challenge.as_deref()), (503, None));
    let text = policy.faults().map(ToString::to_string).unwrap_or_default();
    assert_eq!(denial.reason, format!("configuration_faulty {text}"));
    text
}

#[test]
fn what_must_be_set() {
    let text = faults(&Deployment::default());
    assert_eq!(
        text,
        "`BASE_URL`: is not set; `OIDC_CONFIG_URL`: is not set"
    );
}

#[test]
fn every_fault_is_found_and_no_value_repeated() {
    let deployment = Deployment::default()
        .with("BASE_URL", "https://user:secret@h.example")
        .with("OIDC_CONFIG_URL", "   ")
        .with("OIDC_ALGORITHMS", "RS256 secret")
        .with("OIDC_CLOCK_LEEWAY_S", "121")
        .with("OIDC_MAX_TOKEN_AGE_S", "0")
        .with("OIDC_REQUIRE_AT_JWT", "secret")
        .with("OIDC_READ_SCOPES", "a\\secret")
        .with("OIDC_SCOPE_IMPLICATIONS", "secret")
        .with("BEARER_TOKEN", "secret");
    let text = faults(&deployment);
    for name in [
        "BASE_URL",
        "OIDC_CONFIG_URL",
        "OIDC_ALGORITHMS",
        "OIDC_CLOCK_LEEWAY_S",
        "OIDC_MAX_TOKEN_AGE_S",
        "OIDC_REQUIRE_AT_JWT",
        "OIDC_READ_SCOPES",
        "OIDC_SCOPE_IMPLICATIONS",
        "BEARER_TOKEN",
    ] {
        assert!(text.contains(&format!("`{name}`: ")), "{name} in {text}");
    }
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn a_faulty_value_never_becomes_a_default() {
    for (name, value) in [
        ("BASE_URL", "h.example"),
        ("BASE_URL", "ftp://h.example"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https:///vault"),
        ("BASE_URL", "https://h.example/?x"),
        ("BASE_URL", "https://h.example/#x"),
        ("BASE_URL", "https://h.example?x"),
        ("BASE_URL", "https://h.example/a\"b"),
        ("BASE_URL", "https://h.example/a b"),
        ("BASE_URL", "https://h.example/../x"),
        ("BASE_URL", "https://h.example/a//b"),
        ("BASE_URL", "https://h\u{e9}.example"),
        ("HTTP_PATH", "/a b"),
        ("HTTP_PATH", "/mcp?x"),
        ("OIDC_ALGORITHMS", "none"),
        ("OIDC_ALGORITHMS", "HS256"),
        ("OIDC_ALGORITHMS", "rs256"),
        ("OIDC_CLOCK_LEEWAY_S", "-1"),
        ("OIDC_CLOCK_LEEWAY_S", "30s"),
        ("OIDC_CLOCK_LEEWAY_S", "1.5"),
        ("OIDC_MAX_TOKEN_AGE_S", "99999999999999999999"),
        ("OIDC_REQUIRE_AT_JWT", "treu"),
        ("OIDC_SCOPE_IMPLICATIONS", "a >"),
        ("OIDC_SCOPE_IMPLICATIONS", "> a"),
        ("BEARER_TOKENS", "]["),
    ] {
        assert!(
            !faults(&Deployment::remote().with(name, value)).is_empty(),
            "{name}={value}"
        );
    }
}

#[test]
fn spellings_that_mean_the_same() {
    let path = "/.well-known/oauth-protected-resource/vault/mcp";
    let provider = FakeProvider::signing("{}", "{}");
    let usual = get(&Deployment::remote(), path, &provider);
    for (name, value) in [
        ("BASE_URL", "https://h.example/vault/"),
        ("HTTP_PATH", "mcp"),
        ("HTTP_PATH", "/mcp/"),
        ("OIDC_REQUIRED_SCOPES", " image:use ,, image:use"),
        ("OIDC_READ_SCOPES", "image:read\timage:use"),
        ("OIDC_REQUIRE_AT_JWT", "No"),
    ] {
        assert_eq!(
            get(&Deployment::remote().with(name, value), path, &provider),
            usual,
            "{name}={value}"
        );
    }
}

#[test]
fn nobody_gets_in_and_no_document_out_without_a_configuration() {
    let faulty = Deployment::remote().without("BASE_URL");
    let provider = FakeProvider::signing(&at_jwt().to_string(), &valid_claims().to_string());
    let response = get(&faulty, "/.well-known/oauth-protected-resource", &provider).unwrap();
    assert_eq!(response.status, 503);
    assert_eq!(get(&faulty, "/token", &provider), None);
    let who = present(&Deployment::remote(), &at_jwt(), &valid_claims()).unwrap();
    assert_eq!(
        faulty
            .policy()
            .authorize(&who, &policy::types::Operation::default())
            .unwrap_err()
            .status,
        503
    );
}

#[test]
fn an_operator_is_told_what_is_unusual() {
    let deployment = Deployment::remote()
        .with("OIDC_ALLOW_UNBOUND_AUDIENCE", "i-understand")
        .with("OIDC_REQUIRED_SCOPES", "offline_access");
    let notes = deployment.policy().notes().join("\n");
    assert!(
        notes.contains("OIDC_ALLOW_UNBOUND_AUDIENCE") && notes.contains("offline_access"),
        "{notes}"
    );
    assert!(Deployment::remote().policy().notes().is_empty());
}
