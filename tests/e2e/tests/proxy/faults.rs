//! A provider that is slow, broken, away or new, while people sign in.

use std::time::Duration;

use e2e::browser::Person;
use e2e::fault_proxy::{Fault, FaultProxy};
use e2e::idp::Idp;
use e2e::network::Message;
use e2e::oauth_client::{Pkce, Tokens};
use e2e::settings::{BASE_URL, Settings, free_port};
use e2e::site::{Plan, code};
use e2e::wait::until;
use serde_json::json;

use super::{agreed, next, until_callback};

#[tokio::test]
async fn a_slow_provider_is_waited_for_and_a_dead_one_is_not_blamed_on_the_user() {
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let site = Plan::default().start(&idp).await;
    proxy.fault("/token", Fault::Slow(Duration::from_secs(2)));
    let (client, tokens) = site.signed_in("alice").await;
    proxy.heal();
    for fault in [Fault::Status(500), Fault::Cut, Fault::Status(502)] {
        let (browser, pkce) = (site.browser(), Pkce::default());
        let page = agreed(&browser, &client, &pkce).await;
        let callback = until_callback(&browser, &next(&page), "alice").await;
        proxy.fault("/token", fault);
        let page = browser.step(Message::get(callback.clone())).await;
        assert_eq!(page.reply.status, 503, "{}", page.reply.text());
        assert!(page.reply.header("retry-after").is_some());
        assert!(
            page.reply.text().contains("identity provider"),
            "{}",
            page.reply.text()
        );
        proxy.heal();
        // The provider never heard of the code: loading the page again is enough.
        let page = until("the provider is asked again", async || {
            let page = browser.open(&callback).await;
            page.outside.then_some(page)
        })
        .await;
        Tokens::of(&client.redeem(&code(&page), &pkce).await);
    }
    assert_eq!(site.statuses(&tokens.access).await, [200]);
}

/// The answer of the provider is lost on its way: its code is spent, and nobody is stuck.
#[tokio::test]
async fn a_lost_answer_costs_one_more_sign_in() {
    let (proxy, idp) = FaultProxy::start(json!({})).await;
    let site = Plan::default().start(&idp).await;
    let client = site.registered().await;
    let (browser, pkce) = (site.browser(), Pkce::default());
    let page = agreed(&browser, &client, &pkce).await;
    let callback = until_callback(&browser, &next(&page), "alice").await;
    proxy.fault("/token", Fault::Lost);
    let page = browser.step(Message::get(callback)).await;
    assert!(page.reply.status >= 400 || page.reply.header("location").is_some());
    proxy.heal();
    let page = browser
        .sign_in(&client.authorization(&pkce, &[]), Person::named("alice"))
        .await;
    Tokens::of(&client.redeem(&code(&page), &pkce).await);
}

#[tokio::test]
async fn the_provider_rotates_its_keys_in_the_middle_of_a_flow() {
    let idp = Idp::start(json!({})).await;
    let site = Plan::default().start(&idp).await;
    let (client, mut tokens) = site.signed_in("alice").await;
    for keep_old in [true, false] {
        let (browser, pkce) = (site.browser(), Pkce::default());
        let page = agreed(&browser, &client, &pkce).await;
        let callback = until_callback(&browser, &next(&page), "alice").await;
        idp.rotate(keep_old).await;
        let page = until("the new keys are fetched", async || {
            let page = browser.open(&callback).await;
            page.outside.then_some(page)
        })
        .await;
        Tokens::of(&client.redeem(&code(&page), &pkce).await);
        tokens = Tokens::of(&client.refresh(tokens.refresh()).await);
    }
    assert_eq!(site.statuses(&tokens.access).await, [200]);
}

#[tokio::test]
async fn a_provider_that_is_down_at_the_start_is_waited_for() {
    let port = free_port();
    let issuer = format!("http://127.0.0.1:{port}");
    let config_url = format!("{issuer}/.well-known/openid-configuration");
    let client = json!({"client_id": "us", "client_secret": "a-secret-of-ours-at-the-provider"});
    let server = Settings::oidc_proxy(BASE_URL, &config_url, &client)
        .start()
        .await;
    assert_eq!(server.as_anonymous().get("/healthz").await.status, 200);
    let network = e2e::network::Network::new(server.logs());
    network.serve(BASE_URL, [server.origin()]);
    let document = format!("{BASE_URL}/.well-known/oauth-authorization-server");
    let oauth = e2e::oauth_client::OAuthClient::discover(&network, &document).await;
    let oauth = oauth.registered("Painter").await;
    let browser = e2e::browser::Browser::new(&network);
    let page = agreed(&browser, &oauth, &Pkce::default()).await;
    assert_eq!(page.reply.status, 503, "{}", page.reply.text());
    assert!(page.reply.header("retry-after").is_some());

    let idp = Idp::start(json!({"port": port})).await;
    assert_eq!(idp.issuer(), issuer);
    until("the sign-in begins", async || {
        let page = agreed(&browser, &oauth, &Pkce::default()).await;
        page.reply.header("location").is_some().then_some(())
    })
    .await;
}
