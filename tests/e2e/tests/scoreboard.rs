//! Fourteen probes at which the best known implementation was measured; the target of each is
//! asserted here, on the shipped binary and a real provider.

use e2e::browser::{Person, forms};
use e2e::idp::Idp;
use e2e::keys::Key;
use e2e::oauth_client::{Pkce, Tokens};
use e2e::scripted_idp::ScriptedIdp;
use e2e::settings::{AUDIENCE, Settings};
use e2e::site::{Plan, Site};
use e2e::token::now;
use e2e::wait::until;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn probe_01_twenty_redemptions_of_one_code_give_one_set_of_tokens() {
    let site = Plan::default().replicas(2).start(Idp::shared().await).await;
    let granted = site.granted("alice").await;
    let redeem = || granted.client.redeem(&granted.code, &granted.pkce);
    let replies = join_all((0..20).map(|_| redeem())).await;
    let successes = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(successes, 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(
            (reply.status, &reply.json()["error"]),
            (400, &json!("invalid_grant"))
        );
    }
}

#[tokio::test]
async fn probe_02_a_replay_is_refused_and_revokes_what_was_issued() {
    let site = Site::start().await;
    let granted = site.granted("alice").await;
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    assert_eq!(site.statuses(&tokens.access).await, [200]);
    let replay = granted.client.redeem(&granted.code, &granted.pkce).await;
    assert_eq!(
        (replay.status, &replay.json()["error"]),
        (400, &json!("invalid_grant"))
    );
    until("the access token is revoked", async || {
        (site.statuses(&tokens.access).await == [401]).then_some(())
    })
    .await;
    assert_eq!(granted.client.refresh(tokens.refresh()).await.status, 400);
}

#[tokio::test]
async fn probe_03_five_refreshes_at_once_get_one_answer_and_the_session_lives() {
    let site = Site::start().await;
    let (client, tokens) = site.signed_in("alice").await;
    let replies = join_all((0..5).map(|_| client.refresh(tokens.refresh()))).await;
    let answers: Vec<Tokens> = replies.iter().map(Tokens::of).collect();
    for answer in &answers {
        assert_eq!(
            (&answer.access, &answer.refresh),
            (&answers[0].access, &answers[0].refresh)
        );
    }
    let next = Tokens::of(&client.refresh(answers[0].refresh()).await);
    assert_eq!(site.statuses(&next.access).await, [200]);
}

#[tokio::test]
async fn probe_04_an_old_refresh_token_has_its_grace_and_then_ends_the_family() {
    let site = Site::start().await;
    let (client, first) = site.signed_in("alice").await;
    let second = Tokens::of(&client.refresh(first.refresh()).await);
    let again = Tokens::of(&client.refresh(first.refresh()).await);
    assert_eq!(
        again.refresh, second.refresh,
        "the same answer, not another one"
    );
    // Once the new one was used, nobody honest has the old one any more.
    let third = Tokens::of(&client.refresh(second.refresh()).await);
    assert_eq!(client.refresh(first.refresh()).await.status, 400);
    assert_eq!(client.refresh(third.refresh()).await.status, 400);
    until("the access token of the family is dead", async || {
        (site.statuses(&third.access).await == [401]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn probe_05_a_session_outlives_its_id_token() {
    let knobs = json!({"knobs": {"id_token_ttl_s": 1}});
    let plan = Plan::default()
        .client(knobs)
        .with("OIDC_CLOCK_LEEWAY_S", "1");
    let site = plan.start(Idp::shared().await).await;
    let (client, tokens) = site.signed_in("alice").await;
    let over = now() + 3;
    until("the id token has expired", async || {
        (now() > over).then_some(())
    })
    .await;
    assert_eq!(site.statuses(&tokens.access).await, [200]);
    let next = Tokens::of(&client.refresh(tokens.refresh()).await);
    assert_eq!(site.statuses(&next.access).await, [200]);
}

#[tokio::test]
async fn probe_06_a_restart_with_an_empty_disk_and_the_same_key_loses_nobody() {
    let mut site = Site::start().await;
    let granted = site.granted("alice").await;
    let (client, tokens) = site.signed_in("alice").await;
    site.servers.clear();
    site.add_server(&[]).await;
    assert_eq!(site.statuses(&tokens.access).await, [200]);
    let next = Tokens::of(&client.refresh(tokens.refresh()).await);
    assert_eq!(site.statuses(&next.access).await, [200]);
    // A code of before, too, and a client that registered before.
    Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
}

#[tokio::test]
async fn probe_07_an_access_token_is_dead_after_its_revocation() {
    let site = Site::start().await;
    let (client, tokens) = site.signed_in("alice").await;
    assert_eq!(site.statuses(&tokens.access).await, [200]);
    assert_eq!(client.revoke(&tokens.access).await.status, 200);
    until("the token is refused", async || {
        (site.statuses(&tokens.access).await == [401]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn probe_08_a_confused_deputy_meets_the_consent_page() {
    let site = Site::start().await;
    let victim = site.browser();
    let granted = site
        .granted_to(site.registered().await, &victim, "victor")
        .await;
    Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    // The victim is signed in everywhere, and clicks on one link.
    let mut evil = site.stranger().await;
    evil.redirect_uri = "https://evil.example/cb".into();
    let evil = evil.registered("Painter").await;
    let page = victim
        .open(&evil.authorization(&Pkce::default(), &[]))
        .await;
    assert!(!page.outside, "sent on to {}", page.url);
    assert_eq!(forms(&page.reply.text(), &page.url).len(), 1);
    assert!(page.reply.text().contains("evil.example"));
}

#[tokio::test]
async fn probe_09_metadata_below_a_path_is_at_all_mandated_places() {
    let base = "https://images.example.com/vault";
    let site = Plan::default().at(base).start(Idp::shared().await).await;
    for path in [
        "/.well-known/oauth-authorization-server/vault",
        "/.well-known/openid-configuration/vault",
        "/vault/.well-known/openid-configuration",
    ] {
        let reply = site.server().as_anonymous().get(path).await;
        assert_eq!(
            (reply.status, &reply.json()["issuer"]),
            (200, &json!(base)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn probe_10_tokens_without_end_of_tomorrow_of_others_and_bound_ones_are_refused() {
    let key = Key::generate("rs", "RS256");
    let idp = ScriptedIdp::start(&[&key]).await;
    let server = Settings::remote(&idp.config_url()).start().await;
    server.ready().await;
    let good = idp.token(AUDIENCE);
    let id_token = good
        .clone()
        .header("typ", json!("JWT"))
        .claim("nonce", json!("n"));
    for (row, token) in [
        ("no exp", good.clone().without("exp")),
        (
            "nbf in an hour",
            good.clone().claim("nbf", json!(now() + 3600)),
        ),
        ("id token", id_token),
        ("bound", good.clone().claim("cnf", json!({"jkt": "x"}))),
    ] {
        let reply = server.as_bearer(&token.sign(&key)).list_tools().await;
        assert_eq!(reply.status, 401, "{row}");
    }
    assert_eq!(
        server.as_bearer(&good.sign(&key)).list_tools().await.status,
        200
    );
}

#[tokio::test]
async fn probe_11_a_missing_scope_is_named() {
    let plan = Plan::default()
        .with("OIDC_REQUIRED_SCOPES", "image:read")
        .with("OIDC_WRITE_SCOPES", "image:write");
    let site = plan.start(Idp::shared().await).await;
    let mut client = site.registered().await;
    client.scope = "image:read".into();
    let granted = site.granted_to(client, &site.browser(), "alice").await;
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    let caller = site.caller(&tokens.access);
    assert_eq!(caller.list_tools().await.status, 200);
    let arguments = json!({"prompt": "a boat without permission", "provider": "placeholder"});
    let reply = caller.call("generate_image", arguments).await;
    let challenge = reply.challenge();
    assert_eq!(
        (reply.status, challenge.get("error")),
        (403, Some("insufficient_scope"))
    );
    assert_eq!(challenge.scopes(), ["image:read", "image:write"]);
}

#[tokio::test]
async fn probe_12_a_browser_may_ask_what_it_may_send() {
    let site = Site::start().await;
    let browser = site
        .server()
        .as_anonymous()
        .with_header("origin", "https://page.example")
        .with_header("access-control-request-method", "POST")
        .with_header("access-control-request-headers", "authorization");
    for path in ["/mcp", "/token", "/register", "/revoke"] {
        let reply = browser.send(Method::OPTIONS, path, "").await;
        assert_eq!(reply.status, 204, "{path}");
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            None,
            "{path}"
        );
    }
}

#[tokio::test]
async fn probe_13_sixty_registrations_in_a_second_meet_a_limit_and_leave_nothing() {
    let site = Site::start().await;
    let client = site.stranger().await;
    let stored = || stored_bytes(&site);
    let before = stored();
    let replies = join_all((0..60).map(|_| client.register(client.registration("flood")))).await;
    let of = |status| {
        replies
            .iter()
            .filter(|reply| reply.status == status)
            .count()
    };
    assert_eq!(of(201) + of(429), 60);
    assert!(of(201) > 0 && of(429) > 0, "{} were registered", of(201));
    let refused = replies.iter().find(|reply| reply.status == 429).unwrap();
    assert!(refused.header("retry-after").is_some());
    assert_eq!(stored(), before, "something was stored");
}

#[tokio::test]
async fn probe_14_a_provider_that_knows_no_resources_is_not_asked_about_them() {
    let knobs = json!({"knobs": {"resources": false}});
    let site = Plan::default()
        .client(knobs)
        .start(Idp::shared().await)
        .await;
    let client = site.registered().await;
    assert_eq!(client.resource, site.resource());
    let pkce = Pkce::default();
    let page = site
        .browser()
        .sign_in(&client.authorization(&pkce, &[]), Person::named("alice"))
        .await;
    assert_eq!(page.parameter("error"), None, "{}", page.url);
    let reply = client.redeem(&e2e::site::code(&page), &pkce).await;
    assert_eq!(site.statuses(&Tokens::of(&reply).access).await, [200]);
}

/// What the servers keep on disk, beside images.
fn stored_bytes(site: &Site) -> Vec<(String, u64)> {
    let mut files = Vec::new();
    for server in &site.servers {
        let mut folders = vec![server.settings().home().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else {
                    files.push((
                        entry.path().display().to_string(),
                        entry.metadata().unwrap().len(),
                    ));
                }
            }
        }
    }
    files.sort();
    files
}
