//! What a person is asked, and that nobody answers for her (rows 40 to 47, 69, 70).

use e2e::browser::{Browser, Person, forms};
use e2e::network::Message;
use e2e::oauth_client::{OAuthClient, Pkce, Tokens};
use e2e::site::Site;
use reqwest::Method;
use url::Url;

use super::{agreed, assert_local, next, sign_in, until_callback};

/// A browser whose owner has used one client, and that client.
async fn regular(site: &Site) -> (Browser, OAuthClient) {
    let browser = site.browser();
    let granted = site
        .granted_to(site.registered().await, &browser, "regular")
        .await;
    Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    (browser, granted.client)
}

async fn is_asked(browser: &Browser, client: &OAuthClient) -> bool {
    let page = browser
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    let found = forms(&page.reply.text(), &page.url);
    found
        .iter()
        .any(|form| !form.buttons.is_empty() && form.value("prompt").is_none())
}

#[tokio::test]
async fn row_40_every_new_client_is_asked_about_and_every_new_address_of_a_known_one() {
    let site = Site::start().await;
    let (browser, client) = regular(&site).await;
    assert!(
        !is_asked(&browser, &client).await,
        "the answer is remembered"
    );
    assert!(
        is_asked(&site.browser(), &client).await,
        "by this browser alone"
    );
    let stranger = site.stranger().await.registered("Painter").await;
    assert!(
        is_asked(&browser, &stranger).await,
        "the name is not the client"
    );
    // One client with two addresses: agreeing to one is not agreeing to the other.
    let mut both = site.stranger().await;
    let other = "https://app.example/callback";
    let mut metadata = both.registration("Two places");
    metadata["redirect_uris"] = serde_json::json!([both.redirect_uri, other]);
    let reply = both.register(metadata).await;
    both.id = reply.json()["client_id"].as_str().unwrap().to_owned();
    site.granted_to(both.clone(), &browser, "regular").await;
    assert!(!is_asked(&browser, &both).await);
    both.redirect_uri = other.into();
    assert!(
        is_asked(&browser, &both).await,
        "another address of a known client"
    );
}

#[tokio::test]
async fn row_41_an_answer_of_the_attacker_is_no_answer_of_the_victim() {
    let site = Site::start().await;
    let (attacker, victim) = (site.browser(), site.browser());
    let client = site.registered().await;
    let page = agreed(&attacker, &client, &Pkce::default()).await;
    let upstream = next(&page);
    let callback = until_callback(&victim, &upstream, "victor").await;
    let page = victim.open(&callback).await;
    assert_local("41", &page);
    assert_eq!(page.reply.status, 403);
}

#[tokio::test]
async fn row_42_the_victim_is_not_signed_in_as_the_attacker() {
    let site = Site::start().await;
    let (attacker, victim) = (site.browser(), site.browser());
    let client = site.registered().await;
    let page = agreed(&attacker, &client, &Pkce::default()).await;
    let callback = until_callback(&attacker, &next(&page), "mallory").await;
    let page = victim.open(&callback).await;
    assert_local("42", &page);
    assert_eq!(page.reply.status, 403);
    // In the browser that it belongs to, it works.
    assert!(attacker.open(&callback).await.parameter("code").is_some());
}

#[tokio::test]
async fn row_43_an_answer_comes_from_the_page_that_asked() {
    let site = Site::start().await;
    let client = site.registered().await;
    let (victim, attacker) = (site.browser(), site.browser());
    let page = victim
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    let form = page.form();
    let honest = form.submission(Some(form.agreeing()));

    let stolen = attacker
        .open(&client.authorization(&Pkce::default(), &[]))
        .await
        .form();
    let foreign = stolen.submission(Some(stolen.agreeing()));
    let cross_site = honest
        .clone()
        .with_header("origin", "https://evil.example")
        .with_header("sec-fetch-site", "cross-site");
    let mut damaged = form.clone();
    for (_, value) in &mut damaged.fields {
        let last = if value.ends_with('A') { 'B' } else { 'A' };
        value.pop();
        value.push(last);
    }
    let mut got = honest.clone();
    got.method = Method::GET;
    got.url
        .set_query(Some(&String::from_utf8(got.body.clone()).unwrap()));
    got.body.clear();
    let empty = Message::form(form.action.clone(), &[]);
    for (row, browser, message) in [
        ("43 the form of another browser", &victim, foreign),
        ("43 another site", &victim, cross_site),
        ("43 no cookie", &site.browser(), honest.clone()),
        (
            "43 a damaged form",
            &victim,
            damaged.submission(Some(damaged.agreeing())),
        ),
        ("43 get", &victim, got),
        ("43 nothing", &victim, empty),
    ] {
        let page = browser.step(message).await;
        assert!(
            [400, 403, 405].contains(&page.reply.status),
            "{row}: {} {:?}",
            page.reply.status,
            page.reply.headers
        );
        assert_eq!(page.reply.header("location"), None, "{row}");
    }
    let page = victim.step(honest).await;
    assert!(
        next(&page).path().ends_with("/auth"),
        "the honest answer still works"
    );
}

#[tokio::test]
async fn row_44_no_frame_and_no_other_window_holds_the_page() {
    let site = Site::start().await;
    let client = site.registered().await;
    let page = site
        .browser()
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    let reply = &page.reply;
    let policy = reply.header("content-security-policy").unwrap();
    for directive in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(directive), "no {directive}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
    assert_eq!(
        reply.header("cross-origin-opener-policy"),
        Some("same-origin")
    );
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert!(!reply.text().contains("<script"));
}

#[tokio::test]
async fn row_45_the_name_of_a_client_is_text_and_short() {
    let site = Site::start().await;
    for (row, name) in [
        (
            "html",
            "<img src=x onerror=alert(1)><script>alert(2)</script>".to_owned(),
        ),
        ("attribute", "\" autofocus onfocus=\"alert(1)".to_owned()),
        (
            "direction",
            "Painter \u{202e}moc.elpmaxe\u{2066}".to_owned(),
        ),
        (
            "lines",
            "Painter\r\nset-cookie: a=b\u{0}\u{2028}".to_owned(),
        ),
        ("long", "long name ".repeat(1_000)),
    ] {
        let client = site.stranger().await;
        let mut metadata = client.registration(&name);
        metadata["client_uri"] = serde_json::json!("javascript:alert(1)");
        metadata["logo_uri"] = serde_json::json!("https://evil.example/logo.svg");
        let reply = client.register(metadata).await;
        if reply.status == 400 {
            continue;
        }
        let mut client = client;
        client.id = reply.json()["client_id"].as_str().unwrap().to_owned();
        let page = site
            .browser()
            .open(&client.authorization(&Pkce::default(), &[]))
            .await;
        let text = page.reply.text();
        assert_eq!(page.reply.status, 200, "{row}: {text}");
        assert_eq!(page.form().buttons.len(), 2, "{row}");
        for forbidden in [
            "<script",
            "<img",
            "onfocus=\"",
            "javascript:",
            "\u{202e}",
            "\u{2066}",
            "\u{2028}",
            "\0",
        ] {
            assert!(
                !text.contains(forbidden),
                "{row}: {forbidden:?} is in the page"
            );
        }
        assert!(text.len() < 12_000, "{row}: {} bytes", text.len());
        assert_eq!(
            page.reply
                .headers
                .get_all("set-cookie")
                .iter()
                .filter(|value| value.as_bytes().starts_with(b"a=b"))
                .count(),
            0
        );
    }
    // Where the answer goes, in the letters that a browser would use.
    let mut client = site.stranger().await;
    client.redirect_uri = "https://xn--pple-43d.com/callback".into();
    let client = client.registered("Apple").await;
    let page = site
        .browser()
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    assert!(page.reply.text().contains("xn--pple-43d.com"));
}

#[tokio::test]
async fn row_46_a_page_that_was_rendered_twice_still_works() {
    let site = Site::start().await;
    let client = site.registered().await;
    let browser = site.browser();
    let (first, second) = (Pkce::default(), Pkce::default());
    let start = client.authorization(&first, &[]);
    let one = browser.open(&start).await;
    let again = browser.open(&start).await;
    let other = browser.open(&client.authorization(&second, &[])).await;
    for (page, pkce) in [(other, &second), (one, &first)] {
        let page = browser.continue_as(page, Person::named("alice")).await;
        let reply = client.redeem(&e2e::site::code(&page), pkce).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let page = browser.continue_as(again, Person::named("alice")).await;
    assert!(page.outside || page.reply.status < 500, "{:?}", page.reply);
}

#[tokio::test]
async fn row_47_a_link_on_another_site_never_gets_a_silent_answer_for_a_new_client() {
    let site = Site::start().await;
    let (browser, _) = regular(&site).await;
    let stranger = site.registered().await;
    let message = Message::get(stranger.authorization(&Pkce::default(), &[]))
        .with_header("sec-fetch-site", "cross-site")
        .with_header("sec-fetch-mode", "navigate");
    let page = browser.navigate(message).await;
    assert!(!page.outside);
    page.form().agreeing();
}

#[tokio::test]
async fn row_69_cookies_are_for_this_host_only_and_few() {
    let site = Site::start().await;
    let client = site.registered().await;
    let browser = site.browser();
    let home = Url::parse(&site.base_url).unwrap();
    for _ in 0..40 {
        browser
            .open(&client.authorization(&Pkce::default(), &[]))
            .await;
    }
    let cookies = browser.jar.of(&home);
    let bytes: usize = cookies
        .iter()
        .map(|cookie| cookie.name.len() + cookie.value.len())
        .sum();
    assert!(
        cookies.len() <= 4 && bytes < 8192,
        "{} cookies, {bytes} bytes",
        cookies.len()
    );
    for cookie in &cookies {
        assert!(cookie.name.starts_with("__Host-"), "{cookie:?}");
        for attribute in ["secure", "httponly", "samesite=lax", "path=/"] {
            assert!(cookie.has(attribute), "no {attribute}: {cookie:?}");
        }
    }
    // What a neighbour plants under the same name is not believed.
    let page = browser
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    let planted = browser.jar.of(&home).into_iter().map(|mut cookie| {
        cookie.value = "planted-by-a-neighbour".into();
        cookie
    });
    browser.jar.put(planted.collect::<Vec<_>>());
    let form = page.form();
    let page = browser.step(form.submission(Some(form.agreeing()))).await;
    assert!([400, 403].contains(&page.reply.status), "{:?}", page.reply);
    // An old cookie of another key does no harm.
    let fresh = site.browser();
    fresh.jar.put(browser.jar.of(&home));
    let page = sign_in(&fresh, &client.authorization(&Pkce::default(), &[])).await;
    assert!(page.outside || page.reply.status < 500);
}

#[tokio::test]
async fn row_70_nothing_on_the_way_is_stored_or_told_to_the_next_site() {
    let site = Site::start().await;
    let client = site.registered().await;
    let (browser, pkce) = (site.browser(), Pkce::default());
    let consent = browser.open(&client.authorization(&pkce, &[])).await;
    let form = consent.form();
    let answered = browser.step(form.submission(Some(form.agreeing()))).await;
    let callback = until_callback(&browser, &next(&answered), "alice").await;
    let called = browser.step(Message::get(callback)).await;
    let back = next(&called);
    let code = e2e::browser::parameter(&back, "code").unwrap();
    let token = client.redeem(&code, &pkce).await;
    for (name, reply) in [
        ("consent", &consent.reply),
        ("answer", &answered.reply),
        ("callback", &called.reply),
        ("token", &token),
    ] {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{name}");
        if name != "token" {
            assert_eq!(
                reply.header("referrer-policy"),
                Some("no-referrer"),
                "{name}"
            );
            assert_eq!(reply.header("access-control-allow-origin"), None, "{name}");
        }
    }
}
