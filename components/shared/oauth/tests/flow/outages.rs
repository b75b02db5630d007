//! What works while something else does not, and what is refused rather than guessed.

use std::sync::atomic::Ordering::SeqCst;

use crate::support::*;
use crate::world::World;

/// A store that does not answer never means "not revoked".
#[test]
fn without_the_store_nothing_is_good() {
    let world = World::default();
    let server = Deployment::new()
        .with("BEARER_TOKEN", STATIC_TOKEN)
        .server(&world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    let mut browser = Browser::default();
    let code = caller.code(&server, &mut browser);
    let page = browser.open(&server, &caller.authorize_path());
    let there = browser.decide(&server, &page, "approve");
    let back = world.provider.sign_in(location(&there), "alice");
    world.store.is_down.store(true, SeqCst);
    let denial = server.present(&tokens.access).unwrap_err();
    assert_eq!(
        (denial.status, denial.code.as_str()),
        (503, "temporarily_unavailable")
    );
    assert!(denial.retry_after_seconds.is_some() && denial.challenge.is_none());
    assert_error(
        "code",
        &caller.redeem(&server, &code),
        503,
        "temporarily_unavailable",
    );
    assert_error(
        "refresh",
        &server.refresh(&caller.client_id, &tokens.refresh),
        503,
        "temporarily_unavailable",
    );
    assert_error(
        "revoke",
        &server.revoke(&caller.client_id, &tokens.access),
        503,
        "temporarily_unavailable",
    );
    assert_eq!(
        browser
            .open(&server, &format!("/vault/auth/callback?{back}"))
            .status,
        503
    );
    assert!(server.present(STATIC_TOKEN).is_ok(), "nobody revokes those");
    world.store.is_down.store(false, SeqCst);
    assert!(server.present(&tokens.access).is_ok());
    assert_eq!(caller.redeem(&server, &code).status, 200);
    assert_eq!(
        server.refresh(&caller.client_id, &tokens.refresh).status,
        200
    );
    assert_eq!(
        browser
            .open(&server, &format!("/vault/auth/callback?{back}"))
            .status,
        303
    );
}

/// Row 37: tokens of ours need no provider; signing in does, and says so.
#[test]
fn without_the_provider_what_was_issued_stays_good() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    let mut browser = Browser::default();
    let page = browser.open(&server, &caller.authorize_path());
    world.provider.set(|script| script.is_down = true);
    assert!(server.present(&tokens.access).is_ok());
    let response = browser.decide(&server, &page, "approve");
    assert_eq!(
        (response.status, field(&response, "retry-after")),
        (503, Some("7"))
    );
    world.provider.set(|script| script.is_down = false);
    assert_eq!(
        browser.decide(&server, &page, "approve").status,
        303,
        "the same page goes on"
    );
}

/// Row 75: clocks that differ, and one that jumps.
#[test]
fn clocks_that_differ_by_a_little_are_no_reason_to_refuse() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    for (claims, works) in [
        (serde_json::json!({ "iat": 1_800_000_030_u64 }), true),
        (serde_json::json!({ "iat": 1_800_000_060_u64 }), false),
        (serde_json::json!({ "exp": 1_799_999_980_u64 }), true),
    ] {
        world
            .provider
            .set(|script| script.id_token = claims.clone());
        let caller = Caller::registered(&server);
        let mut browser = Browser::default();
        let page = browser.open(&server, &caller.authorize_path());
        let there = browser.decide(&server, &page, "approve");
        let back = world.provider.sign_in(location(&there), "alice");
        let done = browser.open(&server, &format!("/vault/auth/callback?{back}"));
        assert_eq!(location(&done).contains("code="), works, "{claims}");
    }
}

#[test]
fn a_faulty_configuration_refuses_everything() {
    let world = World::default();
    let server = Server {
        proxy: oauth::Proxy::new(&Deployment::new().with("OIDC_JWT_SIGNING_KEY", "short")),
        world: &world,
    };
    assert!(
        server
            .proxy
            .faults()
            .unwrap()
            .to_string()
            .contains("OIDC_JWT_SIGNING_KEY")
    );
    assert_eq!(server.present("x").unwrap_err().status, 503);
    assert_eq!(
        server.send(("GET", "/vault/authorize"), &[], "").status,
        503
    );
    for (name, value) in [
        ("OIDC_ACCESS_TOKEN_TTL_S", "59"),
        ("OIDC_CONSENT_MEMORY", "maybe"),
        ("OIDC_PROVIDER_SCOPES", "email"),
        ("OIDC_PROVIDER_PROMPT", "none"),
        ("OIDC_ALGORITHMS", "none"),
        ("OIDC_DPOP", "perhaps"),
        ("OIDC_CLIENT_SECRET", " "),
        ("BASE_URL", "http://h.example/vault"),
    ] {
        let proxy = oauth::Proxy::new(&Deployment::new().with(name, value));
        let faults = proxy.faults().map(ToString::to_string).unwrap_or_default();
        assert!(faults.contains(name), "{name}: {faults}");
    }
}

/// Row 75: the clock jumps back by an hour, as that of a virtual machine may.
#[test]
fn a_clock_that_jumps_back_breaks_no_session() {
    let world = World::default();
    world.pass(3600);
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    let renewed = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    world.back_to_the_start();
    assert!(server.present(&renewed.access).is_ok());
    let again = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    assert_eq!(again, renewed, "the grace lasts at least as long");
    assert_eq!(
        server.refresh(&caller.client_id, &renewed.refresh).status,
        200
    );
}
