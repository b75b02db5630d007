//! Authorization requests that are not as they should be (rows 48 to 50, 53, 54, 66, 67).

use e2e::idp::Idp;
use e2e::oauth_client::{OAuthClient, Pkce, Tokens};
use e2e::site::{Plan, Site};
use serde_json::json;

use super::{assert_local, error_in, sign_in, verdict};

/// Redirect URIs that look like registered ones.
#[tokio::test]
async fn row_48_nobody_is_sent_to_an_address_that_was_not_registered() {
    let site = Site::start().await;
    let mut client = site.stranger().await;
    client.redirect_uri = "https://app.example/callback".into();
    let web = client.registered("Web").await;
    let native = site.registered().await;
    let browser = site.browser();
    for address in [
        "https://app.example/callback/",
        "https://app.example/callback/evil",
        "https://app.example/callbackevil",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "https://app.example:8443/callback",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example\\@app.example/callback",
        "https://app.example/callback#x",
        "https://app.example/callback?x=y",
        "https://app.example/./callback",
        "https://app.example/x/../callback",
        "https://app.example/%63allback",
        "https://app.example%2fcallback",
        "https://app.example//callback",
        "//app.example/callback",
        "http://app.example/callback",
        "https://*.example/callback",
        "https://xn--pp-1ma.example/callback",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        let page = browser
            .open(&web.authorization(&Pkce::default(), &[("redirect_uri", address)]))
            .await;
        assert_local(&format!("48 {address}"), &page);
    }
    for address in [
        "http://localhost.evil.example:33418/callback",
        "http://127.0.0.1.nip.io:33418/callback",
        "http://127.0.0.1@evil.example:33418/callback",
        "http://0x7f.1:33418/callback",
        "http://2130706433:33418/callback",
        "http://[::ffff:7f00:1]:33418/callback",
        "http://127.0.0.1:33418/other",
        "http://127.0.0.1:99999/callback",
        "http://0.0.0.0:33418/callback",
        "https://127.0.0.1:33418/callback",
    ] {
        let page = browser
            .open(&native.authorization(&Pkce::default(), &[("redirect_uri", address)]))
            .await;
        assert_local(&format!("48 {address}"), &page);
    }
    // The port of a client on the same machine is its own business (RFC 8252, section 7.3).
    let start = native.authorization(
        &Pkce::default(),
        &[("redirect_uri", "http://127.0.0.1:1/callback")],
    );
    assert!(sign_in(&browser, &start).await.parameter("code").is_some());
}

#[tokio::test]
async fn row_49_errors_go_to_known_addresses_of_known_clients_only() {
    let site = Site::start().await;
    let client = site.registered().await;
    let browser = site.browser();
    for (row, changes) in [
        ("49 no client", vec![("client_id", "")]),
        ("49 unknown client", vec![("client_id", "nobody")]),
        (
            "49 unknown client and script",
            vec![
                ("client_id", "nobody"),
                ("redirect_uri", "javascript:alert(1)"),
            ],
        ),
        (
            "50 the provider's client",
            vec![("client_id", site.client["client_id"].as_str().unwrap())],
        ),
    ] {
        let page = browser
            .open(&client.authorization(&Pkce::default(), &changes))
            .await;
        assert_local(row, &page);
        assert!(
            !page.reply.text().contains("nobody"),
            "{row}: it repeats what was sent"
        );
    }
    let start = client.authorization(
        &Pkce::default(),
        &[("response_type", "token"), ("state", "state-to-be-echoed")],
    );
    let page = browser.open(&start).await;
    assert_eq!(error_in(&page), "unsupported_response_type");
    assert!(page.url.as_str().starts_with(&client.redirect_uri));
    assert_eq!(
        page.parameter("state").as_deref(),
        Some("state-to-be-echoed")
    );
    assert_eq!(
        page.parameter("iss").as_deref(),
        Some(site.base_url.as_str())
    );
}

#[tokio::test]
async fn row_53_a_code_is_bound_to_a_secret_or_there_is_none() {
    let site = Site::start().await;
    let client = site.registered().await;
    let browser = site.browser();
    for (row, changes) in [
        (
            "no challenge",
            vec![("code_challenge", ""), ("code_challenge_method", "")],
        ),
        ("plain", vec![("code_challenge_method", "plain")]),
        ("no method", vec![("code_challenge_method", "")]),
        ("unknown method", vec![("code_challenge_method", "S512")]),
        ("short", vec![("code_challenge", "abc")]),
        ("42 characters", vec![("code_challenge", &"a".repeat(42))]),
        ("44 characters", vec![("code_challenge", &"a".repeat(44))]),
        (
            "other alphabet",
            vec![("code_challenge", &format!("{}+", "a".repeat(42)))],
        ),
    ] {
        let page = browser
            .open(&client.authorization(&Pkce::default(), &changes))
            .await;
        assert_eq!(error_in(&page), "invalid_request", "53 {row}");
    }
    let granted = site.granted_to(client, &browser, "alice").await;
    for (row, verifier) in [
        ("none", String::new()),
        ("another", Pkce::default().verifier),
        ("the challenge", granted.pkce.challenge.clone()),
        ("42 characters", granted.pkce.verifier[..42].to_owned()),
        ("129 characters", "a".repeat(129)),
        ("illegal characters", format!("{} ", granted.pkce.verifier)),
    ] {
        let changes = [("code_verifier", verifier.as_str())];
        let reply = granted
            .client
            .redeem_with(&granted.code, &granted.pkce, &changes)
            .await;
        assert_eq!(reply.status, 400, "53 {row}: {}", reply.text());
        let error = verdict(&reply).1;
        assert!(
            ["invalid_grant", "invalid_request"].contains(&error.as_str()),
            "53 {row}: {error}"
        );
    }
    // None of that has used the code up.
    Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
}

#[tokio::test]
async fn row_54_a_state_of_the_client_is_echoed_up_to_a_length() {
    let site = Site::start().await;
    let client = site.registered().await;
    let browser = site.browser();
    let long = "s".repeat(2 << 10);
    let page = sign_in(
        &browser,
        &client.authorization(&Pkce::default(), &[("state", &long)]),
    )
    .await;
    assert_eq!(page.parameter("state").as_deref(), Some(long.as_str()));
    let longer = format!("{long}s");
    let page = browser
        .open(&client.authorization(&Pkce::default(), &[("state", &longer)]))
        .await;
    assert!(page.outside || page.reply.status == 400, "{:?}", page.reply);
    assert!(page.parameter("code").is_none());
    // The state of the flow itself, missing, invented, damaged, and used before.
    let page = super::agreed(&site.browser(), &client, &Pkce::default()).await;
    let upstream = super::next(&page);
    let state = e2e::browser::parameter(&upstream, "state").unwrap();
    let mut damaged = state.clone();
    damaged.truncate(state.len() - 2);
    for (row, query) in [
        ("missing", "code=x".to_owned()),
        ("invented", "code=x&state=invented".to_owned()),
        ("damaged", format!("code=x&state={damaged}")),
        ("twice", format!("code=x&state={state}&state={state}")),
        ("of another browser", format!("code=x&state={state}")),
    ] {
        let url = format!("{}/auth/callback?{query}", site.base_url);
        let page = browser.open(&url::Url::parse(&url).unwrap()).await;
        assert_local(&format!("54 {row}"), &page);
    }
}

/// Parameters that are there twice have two readings (RFC 6749, section 3.1).
#[tokio::test]
async fn a_parameter_is_there_once() {
    let site = Site::start().await;
    let client = site.registered().await;
    for name in [
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
    ] {
        let mut url = client.authorization(&Pkce::default(), &[]);
        let value = e2e::browser::parameter(&url, name).unwrap();
        url.query_pairs_mut().append_pair(name, &value);
        let page = site.browser().open(&url).await;
        let refused = page.outside
            && page
                .url
                .query()
                .is_some_and(|query| query.contains("error="));
        assert!(
            refused || page.reply.status == 400,
            "{name}: {:?}",
            page.reply
        );
    }
}

async fn scoped() -> (Site, OAuthClient) {
    let plan = Plan::default()
        .with("OIDC_READ_SCOPES", "image:read")
        .with("OIDC_WRITE_SCOPES", "image:write");
    let site = plan.start(Idp::shared().await).await;
    let client = site.registered().await;
    (site, client)
}

#[tokio::test]
async fn row_66_scopes_never_grow_by_themselves() {
    let (site, mut client) = scoped().await;
    client.scope = "image:read offline_access".into();
    let granted = site.granted_to(client, &site.browser(), "alice").await;
    let client = &granted.client;
    let wide = [("scope", "image:read image:write")];
    let reply = client
        .redeem_with(&granted.code, &granted.pkce, &wide)
        .await;
    // RFC 6749 knows no `scope` here; what counts was agreed to.
    let tokens = Tokens::of(&reply);
    let scope = tokens.answer["scope"]
        .as_str()
        .unwrap_or("image:read")
        .to_owned();
    assert!(!scope.contains("image:write"), "{scope}");
    let reply = client.refresh_with(tokens.refresh(), &wide).await;
    assert_eq!(verdict(&reply), (400, "invalid_scope".into()), "66 refresh");
    let next = Tokens::of(&client.refresh(tokens.refresh()).await);
    let caller = site.caller(&next.access);
    assert_eq!(caller.list_tools().await.status, 200);
    let arguments = json!({"prompt": "a boat without permission", "provider": "placeholder"});
    assert_eq!(caller.call("generate_image", arguments).await.status, 403);

    // A step up asks for all that is needed, and gets it with her agreement.
    let mut client = granted.client.clone();
    client.scope = "image:read image:write offline_access".into();
    let granted = site.granted_to(client, &site.browser(), "alice").await;
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    site.caller(&tokens.access)
        .generate("a boat with permission")
        .await;

    let mut client = granted.client.clone();
    client.scope = "image:read root:everything".into();
    let page = sign_in(
        &site.browser(),
        &client.authorization(&Pkce::default(), &[]),
    )
    .await;
    match page.parameter("error") {
        Some(error) => assert_eq!(error, "invalid_scope"),
        None => assert!(page.parameter("code").is_some(), "{}", page.url),
    }
}

#[tokio::test]
async fn row_67_a_token_is_for_this_server_however_it_was_named() {
    let site = Site::start().await;
    let client = site.registered().await;
    for resource in [
        "https://other.example/mcp",
        "https://images.example.com/other",
        "https://images.example.com/mcp#fragment",
        "https://images.example.com.evil.example/mcp",
        "http://images.example.com/mcp",
        "not a uri",
    ] {
        let page = site
            .browser()
            .open(&client.authorization(&Pkce::default(), &[("resource", resource)]))
            .await;
        assert_eq!(error_in(&page), "invalid_target", "67 {resource}");
    }
    let mut two = client.authorization(&Pkce::default(), &[]);
    two.query_pairs_mut()
        .append_pair("resource", "https://other.example/mcp");
    let page = site.browser().open(&two).await;
    assert!(
        page.reply.status == 400 || error_in(&page) == "invalid_target",
        "67 two"
    );

    for resource in [
        "",
        "https://images.example.com/mcp",
        "https://images.example.com/",
        "https://images.example.com/mcp?kb=x",
    ] {
        let mut client = client.clone();
        client.resource = resource.into();
        let granted = site.granted_to(client, &site.browser(), "alice").await;
        let reply = granted.client.redeem(&granted.code, &granted.pkce).await;
        let tokens = Tokens::of(&reply);
        assert_eq!(site.statuses(&tokens.access).await, [200], "67 {resource}");
    }
    let granted = site.granted_to(client, &site.browser(), "alice").await;
    let elsewhere = [("resource", "https://other.example/mcp")];
    let reply = granted
        .client
        .redeem_with(&granted.code, &granted.pkce, &elsewhere)
        .await;
    assert!(
        ["invalid_target", "invalid_grant"].contains(&verdict(&reply).1.as_str()),
        "67 token"
    );
}
