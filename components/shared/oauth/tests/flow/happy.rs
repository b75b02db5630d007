//! What works when nobody means harm.

use policy::types::Operation;

use crate::support::*;
use crate::world::World;

#[test]
fn a_user_signs_in_and_the_client_acts_for_them() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let tokens = Caller::registered(&server).tokens(&server);
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 3600);
    assert_eq!(tokens.body["scope"], "image:use image:read");
    let who = server.present(&tokens.access).unwrap();
    assert_eq!(who.subject, "alice");
    assert_eq!(who.issuer.as_deref(), Some(BASE));
    assert_eq!(who.scopes, ["image:use", "image:read"]);
    assert_eq!(who.reusable_seconds, 1);
    assert!(who.claims.contains("alice@example.com"));
    let read = Operation {
        method: "resources/read".to_owned(),
        target: None,
        writes: false,
    };
    assert!(server.proxy.authorize(&who, &read).is_ok());
    let write = Operation {
        writes: true,
        ..read
    };
    let denial = server.proxy.authorize(&who, &write).unwrap_err();
    assert_eq!(
        (denial.status, denial.code.as_str()),
        (403, "insufficient_scope")
    );
    assert!(
        denial
            .challenge
            .unwrap()
            .contains(r#"scope="image:use image:write""#)
    );
}

#[test]
fn the_session_lives_as_long_as_the_provider_renews_it() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let mut tokens = caller.tokens(&server);
    // The access token and the ID token of the provider are long over.
    for _ in 0..200 {
        world.pass(3600);
        assert_eq!(server.present(&tokens.access).unwrap_err().status, 401);
        tokens = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
        assert_eq!(server.present(&tokens.access).unwrap().subject, "alice");
    }
}

/// Row 74: each step on another replica, which shares the key and the store only.
#[test]
fn any_replica_takes_the_next_step() {
    let world = World::default();
    let replica = || Deployment::new().server(&world);
    let caller = Caller::registered(&replica());
    let mut browser = Browser::default();
    let page = browser.open(&replica(), &caller.authorize_path());
    let there = browser.decide(&replica(), &page, "approve");
    let code = caller.code_from(&replica(), &mut browser, &there);
    let tokens = Tokens::of(&caller.redeem(&replica(), &code));
    let renewed = Tokens::of(&replica().refresh(&caller.client_id, &tokens.refresh));
    assert!(replica().present(&renewed.access).is_ok());
    assert_eq!(
        replica().revoke(&caller.client_id, &renewed.refresh).status,
        200
    );
    assert_eq!(replica().present(&renewed.access).unwrap_err().status, 401);
}

/// Row 73: the key is rotated in the middle of a flow; and what was sealed with a key that is gone
/// is gone.
#[test]
fn a_new_key_breaks_nothing_and_an_old_one_that_is_removed_opens_nothing() {
    let world = World::default();
    let old = Deployment::new().server(&world);
    let both = Deployment::new()
        .with("OIDC_JWT_SIGNING_KEY", &format!("{OTHER_KEY},{KEY}"))
        .server(&world);
    let new = Deployment::new()
        .with("OIDC_JWT_SIGNING_KEY", OTHER_KEY)
        .server(&world);
    let caller = Caller::registered(&old);
    let mut browser = Browser::default();
    let page = browser.open(&old, &caller.authorize_path());
    let there = browser.decide(&both, &page, "approve");
    let code = caller.code_from(&both, &mut browser, &there);
    let tokens = Tokens::of(&caller.redeem(&both, &code));
    let renewed = Tokens::of(&both.refresh(&caller.client_id, &tokens.refresh));
    assert!(both.present(&renewed.access).is_ok());
    // What the new key has made goes on; the client id is of the old one.
    assert!(new.present(&renewed.access).is_ok());
    assert_error(
        "a client of the old key",
        &new.refresh(&caller.client_id, &renewed.refresh),
        401,
        "invalid_client",
    );
    assert_eq!(
        new.present(&Caller::registered(&old).tokens(&old).access)
            .unwrap_err()
            .status,
        401
    );
}

/// The scoreboard: a restart with an empty disk and the same key.
#[test]
fn sessions_survive_the_loss_of_the_store() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    let tokens = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    world.store.forget();
    assert!(server.present(&tokens.access).is_ok());
    let renewed = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    assert!(server.present(&renewed.access).is_ok());
}

#[test]
fn artefacts_that_are_too_long_for_a_url_stay_in_the_store() {
    let world = World::default();
    world.provider.set(|script| script.padding = 5000);
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server).asking("state", "their state");
    let mut browser = Browser::default();
    let code = caller.code(&server, &mut browser);
    assert!(code.len() < 400, "{}", code.len());
    let tokens = Tokens::of(&caller.redeem(&server, &code));
    assert!(
        Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh))
            .refresh
            .len()
            > 5000
    );
    let stored = String::from_utf8_lossy(&world.store.bytes()).into_owned();
    assert!(
        !stored.contains("idp-rt") && !stored.contains("alice"),
        "what is stored is sealed"
    );
}

#[test]
fn the_provider_is_asked_for_what_is_needed_and_in_the_way_it_needs() {
    let asked = |deployment: &Deployment, document: serde_json::Value| {
        let world = World::default();
        world.provider.set(|script| script.document = document);
        let server = deployment.server(&world);
        let mut browser = Browser::default();
        let page = browser.open(&server, &Caller::registered(&server).authorize_path());
        let there = browser.decide(&server, &page, "approve");
        let asked = query(location(&there));
        let value = |name: &str| asked.get(name).cloned().unwrap_or_default();
        [
            value("scope"),
            value("prompt"),
            value("access_type"),
            value("resource"),
        ]
        .join("|")
    };
    let plain = Deployment::new();
    let nothing = serde_json::json!({});
    assert_eq!(
        asked(&plain, nothing.clone()),
        "openid offline_access|consent||"
    );
    let without = serde_json::json!({ "scopes_supported": ["openid"] });
    assert_eq!(asked(&plain, without), "openid|||");
    let unlisted = serde_json::json!({ "scopes_supported": "(absent)" });
    assert_eq!(asked(&plain, unlisted), "openid offline_access|consent||");
    let google = serde_json::json!({ "issuer": "https://accounts.google.com" });
    assert_eq!(asked(&plain, google), "openid|consent|offline|");
    let lists = plain
        .clone()
        .with("OIDC_ALLOWED_DOMAINS", "example.com")
        .with("OIDC_ALLOWED_GROUPS", "staff");
    assert_eq!(
        asked(&lists, nothing.clone()),
        "openid offline_access email groups|consent||"
    );
    let custom = plain
        .clone()
        .with("OIDC_PROVIDER_SCOPES", "openid profile")
        .with("OIDC_PROVIDER_PROMPT", "login");
    assert_eq!(asked(&custom, nothing.clone()), "openid profile|login||");
    let quiet = plain
        .clone()
        .with("OIDC_PROVIDER_PROMPT", "off")
        .with("OIDC_PROVIDER_RESOURCE", "forward");
    assert_eq!(
        asked(&quiet, nothing.clone()),
        format!("openid offline_access|||{RESOURCE}")
    );
    let fixed = plain.with("OIDC_PROVIDER_RESOURCE", "api://x");
    assert_eq!(
        asked(&fixed, nothing),
        "openid offline_access|consent||api://x"
    );
}

#[test]
fn static_tokens_work_beside() {
    let world = World::default();
    let server = Deployment::new()
        .with("BEARER_TOKEN", STATIC_TOKEN)
        .server(&world);
    let who = server.present(STATIC_TOKEN).unwrap();
    assert_eq!(who.subject, "bearer-anon");
    assert_eq!(who.scopes, ["image:use", "image:read", "image:write"]);
}
