//! Providers that do not answer, and requests that wait for one.

use std::sync::Arc;

use super::idp::Reply;
use super::*;

#[tokio::test]
async fn a_provider_down_at_the_start_is_unavailable_and_recovers() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let setup = Setup::new(&[&key]).await;
    setup.idp.fail();
    let token = key.token(&payload());
    let unavailable = assert_unavailable(setup.verify(&token).await);
    assert_eq!(unavailable.retry_after_seconds, 1);
    assert!(
        unavailable.reason.contains("status 503"),
        "{}",
        unavailable.reason
    );
    assert!(!setup.ready());

    // On demand it is asked again, but not before the pause is over: 1, 2, 4 ... 60 s.
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let hits = setup.idp.discovery_hits();
        let wait = assert_unavailable(setup.verify(&token).await).retry_after_seconds;
        setup.keys.prefetch().await;
        assert_eq!(
            setup.idp.discovery_hits(),
            hits,
            "within the pause nothing is fetched"
        );
        setup.hands.advance(Duration::from_secs(wait.into()));
        assert_unavailable(setup.verify(&token).await);
        assert_eq!(setup.idp.discovery_hits(), hits + 1);
        pauses.push(wait);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);

    setup.idp.discovery(Reply::Json(setup.idp.document()));
    setup.idp.keys(&[&key]);
    assert_unavailable(setup.verify(&token).await);
    setup.hands.advance(MINUTE);
    setup.verify(&token).await.unwrap();
    assert!(setup.ready());
}

#[tokio::test]
async fn the_maintenance_recovers_without_a_request() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let idp = Idp::start(&[&key]).await;
    idp.fail();
    let config = KeysConfig {
        backoff: (Duration::from_millis(1), Duration::from_millis(1)),
        ..KeysConfig::default()
    };
    let client = http_client().unwrap();
    let keys = Keys::new(vec![grant(&idp)], config, client, Clock::system()).unwrap();
    let keys = Arc::new(keys);
    let maintenance = tokio::spawn(keys.clone().run());
    let until = async |ready: bool, error: bool| {
        let state = || keys.status().remove(0);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while (state().ready, state().last_error.is_some()) != (ready, error) {
            assert!(tokio::time::Instant::now() < deadline, "{:?}", state());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    until(false, true).await;
    idp.discovery(Reply::Json(idp.document()));
    idp.keys(&[&key]);
    until(true, false).await;
    maintenance.abort();
}

#[tokio::test]
async fn concurrent_requests_share_one_fetch() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let setup = Arc::new(Setup::new(&[&key]).await);
    let token = key.token(&payload());
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (setup, token) = (setup.clone(), token.clone());
        running.spawn(async move { setup.verify(&token).await });
    }
    while let Some(outcome) = running.join_next().await {
        outcome.unwrap().unwrap();
    }
    assert_eq!((setup.idp.discovery_hits(), setup.idp.jwks_hits()), (1, 1));
}

#[tokio::test]
async fn not_too_many_wait_and_nobody_stops_the_fetch() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let idp = Idp::start(&[&key]).await;
    idp.discovery(Reply::Silence);
    let config = KeysConfig {
        waiting: 2,
        ..KeysConfig::default()
    };
    let setup = Arc::new(Setup::with(idp, config));
    let token = key.token(&payload());
    let waiters: Vec<_> = (0..2)
        .map(|_| {
            let (setup, token) = (setup.clone(), token.clone());
            tokio::spawn(async move { setup.verify(&token).await })
        })
        .collect();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while setup.idp.discovery_hits() == 0 {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    let unavailable = assert_unavailable(setup.verify(&token).await);
    assert!(
        unavailable.reason.contains("too many"),
        "{}",
        unavailable.reason
    );
    for waiter in &waiters {
        waiter.abort();
    }
    for waiter in waiters {
        assert!(waiter.await.unwrap_err().is_cancelled());
    }
    // The fetch is still under way: the next request joins it instead of starting another.
    let hits = setup.idp.discovery_hits();
    let joining = setup.verify(&token);
    let polled = tokio::time::timeout(Duration::from_millis(20), joining).await;
    assert!(polled.is_err());
    assert_eq!((hits, setup.idp.discovery_hits()), (1, 1));
}
