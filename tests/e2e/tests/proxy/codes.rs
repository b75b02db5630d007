//! Authorization codes: good once, for one client, at any replica (rows 51, 52, 72 to 74).

use e2e::browser::Person;
use e2e::idp::Idp;
use e2e::keys::encode;
use e2e::oauth_client::{Pkce, Tokens, random};
use e2e::site::{Plan, Site, code};
use e2e::wait::until;
use futures_util::future::join_all;

use super::{invalid_grant, next, until_callback, verdict};

#[tokio::test]
async fn row_51_fifty_redemptions_at_two_replicas_at_once_give_one_set_of_tokens() {
    let site = Plan::default().replicas(2).start(Idp::shared().await).await;
    let granted = site.granted("alice").await;
    let replies =
        join_all((0..50).map(|_| granted.client.redeem(&granted.code, &granted.pkce))).await;
    let (good, bad): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(good.len(), 1, "of {} answers", replies.len());
    for reply in bad {
        assert_eq!(verdict(reply), invalid_grant());
    }
    // Nobody can say which of them was the client: what was issued is dead everywhere.
    let tokens = Tokens::of(good[0]);
    until("what was issued is revoked", async || {
        (site.statuses(&tokens.access).await == [401, 401]).then_some(())
    })
    .await;
    assert_eq!(
        verdict(&granted.client.refresh(tokens.refresh()).await),
        invalid_grant()
    );
}

#[tokio::test]
async fn row_51_a_replay_at_another_replica_revokes_what_was_issued() {
    let site = Plan::default().replicas(2).start(Idp::shared().await).await;
    let granted = site.granted("alice").await;
    site.publish_only(0);
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    assert_eq!(site.statuses(&tokens.access).await, [200, 200]);
    site.publish_only(1);
    assert_eq!(
        verdict(&granted.client.redeem(&granted.code, &granted.pkce).await),
        invalid_grant()
    );
    until("it is revoked at both", async || {
        (site.statuses(&tokens.access).await == [401, 401]).then_some(())
    })
    .await;
}

/// Whatever is wrong, the answer is the same, and the code stays good for whom it was given to.
#[tokio::test]
async fn rows_52_and_72_a_code_in_wrong_hands_is_refused_in_one_way_and_not_used_up() {
    let site = Site::start().await;
    let granted = site.granted("alice").await;
    let (client, pkce) = (&granted.client, &granted.pkce);
    let stranger = site.stranger().await.registered("Stranger").await;
    let other_site = Site::start().await;
    let elsewhere = other_site.granted("alice").await;
    let invented = encode([random(), random()].concat());
    let mut damaged = granted.code.clone();
    damaged.pop();
    let mut answers = Vec::new();
    for (row, code, changes) in [
        (
            "another client",
            granted.code.as_str(),
            vec![("client_id", stranger.id.as_str())],
        ),
        (
            "another redirect",
            &granted.code,
            vec![("redirect_uri", "http://127.0.0.1:33418/other")],
        ),
        (
            "another port",
            &granted.code,
            vec![("redirect_uri", "http://127.0.0.1:1/callback")],
        ),
        ("no redirect", &granted.code, vec![("redirect_uri", "")]),
        (
            "another resource",
            &granted.code,
            vec![("resource", "https://other.example/mcp")],
        ),
        (
            "another verifier",
            &granted.code,
            vec![("code_verifier", elsewhere.pkce.verifier.as_str())],
        ),
        ("of another server", &elsewhere.code, vec![]),
        ("invented", &invented, vec![]),
        ("damaged", &damaged, vec![]),
    ] {
        let reply = client.redeem_with(code, pkce, &changes).await;
        assert_eq!(verdict(&reply), invalid_grant(), "52 {row}");
        answers.push((row, reply.text()));
    }
    let text = &answers[0].1;
    assert!(
        answers.iter().all(|(_, answer)| answer == text),
        "72: {answers:?}"
    );
    Tokens::of(&client.redeem(&granted.code, pkce).await);
}

#[tokio::test]
async fn row_73_keys_rotate_in_the_middle_of_a_flow_and_nothing_breaks() {
    let mut site = Site::start().await;
    let first = site.signing_key.clone();
    let second = encode(random());
    let both = format!("{second},{first}");
    let client = site.registered().await;
    let (browser, pkce) = (site.browser(), Pkce::default());
    let page = browser.open(&client.authorization(&pkce, &[])).await;

    // From here on the second key seals, and the first one still opens.
    site.servers.clear();
    site.add_server(&[("OIDC_JWT_SIGNING_KEY", &both)]).await;
    let form = page.form();
    let page = browser.step(form.submission(Some(form.agreeing()))).await;
    let callback = until_callback(&browser, &next(&page), "alice").await;
    let page = browser.open(&callback).await;
    let tokens = Tokens::of(&client.redeem(&code(&page), &pkce).await);
    let renewed = Tokens::of(&client.refresh(tokens.refresh()).await);

    // Without the first key, its artefacts are strangers: the client above registered under it.
    site.servers.clear();
    site.add_server(&[("OIDC_JWT_SIGNING_KEY", &second)]).await;
    assert_eq!(
        site.statuses(&renewed.access).await,
        [200],
        "signed by the second key"
    );
    let reply = client.refresh(renewed.refresh()).await;
    assert_eq!(
        (reply.status, verdict(&reply).1.as_str()),
        (401, "invalid_client")
    );
    // And without the second, everything is.
    site.servers.clear();
    site.add_server(&[("OIDC_JWT_SIGNING_KEY", &encode(random()))])
        .await;
    assert_eq!(site.statuses(&renewed.access).await, [401]);
}

#[tokio::test]
async fn row_74_every_step_may_be_at_another_replica() {
    let site = Plan::default().replicas(2).start(Idp::shared().await).await;
    for first in [0, 1] {
        let step = |number: usize| site.publish_only((first + number) % 2);
        step(0);
        let client = site.registered().await;
        let (browser, pkce) = (site.browser(), Pkce::default());
        step(1);
        let page = browser.open(&client.authorization(&pkce, &[])).await;
        step(2);
        let form = page.form();
        let page = browser.step(form.submission(Some(form.agreeing()))).await;
        step(3);
        let callback = until_callback(&browser, &next(&page), "alice").await;
        let page = browser.open(&callback).await;
        step(4);
        let tokens = Tokens::of(&client.redeem(&code(&page), &pkce).await);
        assert_eq!(site.statuses(&tokens.access).await, [200, 200]);
        step(5);
        let renewed = Tokens::of(&client.refresh(tokens.refresh()).await);
        step(6);
        assert_eq!(client.revoke(renewed.refresh()).await.status, 200);
        until("it is revoked at both", async || {
            (site.statuses(&renewed.access).await == [401, 401]).then_some(())
        })
        .await;
    }
}

/// Replicas that share the key and no store: one flow still works between them.
#[tokio::test]
async fn row_74_the_key_alone_is_enough_for_a_flow() {
    let mut site = Site::start().await;
    site.add_server(&[]).await;
    let client = site.registered().await;
    let (browser, pkce) = (site.browser(), Pkce::default());
    let page = browser
        .sign_in(&client.authorization(&pkce, &[]), Person::named("alice"))
        .await;
    let tokens = Tokens::of(&client.redeem(&code(&page), &pkce).await);
    assert_eq!(site.statuses(&tokens.access).await, [200, 200]);
    let renewed = Tokens::of(&client.refresh(tokens.refresh()).await);
    assert_eq!(site.statuses(&renewed.access).await, [200, 200]);
}
