//! Row 71: what is secret is in no log, no store and no error, whatever happens.

use policy::http::Error;

use crate::provider::CLIENT_SECRET;
use crate::support::*;
use crate::world::World;

#[test]
fn nothing_secret_is_logged_stored_or_shown() {
    let world = World::default();
    let deployment = Deployment::new()
        .with("BEARER_TOKEN", STATIC_TOKEN)
        .with("OIDC_ALLOWED_DOMAINS", "example.com");
    let server = deployment.server(&world);
    let caller = Caller::registered(&server);
    let mut browser = Browser::default();
    let page = browser.open(&server, &caller.authorize_path());
    let there = browser.decide(&server, &page, "approve");
    let asked = query(location(&there));
    let back = world.provider.sign_in(location(&there), "alice");
    let done = browser.open(&server, &format!("/vault/auth/callback?{back}"));
    let code = query(location(&done))["code"].clone();
    let tokens = Tokens::of(&caller.redeem(&server, &code));
    let renewed = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    // And everything that can go wrong.
    server.refresh(&caller.client_id, &tokens.access);
    caller.redeem(&server, &code);
    browser.open(&server, &format!("/vault/auth/callback?{back}"));
    Browser::default().open(&server, &format!("/vault/auth/callback?{back}"));
    server.present(&renewed.access).unwrap_err();
    server.present(&renewed.refresh).unwrap_err();
    let again = caller.tokens(&server);
    world
        .provider
        .set(|script| script.token = Some(Err(Error::Connection("reset".to_owned()))));
    server.refresh(&caller.client_id, &again.refresh);
    world.provider.set(|script| {
        script.token = None;
        script.id_token = serde_json::json!({ "email": "alice@elsewhere.example" });
    });
    let page = browser.open(&server, &caller.authorize_path());
    let there = browser.decide(&server, &page, "approve");
    let elsewhere = world.provider.sign_in(location(&there), "alice");
    let denied = browser.open(&server, &format!("/vault/auth/callback?{elsewhere}"));
    assert_eq!(denied.status, 403);
    server.revoke(&caller.client_id, &again.refresh);

    let cookie = browser.cookies.values().next().unwrap().clone();
    let secrets = [
        KEY,
        CLIENT_SECRET,
        STATIC_TOKEN,
        "alice@",
        &code,
        &tokens.access,
        &tokens.refresh,
        &renewed.access,
        &renewed.refresh,
        &caller.verifier,
        &asked["state"],
        &asked["nonce"],
        &query(&format!("?{back}"))["code"],
        &hidden(&page),
        &cookie,
        "idp-at-",
        "idp-rt-",
        "idp-code-",
    ];
    let log = world.log.all();
    let stored =
        String::from_utf8_lossy(&world.store.bytes()).into_owned() + &world.store.keys().join("\n");
    let printed = format!("{:?} {:?}", server.proxy, tokens.body.get("nothing"));
    assert!(
        log.contains("code_replayed") && log.contains("user_not_allowed"),
        "{log}"
    );
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
        assert!(!stored.contains(secret), "{secret} in the store");
        assert!(!printed.contains(secret), "{secret} in `Debug`");
    }
}

/// Row 71: each refusal begins with a code that an operator can look for.
#[test]
fn every_refusal_is_logged_with_a_code() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    for (act, code) in [
        (
            Box::new(|| server.refresh(&caller.client_id, "x")) as Box<dyn Fn() -> _>,
            "refresh_token_unknown",
        ),
        (Box::new(|| server.refresh("x", "x")), "client_unknown"),
        (Box::new(|| caller.redeem(&server, "x")), "code_unknown"),
        (
            Box::new(|| server.send(("GET", "/vault/authorize"), &[], "")),
            "client_missing",
        ),
        (
            Box::new(|| server.send(("GET", "/vault/auth/callback"), &[], "")),
            "callback_state_unknown",
        ),
        (
            Box::new(|| server.send(("GET", "/vault/consent"), &[], "")),
            "method_not_allowed",
        ),
    ] {
        assert!(act().status >= 400);
        let log = world.log.all();
        assert!(log.lines().last().unwrap().contains(code), "{code}: {log}");
    }
}

/// Row 21: parts of artefacts that are good by themselves make none together.
#[test]
fn spliced_artefacts_open_nothing() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let mut browser = Browser::default();
    let page = browser.open(&server, &caller.authorize_path());
    let there = browser.decide(&server, &page, "approve");
    let code = caller.code_from(&server, &mut browser, &there);
    let tokens = caller.tokens(&server);
    let other = caller.tokens(&server);
    let state = query(location(&there))["state"].clone();
    let artefacts = [
        &code,
        &state,
        &hidden(&page),
        &tokens.refresh,
        &other.refresh,
        &tokens.access,
        &other.access,
        &caller.client_id,
    ];
    for first in artefacts {
        for second in artefacts {
            for cut in [6, 40, 80, first.len() / 2, first.len() - 20] {
                let tail = second.get(cut..).unwrap_or_default();
                let spliced = format!("{}{tail}", &first[..cut]);
                if artefacts.contains(&&spliced) {
                    continue;
                }
                assert!(server.present(&spliced).is_err());
                assert_ne!(caller.redeem(&server, &spliced).status, 200);
                assert_ne!(server.refresh(&caller.client_id, &spliced).status, 200);
                let form = [("transaction", spliced.as_str()), ("decision", "approve")];
                assert_eq!(browser.submit(&server, &form).status, 403);
                let back = world.provider.answer(&spliced, &[("code", "x")]);
                let path = format!("/vault/auth/callback?{back}");
                assert_eq!(browser.open(&server, &path).status, 400);
            }
        }
    }
}
