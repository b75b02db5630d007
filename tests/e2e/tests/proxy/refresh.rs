//! Refresh tokens: one answer for parallel requests, an end for stolen ones, and a provider that
//! has its own ideas (rows 58 to 60, 75).

use std::time::Duration;

use e2e::fault_proxy::{Fault, FaultProxy};
use e2e::idp::Idp;
use e2e::oauth_client::Tokens;
use e2e::site::{Plan, Site};
use e2e::wait::until;
use futures_util::future::join_all;
use serde_json::json;

use super::{invalid_grant, verdict};

#[tokio::test]
async fn row_58_twenty_refreshes_at_two_replicas_at_once_get_one_answer_and_ask_once() {
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let site = Plan::default().replicas(2).start(&idp).await;
    let (client, tokens) = site.signed_in("alice").await;
    let before = proxy.count("/token");
    let replies = join_all((0..20).map(|_| client.refresh(tokens.refresh()))).await;
    let answers: Vec<Tokens> = replies.iter().map(Tokens::of).collect();
    assert_eq!(
        proxy.count("/token") - before,
        1,
        "requests to the provider"
    );
    for answer in &answers {
        assert_eq!(
            (&answer.access, &answer.refresh),
            (&answers[0].access, &answers[0].refresh)
        );
    }
    // Late, but within the grace: the same again, at either replica.
    for index in [0, 1] {
        site.publish_only(index);
        let again = Tokens::of(&client.refresh(tokens.refresh()).await);
        assert_eq!(again.refresh, answers[0].refresh);
    }
    assert_eq!(site.statuses(&answers[0].access).await, [200, 200]);
    Tokens::of(&client.refresh(answers[0].refresh()).await);
}

#[tokio::test]
async fn row_58_a_token_from_before_the_last_ends_the_session() {
    let site = Site::start().await;
    let (client, tokens) = site.signed_in("alice").await;
    let second = Tokens::of(&client.refresh(tokens.refresh()).await);
    let third = Tokens::of(&client.refresh(second.refresh()).await);
    assert_eq!(site.statuses(&third.access).await, [200]);
    assert_eq!(
        verdict(&client.refresh(tokens.refresh()).await),
        invalid_grant()
    );
    for token in [&second, &third] {
        assert_eq!(
            verdict(&client.refresh(token.refresh()).await),
            invalid_grant()
        );
    }
    until("every access token of the session is dead", async || {
        let mut statuses = site.statuses(&tokens.access).await;
        statuses.extend(site.statuses(&third.access).await);
        (statuses == [401, 401]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn row_58_a_token_of_another_client_is_of_no_use_and_stays_good() {
    let site = Site::start().await;
    let (client, tokens) = site.signed_in("alice").await;
    let stranger = site.registered().await;
    assert_eq!(
        verdict(&stranger.refresh(tokens.refresh()).await),
        invalid_grant()
    );
    let nobody = client
        .refresh_with(tokens.refresh(), &[("client_id", "nobody")])
        .await;
    assert_eq!(verdict(&nobody), (401, "invalid_client".into()));
    Tokens::of(&client.refresh(tokens.refresh()).await);
}

#[tokio::test]
async fn row_59_an_outage_of_the_provider_ends_nothing() {
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let site = Plan::default().start(&idp).await;
    let (client, mut tokens) = site.signed_in("alice").await;
    for fault in [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Cut,
        Fault::Status(429),
    ] {
        proxy.fault("/token", fault);
        let reply = client.refresh(tokens.refresh()).await;
        assert_eq!(verdict(&reply), (503, "temporarily_unavailable".into()));
        assert!(reply.header("retry-after").is_some());
        assert_eq!(site.statuses(&tokens.access).await, [200]);
        proxy.heal();
        tokens = until("the provider is asked again", async || {
            let reply = client.refresh(tokens.refresh()).await;
            (reply.status != 503).then(|| Tokens::of(&reply))
        })
        .await;
    }
    // Slow is not dead.
    proxy.fault("/token", Fault::Slow(Duration::from_secs(2)));
    let slow = Tokens::of(&client.refresh(tokens.refresh()).await);
    proxy.heal();
    assert_eq!(site.statuses(&slow.access).await, [200]);
}

#[tokio::test]
async fn row_59_what_the_provider_has_ended_is_over() {
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let site = Plan::default().start(&idp).await;
    let (client, tokens) = site.signed_in("alice").await;
    let refused = json!({"error": "invalid_grant"});
    proxy.fault("/token", Fault::Answer(400, refused));
    assert_eq!(
        verdict(&client.refresh(tokens.refresh()).await),
        invalid_grant()
    );
    proxy.heal();
    assert_eq!(
        verdict(&client.refresh(tokens.refresh()).await),
        invalid_grant()
    );
    until("the access token is dead, too", async || {
        (site.statuses(&tokens.access).await == [401]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn row_60_a_session_does_not_need_an_id_token_again() {
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let site = Plan::default().start(&idp).await;
    let (client, mut tokens) = site.signed_in("alice").await;
    proxy.fault(
        "/token",
        Fault::change(|_, answer| {
            answer.as_object_mut().unwrap().remove("id_token");
        }),
    );
    for _ in 0..3 {
        tokens = Tokens::of(&client.refresh(tokens.refresh()).await);
        assert_eq!(site.statuses(&tokens.access).await, [200]);
    }
}

#[tokio::test]
async fn row_60_a_provider_may_keep_its_refresh_token() {
    let knobs = json!({"knobs": {"rotate": false}});
    let site = Plan::default()
        .client(knobs)
        .start(Idp::shared().await)
        .await;
    let (client, mut tokens) = site.signed_in("alice").await;
    for _ in 0..3 {
        let next = Tokens::of(&client.refresh(tokens.refresh()).await);
        assert_ne!(
            next.refresh, tokens.refresh,
            "ours is replaced all the same"
        );
        tokens = next;
    }
    // Or not mention it.
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let knobs = json!({"knobs": {"rotate": false}});
    let site = Plan::default().client(knobs).start(&idp).await;
    let (client, mut tokens) = site.signed_in("alice").await;
    proxy.fault(
        "/token",
        Fault::change(|_, answer| {
            answer.as_object_mut().unwrap().remove("refresh_token");
        }),
    );
    for _ in 0..2 {
        tokens = Tokens::of(&client.refresh(tokens.refresh()).await);
    }
    assert_eq!(site.statuses(&tokens.access).await, [200]);
}

#[tokio::test]
async fn row_60_short_lives_at_the_provider_do_not_shorten_ours() {
    let knobs = json!({"knobs": {"id_token_ttl_s": 1, "access_token_ttl_s": 1}});
    let plan = Plan::default()
        .client(knobs)
        .with("OIDC_CLOCK_LEEWAY_S", "1");
    let site = plan.start(Idp::shared().await).await;
    let (client, tokens) = site.signed_in("alice").await;
    let over = e2e::token::now() + 2;
    until("the provider's tokens are over", async || {
        (e2e::token::now() > over).then_some(())
    })
    .await;
    assert_eq!(site.statuses(&tokens.access).await, [200]);
    Tokens::of(&client.refresh(tokens.refresh()).await);
}

#[tokio::test]
async fn row_75_a_provider_whose_clock_is_off_by_less_than_the_leeway_works() {
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let site = Plan::default().start(&idp).await;
    let (client, tokens) = site.signed_in("alice").await;
    proxy.fault(
        "/token",
        Fault::change(|_, answer| answer["expires_in"] = json!(-1)),
    );
    let next = Tokens::of(&client.refresh(tokens.refresh()).await);
    assert_eq!(site.statuses(&next.access).await, [200]);
}
