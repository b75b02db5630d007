//! What is revoked is dead at every replica, and nothing else is (row 61).

use e2e::fault_proxy::FaultProxy;
use e2e::idp::Idp;
use e2e::oauth_client::Tokens;
use e2e::site::{Plan, Site};
use e2e::wait::until;
use serde_json::json;

use super::{invalid_grant, verdict};

#[tokio::test]
async fn row_61_a_public_client_revokes_an_access_token_everywhere() {
    let site = Plan::default().replicas(2).start(Idp::shared().await).await;
    let (client, tokens) = site.signed_in("alice").await;
    assert_eq!(site.statuses(&tokens.access).await, [200, 200]);
    for _ in 0..2 {
        assert_eq!(
            client.revoke(&tokens.access).await.status,
            200,
            "twice is once"
        );
    }
    until("it is dead at both replicas", async || {
        (site.statuses(&tokens.access).await == [401, 401]).then_some(())
    })
    .await;
    // The session goes on.
    let next = Tokens::of(&client.refresh(tokens.refresh()).await);
    assert_eq!(site.statuses(&next.access).await, [200, 200]);
}

#[tokio::test]
async fn row_61_a_refresh_token_takes_its_session_with_it_also_at_the_provider() {
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let site = Plan::default().replicas(2).start(&idp).await;
    let (client, tokens) = site.signed_in("alice").await;
    assert_eq!(client.revoke(tokens.refresh()).await.status, 200);
    until("the session is dead at both replicas", async || {
        (site.statuses(&tokens.access).await == [401, 401]).then_some(())
    })
    .await;
    assert_eq!(
        verdict(&client.refresh(tokens.refresh()).await),
        invalid_grant()
    );
    assert_eq!(proxy.count("/token/revocation"), 1);
}

#[tokio::test]
async fn row_61_what_is_unknown_or_somebody_elses_gets_the_same_answer_and_no_effect() {
    let site = Site::start().await;
    let (client, tokens) = site.signed_in("alice").await;
    let (other, theirs) = site.signed_in("bob").await;
    let mut answers = Vec::new();
    for token in ["unknown", "a.b.c", &theirs.access, theirs.refresh()] {
        let reply = client.revoke(token).await;
        answers.push((reply.status, reply.text()));
    }
    assert!(
        answers
            .iter()
            .all(|answer| answer.0 == 200 && *answer == answers[0]),
        "{answers:?}"
    );
    assert_eq!(site.statuses(&theirs.access).await, [200]);
    Tokens::of(&other.refresh(theirs.refresh()).await);
    Tokens::of(&client.refresh(tokens.refresh()).await);
}
