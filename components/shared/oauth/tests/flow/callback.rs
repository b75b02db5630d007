//! What comes back from the provider, or only pretends to.

use std::sync::atomic::Ordering::SeqCst;

use policy::http::{Error, Response};
use serde_json::{Value, json};

use crate::provider::{ISSUER, Script, change};
use crate::support::*;
use crate::world::{NOW, World};

/// A browser whose user has agreed and is now at the provider.
fn there(server: &Server<'_>, caller: &Caller) -> (Browser, String) {
    let mut browser = Browser::default();
    let page = browser.open(server, &caller.authorize_path());
    let there = browser.decide(server, &page, "approve");
    (browser, location(&there).to_owned())
}

/// Signs in with this script, and returns where that leads: a page's status, or the client's error.
fn outcome(deployment: &Deployment, script: impl FnOnce(&mut Script)) -> (u16, String) {
    let world = World::default();
    world.provider.set(script);
    let server = deployment.server(&world);
    let (mut browser, url) = there(&server, &Caller::registered(&server));
    let back = world.provider.sign_in(&url, "alice");
    let done = browser.open(&server, &format!("/vault/auth/callback?{back}"));
    let what = field(&done, "location").map(|location| {
        let answer = query(location);
        assert_eq!(answer["iss"], BASE);
        answer
            .get("error")
            .cloned()
            .unwrap_or_else(|| "code".to_owned())
    });
    assert!(!text(&done).contains("secret"), "{}", text(&done));
    (done.status, what.unwrap_or_default())
}

fn plain(script: impl FnOnce(&mut Script)) -> (u16, String) {
    outcome(&Deployment::new(), script)
}

fn code() -> (u16, String) {
    (303, "code".to_owned())
}

fn refused() -> (u16, String) {
    (303, "server_error".to_owned())
}

/// Rows 41 and 42.
#[test]
fn a_sign_in_ends_only_in_the_browser_in_which_it_began() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let (mut attacker, url) = there(&server, &caller);
    let back = world.provider.sign_in(&url, "alice");
    let path = format!("/vault/auth/callback?{back}");
    let (mut victim, _) = there(&server, &caller);
    for browser in [&mut victim, &mut Browser::default()] {
        let response = browser.open(&server, &path);
        assert_eq!((response.status, field(&response, "location")), (403, None));
    }
    assert_eq!(
        world.provider.token_requests.load(SeqCst),
        0,
        "and the code is not used up"
    );
    assert_eq!(attacker.open(&server, &path).status, 303);
}

/// Row 54.
#[test]
fn a_state_is_answered_once_and_only_if_it_is_ours() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let (mut browser, url) = there(&server, &caller);
    let state = query(&url)["state"].clone();
    let open = |browser: &mut Browser, state: &str| {
        let query = world.provider.answer(state, &[("code", "x")]);
        browser
            .open(&server, &format!("/vault/auth/callback?{query}"))
            .status
    };
    let mut altered = state.clone();
    altered.pop();
    for wrong in ["", "x", &altered, &caller.client_id] {
        assert_eq!(open(&mut browser, wrong), 400, "{wrong}");
    }
    let back = world.provider.sign_in(&url, "alice");
    assert_eq!(
        browser
            .open(&server, &format!("/vault/auth/callback?{back}"))
            .status,
        303
    );
    assert_eq!(
        browser
            .open(&server, &format!("/vault/auth/callback?{back}"))
            .status,
        400,
        "again"
    );
    let (mut browser, url) = there(&server, &caller);
    world.pass(15 * 60);
    let back = world.provider.sign_in(&url, "alice");
    assert_eq!(
        browser
            .open(&server, &format!("/vault/auth/callback?{back}"))
            .status,
        400,
        "late"
    );
    // A page that is posted is not the answer of a provider.
    let posted = browser.send(
        &server,
        ("POST", "/vault/auth/callback", &back),
        "cross-site",
    );
    assert_eq!(posted.status, 405);
}

/// Row 54: another tenant on the same key.
#[test]
fn a_state_of_another_server_is_not_ours() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let other = Deployment::new()
        .with("BASE_URL", "https://h.example/other")
        .server(&world);
    let (mut browser, url) = there(&server, &Caller::registered(&server));
    let back = world.provider.sign_in(&url, "alice");
    let response = browser.open(&other, &format!("/other/auth/callback?{back}"));
    assert_eq!((response.status, field(&response, "location")), (400, None));
}

/// Row 55.
#[test]
fn an_answer_of_another_provider_is_refused() {
    let answered = |iss: Option<&str>| {
        let iss = iss.map(str::to_owned);
        plain(|script| script.iss = iss).0
    };
    assert_eq!(answered(Some(ISSUER)), 303);
    for iss in [
        None,
        Some("https://idp.example/"),
        Some("https://evil.example"),
        Some(""),
    ] {
        assert_eq!(answered(iss), 400, "{iss:?}");
    }
    let silent = plain(|script| {
        script.iss = None;
        script.document = json!({ "authorization_response_iss_parameter_supported": "(absent)" });
    });
    assert_eq!(silent, code(), "it does not say that it names itself");
}

/// Row 56; its rules one by one are tested where they are.
#[test]
fn an_id_token_that_is_not_the_answer_signs_nobody_in() {
    let with = |claims: Value| plain(|script| script.id_token = claims);
    assert_eq!(with(json!({})), code());
    for claims in [
        json!({ "nonce": "other" }),
        json!({ "nonce": "(absent)" }),
        json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }),
        json!({ "aud": "another client" }),
        json!({ "aud": ["our client", "api"] }),
        json!({ "azp": "another client" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "exp": 1 }),
        json!({ "iat": 2_000_000_000_u64 }),
        json!({ "sub": "" }),
    ] {
        assert_eq!(with(claims.clone()), refused(), "{claims}");
    }
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "RS256", "typ": "logout+jwt" }),
    ] {
        let result = plain(|script| script.id_token_header = header.clone());
        assert_eq!(result, refused(), "{header}");
    }
    assert_eq!(plain(|script| script.sends_id_token = false), refused());
    let unlisted = plain(|script| {
        script.document = json!({ "id_token_signing_alg_values_supported": ["ES256"] });
    });
    assert_eq!(
        unlisted,
        refused(),
        "an algorithm that the provider does not use"
    );
}

/// Row 57.
#[test]
fn what_the_provider_says_reaches_nobody_in_its_words() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    for (said, told) in [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("invalid_scope", "server_error"),
        (
            "<script>alert(1)</script>\r\nset-cookie: a=b",
            "server_error",
        ),
    ] {
        let (mut browser, url) = there(&server, &Caller::registered(&server));
        let parameters = [
            ("error", said),
            ("error_description", "<b>hello</b>\r\nx: y"),
        ];
        let back = world.provider.answer(&query(&url)["state"], &parameters);
        let response = browser.open(&server, &format!("/vault/auth/callback?{back}"));
        let url = location(&response);
        assert!(url.bytes().all(|b| b.is_ascii_graphic()), "{url}");
        assert!(!url.contains("hello") && !url.contains("alert"), "{url}");
        assert_eq!(query(url)["error"], told);
    }
}

/// Row 65, in the whole flow.
#[test]
fn a_user_who_is_on_no_list_sees_a_page_and_the_client_gets_nothing() {
    let domain = Deployment::new().with("OIDC_ALLOWED_DOMAINS", "example.com");
    let with = |deployment: &Deployment, claims: Value| {
        outcome(deployment, |script| script.id_token = claims)
    };
    assert_eq!(with(&domain, json!({})), code());
    let denied = (403, String::new());
    for claims in [
        json!({ "email_verified": false }),
        json!({ "email_verified": "true" }),
        json!({ "email_verified": "(absent)" }),
        json!({ "email": "alice@example.com.evil.example" }),
        json!({ "email": "alice@sub.example.com" }),
        json!({ "email": "alice@\u{435}xample.com" }),
        json!({ "email": "(absent)" }),
    ] {
        assert_eq!(with(&domain, claims.clone()), denied, "{claims}");
    }
    let plus = Deployment::new().with("OIDC_ALLOWED_EMAILS", "alice@example.com");
    assert_eq!(with(&plus, json!({ "email": "ALICE@Example.com" })), code());
    assert_eq!(
        with(&plus, json!({ "email": "alice+x@example.com" })),
        denied
    );
    let subject = Deployment::new().with("OIDC_ALLOWED_SUBJECTS", "alice");
    assert_eq!(with(&subject, json!({})), code());
    let group = Deployment::new().with("OIDC_ALLOWED_GROUPS", "staff");
    assert_eq!(with(&group, json!({ "groups": ["staff"] })), code());
    assert_eq!(with(&group, json!({ "groups": "staff" })), code());
    assert_eq!(
        with(&group, json!({ "groups": ["Staff", "staff "] })),
        denied
    );
}

/// The provider is asked for more claims only where a list needs one that is missing.
#[test]
fn userinfo_is_read_when_a_list_needs_it() {
    let group = Deployment::new().with("OIDC_ALLOWED_GROUPS", "staff");
    let with = |userinfo: Value| outcome(&group, |script| script.userinfo = userinfo);
    assert_eq!(with(json!({ "sub": "alice", "groups": ["staff"] })), code());
    let denied = (403, String::new());
    assert_eq!(
        with(json!({ "sub": "bob", "groups": ["staff"] })),
        denied,
        "of somebody else"
    );
    assert_eq!(with(json!({ "sub": "alice" })), denied);
    let world = World::default();
    let server = Deployment::new().server(&world);
    Caller::registered(&server).tokens(&server);
    assert_eq!(world.provider.userinfo_requests.load(SeqCst), 0);
}

/// The secrets of the exchange stay between the provider and us.
#[test]
fn a_failed_exchange_tells_the_client_nothing_but_that() {
    let answer = |status: u16, body: &str| {
        let response = Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        plain(|script| script.token = Some(Ok(response)))
    };
    for (status, body) in [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"secret"}"#,
        ),
        (401, r#"{"error":"invalid_client"}"#),
        (403, "<html>secret</html>"),
        (200, "<html>secret</html>"),
        (200, r#"{"access_token":7}"#),
        (200, r#"{"access_token":"a","access_token":"b"}"#),
        (200, "{}"),
    ] {
        assert_eq!(answer(status, body), refused(), "{status} {body}");
    }
    for (status, body) in [
        (500, ""),
        (502, "secret"),
        (429, ""),
        (400, r#"{"error":"temporarily_unavailable"}"#),
    ] {
        assert_eq!(
            answer(status, body),
            (503, String::new()),
            "{status} {body}"
        );
    }
    for error in [
        Error::Timeout,
        Error::Connection("reset".to_owned()),
        Error::TooLarge,
    ] {
        let result = plain(|script| script.token = Some(Err(error.clone())));
        assert_eq!(result, (503, String::new()), "{error:?}");
    }
}

/// After an outage, loading the page again is enough.
#[test]
fn a_sign_in_survives_an_outage_of_the_token_endpoint() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let (mut browser, url) = there(&server, &caller);
    let back = world.provider.sign_in(&url, "alice");
    world
        .provider
        .set(|script| script.token = Some(Err(Error::Timeout)));
    let response = browser.open(&server, &format!("/vault/auth/callback?{back}"));
    assert_eq!(
        (response.status, field(&response, "retry-after").is_some()),
        (503, true)
    );
    world.provider.set(|script| script.token = None);
    assert_eq!(
        browser
            .open(&server, &format!("/vault/auth/callback?{back}"))
            .status,
        303
    );
}

#[test]
fn the_access_token_of_the_provider_is_judged_where_that_is_asked_for() {
    let strict = Deployment::new().with("OIDC_VERIFY_ACCESS_TOKEN", "true");
    assert_eq!(outcome(&strict, |_| {}), refused(), "it is opaque");
    let with = |changes: Value| {
        let mut claims = json!({
            "iss": ISSUER, "sub": "alice", "aud": RESOURCE, "client_id": "our client",
            "exp": NOW + 60, "iat": NOW, "scope": "image:use",
        });
        change(&mut claims, &changes);
        outcome(&strict, |script| script.access_token = Some(claims))
    };
    assert_eq!(with(json!({})), code());
    for changes in [
        json!({ "aud": "https://other.example" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "exp": 1 }),
        json!({ "sub": "bob" }),
        json!({ "scope": "other" }),
        json!({ "cnf": { "jkt": "x" } }),
    ] {
        assert_eq!(with(changes.clone()), refused(), "{changes}");
    }
}

/// A provider accepts our secret in one place; some say that they accept it in both.
#[test]
fn the_secret_goes_where_the_provider_accepts_it() {
    let both = json!(["client_secret_basic", "client_secret_post"]);
    for (advertised, basic, post, works) in [
        (json!("(absent)"), true, false, true),
        (json!(["client_secret_basic"]), true, false, true),
        (json!(["client_secret_post"]), false, true, true),
        (both.clone(), true, true, true),
        (both.clone(), false, true, true),
        (both, false, false, false),
        (json!(["client_secret_basic"]), false, true, false),
    ] {
        let result = plain(|script| {
            script.document = json!({ "token_endpoint_auth_methods_supported": advertised });
            script.accepts_basic = basic;
            script.accepts_post = post;
        });
        assert_eq!(result == code(), works, "{advertised} {basic} {post}");
    }
}
