//! `check --login`: an operator walks through the sign-in and learns what to change at the provider.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use e2e::browser::{Browser, Person};
use e2e::idp::Idp;
use e2e::logs::Logs;
use e2e::network::Network;
use e2e::process::Process;
use e2e::settings::{BASE_URL, Settings};
use serde_json::{Value, json};
use url::Url;

/// What the command printed, and its exit code.
struct Walk {
    code: Option<i32>,
    text: String,
}

/// Runs the command; when it asks somebody to open an address, a browser does.
async fn walk(settings: &Settings, idp: &Idp) -> Walk {
    let mut command = settings.command();
    command
        .args(["check", "--login", "--port", "0", "--wait", "30"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = Process::spawn(&mut command);
    let logs = Logs::default();
    let reader = logs.follow(process.stderr.take().unwrap());
    let lines = BufReader::new(process.stdout.take().unwrap());
    let (address, mut lines, mut text) = tokio::task::spawn_blocking(move || {
        let (mut lines, mut text) = (lines, String::new());
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap() == 0 {
                return (None, lines, text);
            }
            text.push_str(&line);
            let word = line
                .split_whitespace()
                .find(|word| word.contains("code_challenge="));
            if let Some(address) = word.and_then(|word| Url::parse(word).ok()) {
                return (Some(address), lines, text);
            }
        }
    })
    .await
    .unwrap();
    if let Some(address) = address {
        let network = Network::new(&logs);
        network.serve(idp.issuer(), [idp.issuer()]);
        let page = Browser::new(&network)
            .sign_in(&address, Person::named("alice"))
            .await;
        logs.keep_secret("alice@example.com");
        if page.outside {
            // The command itself waits there.
            reqwest::get(page.url).await.unwrap();
        }
    }
    let (rest, status) = tokio::task::spawn_blocking(move || {
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut lines, &mut rest).unwrap();
        (rest, process.end())
    })
    .await
    .unwrap();
    reader.join().unwrap();
    text.push_str(&rest);
    logs.assert_no_secret();
    text.push_str(&logs.text());
    Walk {
        code: status.code(),
        text,
    }
}

async fn registered(idp: &Idp, changes: Value) -> Value {
    let mut metadata = json!({
        "redirect_uris": ["http://127.0.0.1/auth/callback", format!("{BASE_URL}/auth/callback")],
        "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    idp.register(metadata).await
}

#[tokio::test]
async fn a_provider_that_is_set_up_well_passes() {
    let idp = Idp::shared().await;
    let client = registered(idp, json!({})).await;
    let settings = Settings::oidc_proxy(BASE_URL, &idp.config_url(), &client);
    let walk = walk(&settings, idp).await;
    assert_eq!(walk.code, Some(0), "{}", walk.text);
    for expected in [
        "issuer",
        "the code was exchanged",
        "refreshing works",
        "signing in works",
    ] {
        assert!(
            walk.text.contains(expected),
            "no `{expected}`:\n{}",
            walk.text
        );
    }
}

#[tokio::test]
async fn an_address_that_is_not_registered_is_named() {
    let idp = Idp::shared().await;
    let only_ours = json!({"redirect_uris": [format!("{BASE_URL}/auth/callback")]});
    let client = registered(idp, only_ours).await;
    let settings = Settings::oidc_proxy(BASE_URL, &idp.config_url(), &client);
    let walk = walk(&settings, idp).await;
    assert_ne!(walk.code, Some(0), "{}", walk.text);
    let expected = "register the redirect URI `http://127.0.0.1:";
    assert!(walk.text.contains(expected), "{}", walk.text);
    // And the one of the server itself, when that is what is missing.
    let only_local = json!({"redirect_uris": ["http://127.0.0.1/auth/callback"]});
    let client = registered(idp, only_local).await;
    let settings = Settings::oidc_proxy(BASE_URL, &idp.config_url(), &client);
    let walk = self::walk(&settings, idp).await;
    assert!(
        walk.text.contains(&format!(
            "register the redirect URI `{BASE_URL}/auth/callback`"
        )),
        "{}",
        walk.text
    );
}

#[tokio::test]
async fn a_provider_without_refresh_tokens_is_named() {
    let idp = Idp::shared().await;
    let client = registered(idp, json!({"grant_types": ["authorization_code"]})).await;
    let settings = Settings::oidc_proxy(BASE_URL, &idp.config_url(), &client);
    let walk = walk(&settings, idp).await;
    assert!(walk.text.contains("refresh token"), "{}", walk.text);
}

#[tokio::test]
async fn a_wrong_secret_is_named() {
    let idp = Idp::shared().await;
    let mut client = registered(idp, json!({})).await;
    client["client_secret"] = json!("not-the-secret-of-this-client-at-all");
    let settings = Settings::oidc_proxy(BASE_URL, &idp.config_url(), &client);
    let walk = walk(&settings, idp).await;
    assert_ne!(walk.code, Some(0), "{}", walk.text);
    assert!(walk.text.contains("OIDC_CLIENT_SECRET"), "{}", walk.text);
    assert!(!walk.text.contains("not-the-secret"), "{}", walk.text);
}
