//! The real provider rotates its keys while clients call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use e2e::idp::Idp;
use e2e::settings::{AUDIENCE, Settings};
use e2e::wait::until;
use serde_json::json;

#[tokio::test]
async fn keys_rotate_under_load() {
    let idp = Arc::new(Idp::start(json!({})).await);
    let server = Arc::new(Settings::remote(&idp.config_url()).start().await);
    server.ready().await;
    let (stop, served) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let callers: Vec<_> = ["RS256", "ES256", "EdDSA"]
        .into_iter()
        .map(|algorithm| {
            let (idp, server, stop, served) = (
                Arc::clone(&idp),
                Arc::clone(&server),
                Arc::clone(&stop),
                Arc::clone(&served),
            );
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let token = idp.token(algorithm, AUDIENCE).await;
                    let reply = server.as_bearer(&token).list_tools().await;
                    assert_eq!(reply.status, 200, "{algorithm}: {}", reply.text());
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for _ in 0..3 {
        let seen = served.load(Ordering::Relaxed);
        until("calls are served", async || {
            (served.load(Ordering::Relaxed) > seen + 20).then_some(())
        })
        .await;
        idp.rotate(true).await;
    }
    let seen = served.load(Ordering::Relaxed);
    until("calls are served after the last rotation", async || {
        (served.load(Ordering::Relaxed) > seen + 20).then_some(())
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
}

/// What expires, expires here too, and the provider's own knobs reach us.
#[tokio::test]
async fn short_lives_and_fewer_scopes_are_noticed() {
    let idp = Idp::start(json!({"ttlSeconds": 1})).await;
    let settings = Settings::remote(&idp.config_url()).with("OIDC_CLOCK_LEEWAY_S", "0");
    let server = settings
        .with("OIDC_REQUIRED_SCOPES", "image:read")
        .start()
        .await;
    server.ready().await;
    let token = idp.token("PS256", AUDIENCE).await;
    until("the token expires", async || {
        (server.as_bearer(&token).list_tools().await.status == 401).then_some(())
    })
    .await;

    idp.set(json!({"ttlSeconds": 300})).await;
    let narrow = idp
        .token_with_scopes("ES256", AUDIENCE, "image:write")
        .await;
    assert_eq!(server.as_bearer(&narrow).list_tools().await.status, 403);
    let elsewhere = idp.token("ES256", "https://other.example/mcp").await;
    assert_eq!(server.as_bearer(&elsewhere).list_tools().await.status, 401);
    idp.stop();
}
