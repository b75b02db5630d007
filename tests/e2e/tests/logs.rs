//! What an operator finds in the log, and what nobody must find there. (That no secret is in any
//! log of any test, the harness checks when a server is dropped.)

use e2e::browser::Person;
use e2e::idp::Idp;
use e2e::keys::Key;
use e2e::oauth_client::{Pkce, Tokens};
use e2e::scripted_idp::ScriptedIdp;
use e2e::settings::{AUDIENCE, Settings};
use e2e::site::Plan;
use serde_json::{Value, json};

/// The client learns a code; the operator learns the reason, under the id that the client has.
#[tokio::test]
async fn a_refusal_is_explained_to_the_operator() {
    let key = Key::generate("rs", "RS256");
    let idp = ScriptedIdp::start(&[&key]).await;
    let settings = Settings::remote(&idp.config_url()).with("OIDC_REQUIRED_SCOPES", "image:read");
    let server = settings.with("LOG_FORMAT", "json").start().await;
    server.ready().await;
    let good = idp.token(AUDIENCE);
    for (reason, token) in [
        (
            "aud_mismatch",
            good.clone()
                .claim("aud", json!("https://other.example"))
                .sign(&key),
        ),
        (
            "iss_mismatch",
            good.clone()
                .claim("iss", json!("https://other.example"))
                .sign(&key),
        ),
        (
            "token_expired",
            good.clone().claim("exp", json!(1)).sign(&key),
        ),
        ("claim_invalid", good.clone().without("exp").sign(&key)),
        (
            "typ_refused",
            good.clone().header("typ", json!("logout+jwt")).sign(&key),
        ),
        (
            "alg_refused",
            good.clone().header("alg", json!("none")).sign(&key),
        ),
        (
            "key_unknown",
            good.clone().header("kid", json!("stranger")).sign(&key),
        ),
        (
            "signature_invalid",
            good.clone().sign(&Key::generate("rs", "RS256")),
        ),
        (
            "insufficient_scope",
            good.clone().without("scope").sign(&key),
        ),
        ("token_opaque", "opaque-token-of-somebody".to_owned()),
    ] {
        let before = server.logs().text().len();
        let reply = server.as_bearer(&token).list_tools().await;
        assert!(
            [401, 403].contains(&reply.status),
            "{reason}: {}",
            reply.status
        );
        assert!(
            !reply.text().contains(reason) || reason == "insufficient_scope",
            "{reason} is told to the client"
        );
        let id = reply.header("x-request-id").unwrap().to_owned();
        server.logs().wait_for_line(before, &[&id, reason]).await;
    }
    assert_eq!(
        server.as_bearer(&good.sign(&key)).list_tools().await.status,
        200
    );
    let lines = server.logs().text();
    for line in lines
        .lines()
        .filter(|line| !line.starts_with("listening on "))
    {
        let event: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            event["level"].is_string() && event["timestamp"].is_string(),
            "{event}"
        );
    }
}

/// Text of a request in a log must not look like a line of the log.
#[tokio::test]
async fn nobody_writes_lines_into_the_log() {
    let key = Key::generate("rs", "RS256");
    let idp = ScriptedIdp::start(&[&key]).await;
    let server = Settings::remote(&idp.config_url()).start().await;
    server.ready().await;
    let forged = "x\n2026-01-01T00:00:00Z  INFO forged line\r\n\u{1b}[31mred";
    let token = idp.token(AUDIENCE);
    for token in [
        token.clone().claim("aud", json!(forged)),
        token.clone().claim("iss", json!(forged)),
        token.clone().header("kid", json!(forged)),
        token.clone().header("typ", json!(forged)),
        token.clone().claim("sub", json!(forged)),
    ] {
        server.as_bearer(&token.sign(&key)).list_tools().await;
    }
    let bearer = token.sign(&key);
    server.as_bearer(&bearer).rpc(forged, json!({})).await;
    let log = server.logs().text();
    assert!(
        !log.lines()
            .any(|line| line.starts_with("2026-01-01") || line.contains('\u{1b}')),
        "{log}"
    );
}

/// Everything that a sign-in passes on, searched for at the level that says most. What to search for
/// the network has learnt by itself; that it did, is asserted here.
#[tokio::test]
async fn row_71_nothing_of_a_sign_in_is_in_the_log_at_any_level() {
    let plan = Plan::default()
        .with("LOG_LEVEL", "trace")
        .with("OIDC_ALLOWED_EMAILS", "alice@example.com");
    let site = plan.start(Idp::shared().await).await;
    let granted = site.granted("alice").await;
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    let caller = site.caller(&tokens.access);
    caller.generate("a prompt that nobody reads in a log").await;
    let next = Tokens::of(&granted.client.refresh(tokens.refresh()).await);
    // Refusals explain themselves, and repeat nothing.
    granted.client.redeem(&granted.code, &granted.pkce).await;
    granted
        .client
        .refresh(&next.refresh().replace('A', "B"))
        .await;
    granted.client.refresh(tokens.refresh()).await;
    site.caller(&format!("{}x", next.access)).list_tools().await;
    let stranger = site.browser();
    let page = stranger
        .sign_in(
            &granted.client.authorization(&Pkce::default(), &[]),
            Person::named("stranger"),
        )
        .await;
    assert!(!page.outside || page.parameter("code").is_none());
    granted.client.revoke(next.refresh()).await;
    let learnt = site.logs.secrets();
    for secret in [
        &granted.code,
        &granted.pkce.verifier,
        &tokens.access,
        tokens.refresh(),
        site.client["client_secret"].as_str().unwrap(),
        &site.signing_key,
        "alice@example.com",
    ] {
        assert!(learnt.contains(secret), "not searched for: {secret}");
    }
    assert!(learnt.len() >= 20, "{} secrets", learnt.len());
    site.logs.keep_secret("stranger@example.com");
    site.logs.assert_no_secret();
}
