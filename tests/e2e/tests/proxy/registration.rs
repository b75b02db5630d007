//! Strangers that register: little is taken, nothing is fetched, nothing is kept (rows 29, 62).

use e2e::idp::Idp;
use e2e::keys::Key;
use e2e::oauth_client::Pkce;
use e2e::raw::{Raw, status};
use e2e::scripted_idp::ScriptedIdp;
use e2e::site::{Plan, Site};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{assert_local, verdict};

#[tokio::test]
async fn row_62_ten_thousand_registrations_leave_memory_flat() {
    let plan = Plan::default().with("OIDC_REGISTRATIONS_PER_MINUTE", "100000");
    let site = plan.start(Idp::shared().await).await;
    let client = site.stranger().await;
    let flood = async |count: usize| {
        let mut ids = std::collections::BTreeSet::new();
        for _ in 0..count / 50 {
            let metadata = client.registration("flood");
            for reply in join_all((0..50).map(|_| client.register(metadata.clone()))).await {
                assert_eq!(reply.status, 201, "{}", reply.text());
                ids.insert(reply.json()["client_id"].as_str().unwrap().to_owned());
            }
        }
        ids.len()
    };
    assert_eq!(flood(1_000).await, 1_000, "ids are unique");
    let before = site.server().resident_bytes();
    assert_eq!(flood(9_000).await, 9_000);
    let grown = site.server().resident_bytes().saturating_sub(before);
    assert!(grown < 24 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn row_62_what_cannot_be_is_refused_with_a_code() {
    let plan = Plan::default().with("OIDC_REGISTRATIONS_PER_MINUTE", "1000");
    let site = plan.start(Idp::shared().await).await;
    let client = site.stranger().await;
    let good = client.registration("Painter");
    let with = |name: &str, value: Value| {
        let mut metadata = good.clone();
        metadata[name] = value;
        metadata
    };
    let many: Vec<String> = (0..1_000)
        .map(|number| format!("https://a.example/{number}"))
        .collect();
    for (row, metadata, error) in [
        (
            "no redirect",
            with("redirect_uris", json!([])),
            "invalid_redirect_uri",
        ),
        ("many redirects", with("redirect_uris", json!(many)), ""),
        (
            "a text",
            with("redirect_uris", json!("https://a.example/")),
            "invalid_redirect_uri",
        ),
        (
            "software",
            with("software_statement", json!("a.b.c")),
            "invalid_software_statement",
        ),
        (
            "implicit",
            with("response_types", json!(["token"])),
            "invalid_client_metadata",
        ),
        (
            "grants",
            with("grant_types", json!(["client_credentials"])),
            "invalid_client_metadata",
        ),
        (
            "name",
            with("client_name", json!({"a": 1})),
            "invalid_client_metadata",
        ),
    ] {
        let reply = client.register(metadata).await;
        let (status, code) = verdict(&reply);
        assert!([400, 413].contains(&status), "62 {row}: {status}");
        assert!(error.is_empty() || code == error, "62 {row}: {code}");
    }
    for address in [
        "https://*.a.example/cb",
        "https://a.example/cb#x",
        "https://user@a.example/cb",
        "https://a.example/../cb",
        "https://a.example/%2e%2e/cb",
        "http://a.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://a.example/x",
        "about:blank",
        "https:///cb",
        "//a.example/cb",
        "",
        &format!("https://a.example/{}", "x".repeat(2_048)),
    ] {
        let reply = client
            .register(with("redirect_uris", json!([address])))
            .await;
        assert_eq!(
            verdict(&reply),
            (400, "invalid_redirect_uri".into()),
            "62 {address}"
        );
        assert!(
            address.is_empty() || !reply.text().contains(address),
            "it is repeated"
        );
    }
    for body in [
        "",
        "[]",
        "{",
        "null",
        r#"{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}"#,
    ] {
        let url = client.endpoint("registration_endpoint");
        let reply = site
            .network
            .send(e2e::network::Message::post(url, "application/json", body))
            .await;
        assert_eq!(reply.status, 400, "62 {body}: {}", reply.text());
    }
    // What editors and desktop clients really send.
    for uris in [
        json!([
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback"
        ]),
        json!([
            "https://vscode.dev/redirect",
            "https://insiders.vscode.dev/redirect",
            "http://127.0.0.1/",
            "http://127.0.0.1:33418/"
        ]),
        json!([
            "https://claude.ai/api/mcp/auth_callback",
            "https://claude.com/api/mcp/auth_callback"
        ]),
        json!([
            "http://localhost:7777/oauth/callback",
            "http://[::1]:7777/oauth/callback"
        ]),
    ] {
        let reply = client.register(with("redirect_uris", uris.clone())).await;
        assert_eq!(reply.status, 201, "{uris}: {}", reply.text());
        assert_eq!(reply.json()["redirect_uris"], uris);
        assert_eq!(reply.json()["token_endpoint_auth_method"], "none");
        assert!(reply.json()["client_secret"].is_null());
    }
}

#[tokio::test]
async fn row_62_no_address_of_a_stranger_is_asked() {
    let trap = ScriptedIdp::start(&[&Key::generate("k", "ES256")]).await;
    let site = Site::start().await;
    let mut client = site.stranger().await;
    let mut metadata = client.registration("Painter");
    for name in [
        "jwks_uri",
        "logo_uri",
        "client_uri",
        "tos_uri",
        "policy_uri",
        "sector_identifier_uri",
        "initiate_login_uri",
    ] {
        metadata[name] = json!(format!("{}/jwks", trap.issuer()));
    }
    let reply = client.register(metadata).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    client.id = reply.json()["client_id"].as_str().unwrap().to_owned();
    let page = super::sign_in(
        &site.browser(),
        &client.authorization(&Pkce::default(), &[]),
    )
    .await;
    assert!(page.parameter("code").is_some());
    assert_eq!(trap.all_requests(), 0);
}

#[tokio::test]
async fn row_29_large_and_slow_bodies_cost_nothing() {
    let site = Site::start().await;
    let address = site.server().address();
    for path in ["/register", "/token", "/consent", "/revoke"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: images.example.com\r\nContent-Length: {}\r\n\r\n",
            1 << 20
        );
        let mut connection = Raw::connect(address).await;
        connection.send(head.as_bytes()).await;
        assert_eq!(status(&connection.head().await), Some(413), "29 {path}");
    }
    let client = site.stranger().await;
    let mut metadata = client.registration("Painter");
    metadata["padding"] = json!("x".repeat(20 << 10));
    assert_eq!(client.register(metadata).await.status, 413);
}

/// A client id is a claim of ours about a client: nobody else makes one.
#[tokio::test]
async fn row_21_an_id_that_was_changed_is_unknown() {
    let site = Site::start().await;
    let client = site.registered().await;
    let middle = client.id.len() / 2;
    for id in [
        client.id[..client.id.len() - 1].to_owned(),
        format!("{}A", client.id),
        format!(
            "{}{}",
            &client.id[..middle],
            client.id[middle..].to_uppercase()
        ),
        client.id.repeat(2),
    ] {
        let page = site
            .browser()
            .open(&client.authorization(&Pkce::default(), &[("client_id", &id)]))
            .await;
        assert_local(&format!("21 {id:.20}"), &page);
    }
}
