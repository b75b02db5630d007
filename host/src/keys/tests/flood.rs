//! Tokens with random key ids, by the ten thousand.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::*;

/// Forged tokens, each naming another key.
fn forged(key: &TestKey, count: usize) -> Vec<String> {
    let payload = payload();
    let token = key.token(&payload);
    let (_, tail) = token.split_once('.').unwrap();
    (0..count)
        .map(|index| {
            let header = json!({"alg": "ES256", "kid": format!("random-{index}")}).to_string();
            format!("{}.{tail}", signer::b64(header))
        })
        .collect()
}

#[tokio::test]
async fn random_key_ids_cost_three_fetches_and_then_one_in_thirty_seconds() {
    let (old, new) = (
        TestKey::new(Algorithm::Es256, "old"),
        TestKey::new(Algorithm::Es256, "new"),
    );
    let setup = Setup::new(&[&old]).await;
    setup.keys.prefetch().await;
    assert_eq!(setup.idp.jwks_hits(), 1);
    let valid = old.token(&payload());
    let flood = forged(&old, 10_000);

    for (index, token) in flood.iter().enumerate() {
        assert_unknown(setup.verify(token).await);
        if index % 100 == 0 {
            setup.verify(&valid).await.unwrap();
        }
    }
    assert_eq!(setup.idp.jwks_hits(), 1 + 3);

    // A rotation in the middle of it. At first nobody looks, since the budget is used up.
    setup.idp.keys(&[&old, &new]);
    let rotated = new.token(&payload());
    assert_unknown(setup.verify(&rotated).await);
    for token in &flood {
        assert_unknown(setup.verify(token).await);
    }
    assert_eq!(setup.idp.jwks_hits(), 1 + 3);

    // After 30 s the flood itself brings the new key: whoever causes it, a refetch is a refetch.
    setup.hands.advance(Duration::from_secs(30));
    for token in &flood {
        assert_unknown(setup.verify(token).await);
    }
    assert_eq!(setup.idp.jwks_hits(), 1 + 3 + 1);
    setup.verify(&rotated).await.unwrap();
}

#[tokio::test]
async fn after_a_flood_the_maintenance_looks_for_the_key_that_was_refused() {
    let (old, new) = (
        TestKey::new(Algorithm::Es256, "old"),
        TestKey::new(Algorithm::Es256, "new"),
    );
    let setup = Setup::new(&[&old]).await;
    setup.keys.prefetch().await;
    for token in &forged(&old, 10) {
        assert_unknown(setup.verify(token).await);
    }
    setup.idp.keys(&[&old, &new]);
    assert_unknown(setup.verify(&new.token(&payload())).await);
    setup.keys.prefetch().await;
    assert_eq!(setup.idp.jwks_hits(), 1 + 3);

    setup.hands.advance(Duration::from_secs(30));
    setup.keys.prefetch().await;
    assert_eq!(setup.idp.jwks_hits(), 1 + 3 + 1);
    setup.verify(&new.token(&payload())).await.unwrap();
    setup.hands.advance(Duration::from_secs(30));
    setup.keys.prefetch().await;
    assert_eq!(setup.idp.jwks_hits(), 1 + 3 + 1, "the debt is paid once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_concurrent_flood_does_not_disturb_valid_tokens() {
    let key = TestKey::new(Algorithm::Es256, "k");
    let setup = Arc::new(Setup::new(&[&key]).await);
    setup.keys.prefetch().await;
    let valid = key.token(&payload());
    let mut running = JoinSet::new();
    for token in forged(&key, 10_000) {
        let setup = setup.clone();
        running.spawn(async move { setup.verify(&token).await });
    }
    for _ in 0..200 {
        setup.verify(&valid).await.unwrap();
        tokio::task::yield_now().await;
    }
    while let Some(outcome) = running.join_next().await {
        // While a fetch is under way only so many may wait; the others are told to come back.
        let outcome = outcome.unwrap().unwrap_err();
        assert!(
            matches!(outcome, Failure::KeyUnknown(_) | Failure::Unavailable(_)),
            "{outcome}"
        );
    }
    assert_eq!(setup.idp.jwks_hits(), 1 + 3);
}

#[tokio::test]
async fn one_bad_token_repeated_leaves_the_budget_to_a_rotation() {
    let (old, new) = (
        TestKey::new(Algorithm::Es256, "old"),
        TestKey::new(Algorithm::Es256, "new"),
    );
    let setup = Setup::new(&[&old]).await;
    setup.keys.prefetch().await;
    let bad = forged(&old, 1).remove(0);
    for _ in 0..1000 {
        assert_unknown(setup.verify(&bad).await);
    }
    assert_eq!(setup.idp.jwks_hits(), 1 + 1);
    setup.idp.keys(&[&old, &new]);
    setup.verify(&new.token(&payload())).await.unwrap();
}
