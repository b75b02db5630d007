//! What the other subcommands tell an operator.

use e2e::artifacts;
use e2e::idp::{ALGORITHMS, Idp};
use e2e::settings::Settings;
use serde_json::Value;
use sha2::{Digest, Sha256};

#[tokio::test]
async fn check_says_what_it_found_at_the_provider() {
    let idp = Idp::shared().await;
    let settings = Settings::remote(&idp.config_url()).with("OIDC_REQUIRED_SCOPES", "image:read");
    let outcome = settings.run(&["check"]);
    assert_eq!(
        outcome.code,
        Some(0),
        "{}{}",
        outcome.stdout,
        outcome.stderr
    );
    for word in [idp.issuer(), "4 keys", "auth-remote", "image-tools"]
        .into_iter()
        .chain(ALGORITHMS)
    {
        assert!(
            outcome.stdout.contains(word),
            "`{word}` is not in:\n{}",
            outcome.stdout
        );
    }
}

#[test]
fn check_fails_when_the_provider_is_down() {
    let port = e2e::settings::free_port();
    let url = format!("http://127.0.0.1:{port}/.well-known/openid-configuration");
    let outcome = Settings::remote(&url).run(&["check"]);
    assert_eq!(
        outcome.code,
        Some(1),
        "{}{}",
        outcome.stdout,
        outcome.stderr
    );
    assert!(
        outcome.stdout.contains(&url) && outcome.stdout.contains("hint: "),
        "{}",
        outcome.stdout
    );
}

#[test]
fn check_names_every_fault() {
    let outcome = Settings::default()
        .with("AUTH_MODE", "remote")
        .with("READ_ONLY", "no way")
        .run(&["check"]);
    assert_eq!(outcome.code, Some(64));
    for name in ["BASE_URL", "OIDC_CONFIG_URL", "READ_ONLY"] {
        assert!(
            outcome.stderr.contains(name),
            "{name} is not named:\n{}",
            outcome.stderr
        );
    }
}

#[test]
fn components_are_listed_as_they_are() {
    let outcome = Settings::default().run(&["components", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr));
    for name in ["auth-none", "auth-bearer", "auth-remote", "image-tools"] {
        let row = rows
            .iter()
            .find(|row| row["name"] == name)
            .unwrap_or_else(|| panic!("{name} is not listed: {rows:?}"));
        let bytes = std::fs::read(artifacts::component(name)).unwrap();
        assert_eq!(row["size"], bytes.len(), "{name}");
        let digest: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(row["sha256"], digest, "{name}");
        let lists = |key: &str, interface: &str| {
            row[key]
                .as_array()
                .unwrap()
                .iter()
                .any(|entry| entry.as_str().unwrap().starts_with(interface))
        };
        if name == "image-tools" {
            assert!(
                lists("imports", "imagegen:store/blobs")
                    && lists("exports", "wasi:http/incoming-handler"),
                "{row}"
            );
        } else {
            assert!(lists("exports", "imagegen:auth/authorizer"), "{row}");
            assert!(
                !lists("imports", "wasi:http/") && !lists("imports", "wasi:sockets/"),
                "a policy with a network: {row}"
            );
        }
    }
    let text = Settings::default().run(&["components"]).stdout;
    for part in ["image-tools", "sha256", "imagegen:store/blobs", "bytes"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn help_is_there_without_a_subcommand() {
    let outcome = Settings::default().run(&[]);
    assert_eq!(outcome.code, Some(0));
    for command in ["serve", "check", "components"] {
        assert!(outcome.stdout.contains(command), "{}", outcome.stdout);
    }
}
