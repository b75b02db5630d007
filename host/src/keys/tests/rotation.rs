//! Keys that come and go, and how old a key may get.

use serde_json::json;

use super::idp::Reply;
use super::*;

#[tokio::test]
async fn a_new_key_is_found_by_one_refetch() {
    let (old, new) = (
        TestKey::new(Algorithm::Es256, "old"),
        TestKey::new(Algorithm::Es256, "new"),
    );
    let setup = Setup::new(&[&old]).await;
    setup.verify(&old.token(&payload())).await.unwrap();
    setup.idp.keys(&[&old, &new]);
    for _ in 0..10 {
        setup.verify(&new.token(&payload())).await.unwrap();
        setup.verify(&old.token(&payload())).await.unwrap();
    }
    assert_eq!((setup.idp.discovery_hits(), setup.idp.jwks_hits()), (1, 2));
}

#[tokio::test]
async fn a_removed_key_ends_with_the_soft_ttl() {
    let (old, new) = (
        TestKey::new(Algorithm::Es256, "old"),
        TestKey::new(Algorithm::Es256, "new"),
    );
    let setup = Setup::new(&[&old]).await;
    setup.verify(&old.token(&payload())).await.unwrap();
    setup.idp.keys(&[&new]);
    setup.hands.advance(14 * MINUTE);
    setup.keys.prefetch().await;
    setup.verify(&old.token(&payload())).await.unwrap();
    assert_eq!(
        setup.idp.jwks_hits(),
        1,
        "fresh for 15 minutes when the set says nothing"
    );

    setup.hands.advance(MINUTE);
    setup.verify(&old.token(&payload())).await.unwrap();
    assert_eq!(
        setup.idp.jwks_hits(),
        1,
        "a request does not wait for the refresh"
    );
    setup.keys.prefetch().await;
    assert_eq!(setup.idp.jwks_hits(), 2);
    assert_unknown(setup.verify(&old.token(&payload())).await);
    setup.verify(&new.token(&payload())).await.unwrap();
}

#[tokio::test]
async fn max_age_sets_the_soft_ttl_within_bounds() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    for (cache_control, fresh_for) in [
        ("max-age=1", 5 * MINUTE),
        ("no-store", 5 * MINUTE),
        ("max-age=3600", HOUR),
        ("max-age=604800", 18 * HOUR),
    ] {
        let setup = Setup::new(&[&key]).await;
        let headers = vec![
            "content-type: application/jwk-set+json".to_owned(),
            format!("cache-control: {cache_control}"),
        ];
        let body = json!({"keys": [key.jwk()]}).to_string();
        setup
            .idp
            .jwks(Reply::Raw("200 OK", headers, body.into_bytes()));
        setup.keys.prefetch().await;
        setup.hands.advance(fresh_for - Duration::from_secs(1));
        setup.keys.prefetch().await;
        assert_eq!(setup.idp.jwks_hits(), 1, "{cache_control}");
        setup.hands.advance(Duration::from_secs(1));
        setup.keys.prefetch().await;
        assert_eq!(setup.idp.jwks_hits(), 2, "{cache_control}");
        assert_eq!(
            setup.idp.discovery_hits(),
            2,
            "both documents are refreshed"
        );
    }
}

#[tokio::test]
async fn keys_serve_a_day_while_the_provider_is_down_and_no_longer() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let setup = Setup::new(&[&key]).await;
    let token = key.token(&payload());
    setup.verify(&token).await.unwrap();
    setup.idp.fail();
    for _ in 0..24 {
        setup.hands.advance(HOUR);
        setup.keys.prefetch().await;
        setup.verify(&token).await.unwrap();
    }
    let status = setup.keys.status().remove(0);
    assert_eq!((status.ready, status.age), (true, Some(24 * HOUR)));
    assert!(status.last_error.unwrap().contains("503"));

    setup.hands.advance(Duration::from_millis(1));
    assert_unavailable(setup.verify(&token).await);
    assert!(!setup.ready());
    setup.idp.discovery(Reply::Json(setup.idp.document()));
    setup.idp.keys(&[&key]);
    setup.hands.advance(MINUTE);
    setup.verify(&token).await.unwrap();
}

#[tokio::test]
async fn an_unknown_key_while_the_provider_is_down_is_not_the_fault_of_the_token() {
    let (old, new) = (
        TestKey::new(Algorithm::EdDsa, "a"),
        TestKey::new(Algorithm::EdDsa, "b"),
    );
    let setup = Setup::new(&[&old]).await;
    setup.keys.prefetch().await;
    setup.idp.fail();
    for _ in 0..5 {
        assert_unavailable(setup.verify(&new.token(&payload())).await);
        setup.verify(&old.token(&payload())).await.unwrap();
    }
    assert_eq!(
        setup.idp.jwks_hits(),
        1 + 3,
        "the budget holds for failures too"
    );
    setup.idp.keys(&[&old, &new]);
    setup.hands.advance(Duration::from_secs(30));
    setup.verify(&new.token(&payload())).await.unwrap();
}

#[tokio::test]
async fn a_moved_key_set_is_found_although_unknown_keys_keep_coming() {
    let (old, new) = (
        TestKey::new(Algorithm::EdDsa, "a"),
        TestKey::new(Algorithm::EdDsa, "b"),
    );
    let (idp, elsewhere) = (Idp::start(&[&old]).await, Idp::start(&[&new]).await);
    let setup = Setup::with(idp, KeysConfig::default());
    setup.keys.prefetch().await;
    let mut document = setup.idp.document();
    document["jwks_uri"] = json!(elsewhere.issuer() + "/jwks");
    setup.idp.discovery(Reply::Json(document));
    for _ in 0..32 {
        assert_unknown(setup.verify(&new.token(&payload())).await);
        setup.hands.advance(Duration::from_secs(29));
    }
    setup.keys.prefetch().await;
    setup.verify(&new.token(&payload())).await.unwrap();
}

#[tokio::test]
async fn equal_key_ids_of_two_issuers_never_mix() {
    let (one, two) = (
        TestKey::new(Algorithm::Es256, "k"),
        TestKey::new(Algorithm::Es256, "k"),
    );
    let (first, second) = (Idp::start(&[&one]).await, Idp::start(&[&two]).await);
    let grants = vec![grant(&first), grant(&second)];
    let keys = service(grants, KeysConfig::default(), &Hands::default());
    for (issuer, key, valid) in [
        (first.issuer(), &one, true),
        (second.issuer(), &two, true),
        (first.issuer(), &two, false),
        (second.issuer(), &one, false),
    ] {
        let outcome = keys
            .verify(&issuer, &key.token(&payload()), &all())
            .await
            .map(|_| ());
        let expected = if valid {
            Ok(())
        } else {
            Err(Failure::SignatureInvalid)
        };
        assert_eq!(outcome, expected);
    }
}

#[tokio::test]
async fn one_provider_down_leaves_the_other_alone() {
    let (one, two) = (
        TestKey::new(Algorithm::Es256, "k"),
        TestKey::new(Algorithm::Es256, "k"),
    );
    let (first, second) = (Idp::start(&[&one]).await, Idp::start(&[&two]).await);
    first.fail();
    let grants = vec![grant(&first), grant(&second)];
    let keys = service(grants, KeysConfig::default(), &Hands::default());
    keys.prefetch().await;
    let ready: Vec<bool> = keys
        .status()
        .into_iter()
        .map(|status| status.ready)
        .collect();
    assert_eq!(ready, [false, true]);
    keys.verify(&second.issuer(), &two.token(&payload()), &all())
        .await
        .unwrap();
}
