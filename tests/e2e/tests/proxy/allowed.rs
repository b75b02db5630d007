//! Who may come in, by what the provider says of them (row 65).

use e2e::browser::{Page, Person};
use e2e::idp::Idp;
use e2e::oauth_client::{Pkce, Tokens};
use e2e::site::{Plan, Site};
use serde_json::json;

use super::{invalid_grant, verdict};

async fn arrives(site: &Site, login: &str) -> Page {
    let client = site.registered().await;
    site.logs.keep_secret(&format!("{login}@example.com"));
    let start = client.authorization(&Pkce::default(), &[]);
    site.browser().sign_in(&start, Person::named(login)).await
}

async fn assert_in(site: &Site, login: &str, expected: bool) {
    let page = arrives(site, login).await;
    let came_in = page.outside && page.parameter("code").is_some();
    assert_eq!(
        came_in,
        expected,
        "{login}: {} {}",
        page.url,
        page.reply.text()
    );
    if !expected && page.outside {
        assert_eq!(
            page.parameter("error").as_deref(),
            Some("access_denied"),
            "{login}"
        );
    }
}

#[tokio::test]
async fn row_65_by_address_if_the_provider_has_verified_it() {
    let idp = Idp::shared().await;
    for (login, claims) in [
        ("listed", json!({})),
        (
            "unverified",
            json!({"email": "listed@example.com", "email_verified": false}),
        ),
        (
            "text-verified",
            json!({"email": "listed@example.com", "email_verified": "yes"}),
        ),
        (
            "unsaid",
            json!({"email": "listed@example.com", "email_verified": null}),
        ),
        ("shouting", json!({"email": "LISTED@EXAMPLE.COM"})),
        ("plus", json!({"email": "listed+other@example.com"})),
        ("unicode", json!({"email": "li\u{17f}ted@example.com"})),
        (
            "elsewhere",
            json!({"email": "listed@example.com.evil.example"}),
        ),
        ("array", json!({"email": ["listed@example.com"]})),
        ("no-address", json!({"email": null})),
    ] {
        idp.account(login, claims).await;
    }
    let site = Plan::default()
        .with("OIDC_ALLOWED_EMAILS", "listed@example.com")
        .start(idp)
        .await;
    assert_in(&site, "listed", true).await;
    for login in [
        "unverified",
        "text-verified",
        "unsaid",
        "plus",
        "unicode",
        "elsewhere",
        "array",
        "no-address",
        "alice",
    ] {
        assert_in(&site, login, false).await;
    }
}

#[tokio::test]
async fn row_65_by_domain_group_and_subject() {
    let idp = Idp::shared().await;
    for (login, claims) in [
        ("staff-array", json!({"groups": ["other", "staff"]})),
        ("staff-text", json!({"groups": "staff"})),
        ("staff-words", json!({"groups": "staffing agencies"})),
        (
            "staff-overage",
            json!({"groups": null, "_claim_names": {"groups": "src1"}}),
        ),
        ("staff-object", json!({"groups": {"staff": true}})),
        ("at-corp", json!({"email": "x@corp.example"})),
        ("below-corp", json!({"email": "x@sub.corp.example"})),
        ("like-corp", json!({"email": "x@notcorp.example"})),
    ] {
        idp.account(login, claims).await;
    }
    let site = Plan::default()
        .with("OIDC_ALLOWED_GROUPS", "staff")
        .start(idp)
        .await;
    assert_in(&site, "staff-array", true).await;
    for login in ["staff-words", "staff-overage", "staff-object", "alice"] {
        assert_in(&site, login, false).await;
    }
    let site = Plan::default()
        .with("OIDC_ALLOWED_DOMAINS", "corp.example")
        .start(idp)
        .await;
    assert_in(&site, "at-corp", true).await;
    for login in ["below-corp", "like-corp", "alice"] {
        assert_in(&site, login, false).await;
    }
    let site = Plan::default()
        .with("OIDC_ALLOWED_SUBJECTS", "alice")
        .start(idp)
        .await;
    assert_in(&site, "alice", true).await;
    assert_in(&site, "Alice", false).await;
}

/// Who is taken off the list is out at the next refresh.
#[tokio::test]
async fn row_65_who_leaves_the_group_is_out_at_the_next_refresh() {
    let idp = Idp::shared().await;
    idp.account("leaver", json!({"groups": ["staff"]})).await;
    let site = Plan::default()
        .with("OIDC_ALLOWED_GROUPS", "staff")
        .start(idp)
        .await;
    let (client, tokens) = site.signed_in("leaver").await;
    let tokens = Tokens::of(&client.refresh(tokens.refresh()).await);
    idp.account("leaver", json!({"groups": ["alumni"]})).await;
    assert_eq!(
        verdict(&client.refresh(tokens.refresh()).await),
        invalid_grant()
    );
    assert_eq!(site.statuses(&tokens.access).await.len(), 1);
}
