//! The question to the user: it cannot be skipped, forged, answered by others or used up.

use crate::support::*;
use crate::world::World;

const NATIVE: &str = "none";

/// Whether `/authorize` shows the page (rather than going on to the provider).
fn is_asked(server: &Server<'_>, browser: &mut Browser, caller: &Caller) -> bool {
    let response = browser.open(server, &caller.authorize_path());
    match response.status {
        200 => true,
        303 => {
            assert!(location(&response).starts_with("https://idp.example/auth?"));
            false
        }
        status => panic!("{status} {}", text(&response)),
    }
}

/// Signs in, so that there is something to remember.
fn remember(server: &Server<'_>, browser: &mut Browser, caller: &Caller) {
    caller.code(server, browser);
}

fn native() -> Browser {
    Browser {
        site: NATIVE.to_owned(),
        ..Browser::default()
    }
}

/// Row 40: a client that nobody knows never gets to a user who is signed in at the provider.
#[test]
fn a_new_client_is_always_asked_about() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let mut browser = native();
    remember(&server, &mut browser, &Caller::registered(&server));
    for _ in 0..2 {
        let other = Caller::registered(&server);
        assert!(
            is_asked(&server, &mut browser, &other),
            "the same redirect, another client"
        );
    }
    let evil = server.register(&["https://evil.example/cb"]);
    let evil = Caller {
        redirect_uri: "https://evil.example/cb".to_owned(),
        ..Caller::with_id(&evil)
    };
    assert!(is_asked(&server, &mut browser, &evil));
}

#[test]
fn a_user_who_has_agreed_in_this_browser_is_not_asked_again() {
    for memory in ["cookie", "store"] {
        let world = World::default();
        let server = Deployment::new()
            .with("OIDC_CONSENT_MEMORY", memory)
            .server(&world);
        let caller = Caller::registered(&server);
        let mut browser = native();
        assert!(is_asked(&server, &mut browser, &caller));
        remember(&server, &mut browser, &caller);
        assert!(!is_asked(&server, &mut browser, &caller), "{memory}");
        let port = Caller {
            redirect_uri: "http://127.0.0.1:9/callback".to_owned(),
            ..caller.clone()
        };
        assert!(
            !is_asked(&server, &mut browser, &port),
            "the port is today's"
        );
        // The sign-in goes through.
        let there = browser.open(&server, &caller.authorize_path());
        let code = caller.code_from(&server, &mut browser, &there);
        assert_eq!(caller.redeem(&server, &code).status, 200);
    }
}

/// Rows 40 and 47.
#[test]
fn what_was_agreed_to_is_remembered_for_nothing_else() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let id = server.register(&[
        REDIRECT,
        "http://127.0.0.1:7000/other",
        "https://client.example/cb",
    ]);
    let caller = Caller::with_id(&id);
    let mut browser = native();
    remember(&server, &mut browser, &caller);
    assert!(!is_asked(&server, &mut browser, &caller));
    let other = Caller {
        redirect_uri: "http://127.0.0.1:7000/other".to_owned(),
        ..caller.clone()
    };
    assert!(
        is_asked(&server, &mut browser, &other),
        "another redirect URI"
    );
    let more = caller.clone().asking("scope", "image:use image:write");
    assert!(is_asked(&server, &mut browser, &more), "another scope");
    for site in ["cross-site", "same-site", "same-origin", ""] {
        browser.site = site.to_owned();
        assert!(
            is_asked(&server, &mut browser, &caller),
            "from a page: `{site}`"
        );
    }
    browser.site = NATIVE.to_owned();
    assert!(is_asked(&server, &mut native(), &caller), "another browser");
    world.pass(91 * 86_400);
    let later = Caller::with_id(&id);
    assert!(
        is_asked(&server, &mut browser, &later),
        "three months later"
    );
    // An application on the web shares its id among its users.
    let web = Caller {
        redirect_uri: "https://client.example/cb".to_owned(),
        ..caller.clone()
    };
    remember(&server, &mut browser, &web);
    assert!(is_asked(&server, &mut browser, &web));
    let off = Deployment::new()
        .with("OIDC_CONSENT_MEMORY", "off")
        .server(&world);
    remember(&off, &mut browser, &caller);
    assert!(is_asked(&off, &mut browser, &caller));
}

#[test]
fn another_user_in_the_same_browser_is_asked_after_signing_in() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let mut browser = native();
    remember(&server, &mut browser, &caller);
    let there = browser.open(&server, &caller.authorize_path());
    let back = world.provider.sign_in(location(&there), "bob");
    let page = browser.open(&server, &format!("/vault/auth/callback?{back}"));
    assert_eq!(page.status, 200, "the page, and no code");
    let there = browser.decide(&server, &page, "approve");
    let back = world.provider.sign_in(location(&there), "bob");
    let done = browser.open(&server, &format!("/vault/auth/callback?{back}"));
    let code = &query(location(&done))["code"];
    let tokens = Tokens::of(&caller.redeem(&server, code));
    assert_eq!(server.present(&tokens.access).unwrap().subject, "bob");
}

#[test]
fn a_refusal_reaches_the_client() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let mut browser = Browser::default();
    let page = browser.open(&server, &Caller::registered(&server).authorize_path());
    let refused = browser.decide(&server, &page, "deny");
    assert!(location(&refused).starts_with(REDIRECT));
    let answer = query(location(&refused));
    assert_eq!(
        (answer["error"].as_str(), answer["state"].as_str()),
        ("access_denied", "their state")
    );
    assert!(!answer.contains_key("code"));
}

/// Row 43.
#[test]
fn an_answer_from_elsewhere_is_no_answer() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let mut attacker = Browser::default();
    let theirs = hidden(&attacker.open(&server, &caller.authorize_path()));
    let mut victim = Browser::default();
    let own = hidden(&victim.open(&server, &caller.authorize_path()));
    let approve =
        |field: &str| oauth::form::encode(&[("transaction", field), ("decision", "approve")]);
    let post = |browser: &mut Browser, field: &str, site: &str| {
        browser.send(&server, ("POST", "/vault/consent", &approve(field)), site)
    };
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(post(&mut victim, &own, site).status, 403, "{site}");
    }
    let mut foreign = Browser {
        further: vec![("origin".to_owned(), "https://evil.example".to_owned())],
        ..victim.clone()
    };
    assert_eq!(post(&mut foreign, &own, "").status, 403, "two origins");
    assert_eq!(
        post(&mut Browser::default(), &own, "same-origin").status,
        403,
        "no cookie"
    );
    assert_eq!(
        post(&mut victim, &theirs, "same-origin").status,
        403,
        "made for another browser"
    );
    for field in ["", "x", &own[1..], &caller.client_id] {
        assert_eq!(
            post(&mut victim, field, "same-origin").status,
            403,
            "{field}"
        );
    }
    let undecided = victim.submit(&server, &[("transaction", &own)]);
    assert_eq!(undecided.status, 400);
    let path = format!("/vault/consent?{}", approve(&own));
    assert_eq!(
        victim.open(&server, &path).status,
        405,
        "a link does not agree"
    );
    world.pass(15 * 60);
    assert_eq!(
        post(&mut victim, &own, "same-origin").status,
        403,
        "too late"
    );
}

/// Row 46: renders, tabs, the back button and prefetching.
#[test]
fn any_page_that_was_shown_can_be_answered_any_number_of_times() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let mut browser = Browser::default();
    let first = browser.open(&server, &caller.authorize_path());
    let second = browser.open(&server, &caller.authorize_path());
    browser
        .further
        .push(("sec-purpose".to_owned(), "prefetch".to_owned()));
    let prefetched = browser.open(&server, &caller.authorize_path());
    browser.further.clear();
    for page in [&first, &second, &prefetched, &first] {
        let there = browser.decide(&server, page, "approve");
        let code = caller.code_from(&server, &mut browser, &there);
        assert_eq!(caller.redeem(&server, &code).status, 200);
    }
    // And a change of mind.
    assert_eq!(
        query(location(&browser.decide(&server, &first, "deny")))["error"],
        "access_denied"
    );
}

/// Row 46 again: two tabs that were opened before the browser had a cookie. The one that lost is
/// asked once more.
#[test]
fn a_page_whose_cookie_was_replaced_asks_again() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let first = Browser::default().open(&server, &caller.authorize_path());
    let mut browser = Browser::default();
    browser.open(&server, &caller.authorize_path());
    let again = browser.decide(&server, &first, "approve");
    assert_eq!(again.status, 403);
    let there = browser.decide(&server, &again, "approve");
    let code = caller.code_from(&server, &mut browser, &there);
    assert_eq!(caller.redeem(&server, &code).status, 200);
}

/// Rows 44, 45 and 70 at this level: the page's own tests have the rest.
#[test]
fn the_page_cannot_be_framed_kept_or_written_into() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let page = Browser::default().open(&server, &Caller::registered(&server).authorize_path());
    assert!(
        field(&page, "content-security-policy")
            .unwrap()
            .contains("frame-ancestors 'none'")
    );
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(field(&page, name), Some(value));
    }
}

/// Row 69: however many sign-ins are begun, there is one cookie for them, and one for consent.
#[test]
fn stale_sign_ins_leave_no_cookies_behind() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let mut browser = native();
    for _ in 0..40 {
        let caller = Caller::registered(&server);
        browser.open(&server, &caller.authorize_path());
        remember(&server, &mut browser, &caller);
    }
    assert_eq!(browser.cookies.len(), 2);
    let size: usize = browser
        .cookies
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    assert!(size < 4096, "{size}");
}

/// Another application on the same host name has scripts on the same origin.
#[test]
fn scripts_and_frames_of_a_neighbour_get_no_page_to_answer() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    for destination in ["empty", "iframe", "embed", "object", "Document", ""] {
        let mut browser = Browser {
            further: vec![("sec-fetch-dest".to_owned(), destination.to_owned())],
            ..Browser::default()
        };
        let response = browser.open(&server, &caller.authorize_path());
        assert_eq!(response.status, 403, "{destination}");
        assert!(!text(&response).contains("transaction"), "{destination}");
    }
    let mut window = Browser {
        further: vec![("sec-fetch-dest".to_owned(), "document".to_owned())],
        ..Browser::default()
    };
    assert_eq!(window.open(&server, &caller.authorize_path()).status, 200);
}
