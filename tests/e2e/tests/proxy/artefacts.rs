//! Things of ours in places where they do not belong, and things of others (rows 13, 14, 21, 24).

use e2e::idp::Idp;
use e2e::oauth_client::{OAuthClient, Pkce, Tokens};
use e2e::settings::AUDIENCE;
use e2e::site::{Plan, Site};
use url::Url;

use super::{agreed, invalid_grant, next, verdict};

#[tokio::test]
async fn row_13_nothing_but_an_access_token_opens_the_door() {
    let idp = Idp::shared().await;
    let site = Plan::default().start(idp).await;
    let granted = site.granted("alice").await;
    let browser = site.browser();
    let page = browser
        .open(&granted.client.authorization(&Pkce::default(), &[]))
        .await;
    let sealed = page.form().fields[0].1.clone();
    let upstream = next(&agreed(&browser, &granted.client, &Pkce::default()).await);
    let state = e2e::browser::parameter(&upstream, "state").unwrap();
    let cookie = browser.jar.of(&Url::parse(&site.base_url).unwrap())[0]
        .value
        .clone();
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    let signed = idp.token("RS256", AUDIENCE).await;
    for (row, text) in [
        ("refresh token", tokens.refresh()),
        ("code", &granted.code),
        ("client id", &granted.client.id),
        ("hidden field", &sealed),
        ("state", &state),
        ("cookie", &cookie),
        ("the provider's access token", &signed),
    ] {
        let reply = site.caller(text).list_tools().await;
        assert_eq!(verdict(&reply), (401, "invalid_token".into()), "13 {row}");
    }
    let anonymous = site.server().as_anonymous();
    let in_query = anonymous.at(&format!("/mcp?access_token={}", tokens.access));
    assert_eq!(in_query.list_tools().await.status, 400, "24 query");
    assert_eq!(site.statuses(&tokens.access).await, [200]);
}

#[tokio::test]
async fn row_14_nothing_but_a_refresh_token_of_this_client_here_refreshes() {
    let site = Site::start().await;
    let other_site = Plan::default()
        .at("https://other.example")
        .start(Idp::shared().await)
        .await;
    let (_, elsewhere) = other_site.signed_in("alice").await;
    let granted = site.granted("alice").await;
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    let (other, theirs) = site.signed_in("bob").await;
    for (row, text) in [
        ("access token", tokens.access.as_str()),
        ("code", &granted.code),
        ("client id", &granted.client.id),
        ("of another server", elsewhere.refresh()),
        ("of another client", theirs.refresh()),
        ("nothing", "x"),
    ] {
        assert_eq!(
            verdict(&granted.client.refresh(text).await),
            invalid_grant(),
            "14 {row}"
        );
    }
    let code = granted.client.redeem(tokens.refresh(), &granted.pkce).await;
    assert_eq!(
        verdict(&code),
        invalid_grant(),
        "14 a refresh token as a code"
    );
    Tokens::of(&other.refresh(theirs.refresh()).await);
    Tokens::of(&granted.client.refresh(tokens.refresh()).await);
    assert_eq!(
        site.statuses(&elsewhere.access).await,
        [401],
        "the token of another server"
    );
}

/// Two servers with one key are still two servers.
#[tokio::test]
async fn row_14_one_key_for_two_servers_does_not_make_them_one() {
    let idp = Idp::shared().await;
    let site = Plan::default().start(idp).await;
    let (client, tokens) = site.signed_in("alice").await;
    let twin = Plan::default()
        .at("https://twin.example")
        .with("OIDC_JWT_SIGNING_KEY", &site.signing_key)
        .start(idp)
        .await;
    let mut visitor = twin.stranger().await;
    visitor.id = client.id.clone();
    assert_eq!(twin.statuses(&tokens.access).await, [401]);
    let reply = visitor.refresh(tokens.refresh()).await;
    assert!([400, 401].contains(&reply.status), "{}", reply.text());
    Tokens::of(&client.refresh(tokens.refresh()).await);
}

#[tokio::test]
async fn row_21_every_bit_of_an_artefact_counts() {
    let site = Site::start().await;
    let granted = site.granted("alice").await;
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    let (client, other) = (&granted.client, site.granted("alice").await);
    for text in mutations(tokens.refresh(), &other.code) {
        assert_eq!(
            verdict(&client.refresh(&text).await),
            invalid_grant(),
            "21 refresh token"
        );
    }
    for text in mutations(&other.code, tokens.refresh()) {
        let reply = other.client.redeem(&text, &other.pkce).await;
        assert_eq!(verdict(&reply), invalid_grant(), "21 code");
    }
    for text in mutations(&tokens.access, &other.code) {
        assert_eq!(
            site.caller(&text).list_tools().await.status,
            401,
            "21 access token"
        );
    }
    still_good(client, &tokens).await;
    Tokens::of(&other.client.redeem(&other.code, &other.pkce).await);
}

async fn still_good(client: &OAuthClient, tokens: &Tokens) {
    Tokens::of(&client.refresh(tokens.refresh()).await);
}

/// Flipped characters all over, truncations, and splices with another artefact.
fn mutations(text: &str, other: &str) -> Vec<String> {
    let mut mutated = Vec::new();
    for step in 0..24 {
        let at = step * text.len() / 24;
        let replacement = if text.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        mutated.push(format!("{}{replacement}{}", &text[..at], &text[at + 1..]));
    }
    for part in [1, 2, 3] {
        let at = text.len() * part / 4;
        mutated.push(text[..at].to_owned());
        mutated.push(format!("{}{}", &text[..at], &other[other.len().min(at)..]));
    }
    mutated.push(format!("{text}A"));
    mutated.push(format!("{text}{text}"));
    mutated
}
