//! Each auth mode is started by configuration alone, with the same tools, byte for byte. What is
//! incomplete or contradictory does not start.

use e2e::artifacts;
use e2e::caller::Caller;
use e2e::idp::Idp;
use e2e::settings::{AUDIENCE, BASE_URL, Settings};
use serde_json::{Value, json};

const TOKEN: &str = "4f1c9a7be20d8836c5d2f0a9b7e61354c8d9e0f1a2b3c4d5";
const ANOTHER: &str = "b7d2e9f04a6c81352e7f9a0d4c6b8e1f3a5d7c9b1e0f2a4c";

#[tokio::test]
async fn the_mode_is_configuration_and_the_tools_never_change() {
    let idp = Idp::shared().await;
    let signed = idp.token("ES256", AUDIENCE).await;
    let remote = || Settings::remote(&idp.config_url());
    let mut digests = Vec::new();
    for (name, settings, (anonymous, fixed, with_signature)) in [
        ("none", Settings::default(), (200, 200, 200)),
        (
            "none, asked for",
            Settings::default().with("AUTH_MODE", "none"),
            (200, 200, 200),
        ),
        (
            "bearer",
            Settings::default().with("BEARER_TOKEN", TOKEN),
            (401, 200, 401),
        ),
        (
            "bearer file",
            with_tokens_file(Settings::default()),
            (401, 200, 401),
        ),
        ("remote", remote(), (401, 401, 200)),
        (
            "remote, asked for",
            remote().with("AUTH_MODE", "remote"),
            (401, 401, 200),
        ),
        (
            "remote and bearer",
            remote().with("BEARER_TOKEN", TOKEN),
            (401, 200, 200),
        ),
        (
            "remote and bearer file",
            with_tokens_file(remote()),
            (401, 200, 200),
        ),
        ("oidc-proxy", proxy(&idp.config_url()), (401, 401, 401)),
        (
            "oidc-proxy and bearer",
            proxy(&idp.config_url())
                .with("AUTH_MODE", "oidc-proxy")
                .with("BEARER_TOKEN", TOKEN),
            (401, 200, 401),
        ),
        (
            "a component file",
            with_policy_file(Settings::default()),
            (401, 200, 401),
        ),
    ] {
        let (policy, tools) = used_components(&settings);
        digests.push((tools, policy));
        let server = settings.start().await;
        server.ready().await;
        for (who, caller, expected) in [
            ("anonymous", server.as_anonymous(), anonymous),
            ("fixed token", server.as_bearer(TOKEN), fixed),
            ("signed token", server.as_bearer(&signed), with_signature),
            (
                "wrong token",
                server.as_bearer(ANOTHER),
                if anonymous == 200 { 200 } else { 401 },
            ),
        ] {
            assert_answer(&format!("{name}: {who}"), &caller, expected).await;
        }
    }
    let tools = &digests[0].0;
    assert_eq!(tools.len(), 64, "not a SHA-256: {tools}");
    assert!(
        digests.iter().all(|(other, _)| other == tools),
        "the tools changed: {digests:?}"
    );
    let policies: std::collections::BTreeSet<_> =
        digests.iter().map(|(_, policy)| policy).collect();
    assert_eq!(policies.len(), 4, "four policies took turns: {digests:?}");
}

async fn assert_answer(row: &str, caller: &Caller, expected: u16) {
    let reply = caller.list_tools().await;
    assert_eq!(reply.status, expected, "{row}: {}", reply.text());
    if expected == 401 {
        assert_eq!(reply.json()["error"], "invalid_token", "{row}");
        reply.challenge();
    }
}

/// Digests of the policy and the tools that a configuration uses, as the binary reports them.
fn used_components(settings: &Settings) -> (String, String) {
    let outcome = settings.run(&["components", "--json"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let rows: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    let exporting = |interface: &str| {
        let exports = |row: &&Value| {
            row["exports"]
                .as_array()
                .unwrap()
                .iter()
                .any(|name| name.as_str().unwrap().starts_with(interface))
        };
        let mut used = rows
            .iter()
            .filter(|row| row["used"] == true)
            .filter(exports);
        let digest = used
            .next()
            .unwrap_or_else(|| panic!("nothing exports {interface}: {}", outcome.stdout))["sha256"]
            .clone();
        assert!(used.next().is_none(), "two components export {interface}");
        digest.as_str().unwrap().to_owned()
    };
    (
        exporting("imagegen:auth/authorizer"),
        exporting("wasi:http/incoming-handler"),
    )
}

fn proxy(config_url: &str) -> Settings {
    let client = json!({"client_id": "us", "client_secret": "a-secret-of-ours-at-the-provider"});
    Settings::oidc_proxy(BASE_URL, config_url, &client)
}

fn with_tokens_file(settings: Settings) -> Settings {
    let path = settings.home().join("tokens.toml");
    std::fs::write(
        &path,
        format!("[tokens]\n\"{TOKEN}\" = \"alice\"\n\"c{ANOTHER}\" = \"bob\"\n"),
    )
    .unwrap();
    settings.with_path("BEARER_TOKENS_FILE", &path)
}

/// The bearer policy as a file, which is how somebody else's policy would come.
fn with_policy_file(settings: Settings) -> Settings {
    let path = settings.home().join("policy.wasm");
    std::fs::copy(artifacts::component("auth-bearer"), &path).unwrap();
    settings
        .with_path("AUTH_COMPONENT", &path)
        .with("BEARER_TOKEN", TOKEN)
}

#[test]
fn what_is_incomplete_does_not_start() {
    let config_url = "https://idp.example/.well-known/openid-configuration";
    let base = Settings::default;
    for (settings, named) in [
        (
            base().with("AUTH_MODE", "remote"),
            vec!["BASE_URL", "OIDC_CONFIG_URL"],
        ),
        (base().with("OIDC_CONFIG_URL", config_url), vec!["BASE_URL"]),
        (
            base().with("OIDC_AUDIENCE", "x"),
            vec!["BASE_URL", "OIDC_CONFIG_URL"],
        ),
        (base().with("AUTH_MODE", "bearer"), vec!["BEARER_TOKEN"]),
        (
            base().with("AUTH_MODE", "none").with("BEARER_TOKEN", TOKEN),
            vec!["AUTH_MODE", "BEARER_TOKEN"],
        ),
        (base().with("AUTH_MODE", "oidc"), vec!["AUTH_MODE"]),
        (base().with("BEARER_TOKEN", "short"), vec!["BEARER_TOKEN"]),
        (
            base().with("BEARER_TOKENS_FILE", "/nowhere/tokens.toml"),
            vec!["BEARER_TOKENS_FILE"],
        ),
        (
            base().with("HOST", "0.0.0.0"),
            vec!["HOST", "DANGER_ALLOW_ANONYMOUS"],
        ),
        (base().with("READ_ONLY", "ture"), vec!["READ_ONLY"]),
        (base().with("REED_ONLY", "true"), vec!["REED_ONLY"]),
        (
            proxy(config_url).with("OIDC_CLIENT_SECRET", ""),
            vec!["OIDC_CLIENT_SECRET"],
        ),
        (
            proxy(config_url).with("OIDC_JWT_SIGNING_KEY", "short"),
            vec!["OIDC_JWT_SIGNING_KEY"],
        ),
    ] {
        assert_names(&settings.refused(), &named);
    }
}

#[test]
fn all_faults_are_listed_at_once() {
    let settings = Settings::default()
        .with("AUTH_MODE", "remote")
        .with("BASE_URL", "http://images.example.com")
        .with("READ_ONLY", "perhaps")
        .with("REQUEST_TIMEOUT_S", "soon")
        .with("BEARER_TOKEN", "hunter2")
        .with("MAX_BODY_BYTES", "-1");
    let text = settings.refused();
    assert_names(
        &text,
        &[
            "BASE_URL",
            "OIDC_CONFIG_URL",
            "READ_ONLY",
            "REQUEST_TIMEOUT_S",
            "BEARER_TOKEN",
            "MAX_BODY_BYTES",
        ],
    );
    assert!(!text.contains("hunter2"), "a secret is shown:\n{text}");
}

#[test]
fn an_incomplete_oidc_proxy_is_refused() {
    assert_names(
        &Settings::default()
            .with("AUTH_MODE", "oidc-proxy")
            .refused(),
        &[
            "BASE_URL",
            "OIDC_CONFIG_URL",
            "OIDC_CLIENT_ID",
            "OIDC_CLIENT_SECRET",
        ],
    );
}

fn assert_names(text: &str, settings: &[&str]) {
    for setting in settings {
        assert!(text.contains(setting), "{setting} is not named:\n{text}");
    }
}
