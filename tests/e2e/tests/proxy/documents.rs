//! Clients that describe themselves at an address (rows 63, 64).

use e2e::client_document::{ClientDocument, Published};
use e2e::idp::Idp;
use e2e::keys::{Key, jwks};
use e2e::oauth_client::{OAuthClient, Pkce, Tokens};
use e2e::scripted_idp::ScriptedIdp;
use e2e::settings::BASE_URL;
use e2e::site::{Plan, Site};
use e2e::token::{Token, now};
use serde_json::json;

use super::{assert_local, verdict};

/// A site that may fetch documents from this machine.
async fn site(document: &ClientDocument) -> Site {
    let plan = Plan::default()
        .with("DANGER_FETCH_HOSTS", "localhost:443")
        .environment("SSL_CERT_FILE", document.authority());
    plan.start(Idp::shared().await).await
}

async fn client(site: &Site, id: &str) -> OAuthClient {
    let mut client = site.stranger().await;
    client.id = id.to_owned();
    client
}

#[tokio::test]
async fn a_client_is_known_by_its_document_which_is_fetched_once() {
    let Some(document) = ClientDocument::publish(|_| {}) else {
        return;
    };
    let site = site(&document).await;
    let client = client(&site, &document.address()).await;
    let browser = site.browser();
    let page = browser
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    assert!(
        page.reply.text().contains("Published Painter"),
        "{}",
        page.reply.text()
    );
    assert!(page.reply.text().contains("localhost"));
    let granted = site.granted_to(client, &browser, "alice").await;
    let tokens = Tokens::of(&granted.client.redeem(&granted.code, &granted.pkce).await);
    assert_eq!(site.statuses(&tokens.access).await, [200]);
    Tokens::of(&granted.client.refresh(tokens.refresh()).await);
    assert_eq!(document.fetched(), 1);
    // Row 47: its id is public, so its page is shown each time.
    let page = browser
        .open(&granted.client.authorization(&Pkce::default(), &[]))
        .await;
    page.form().agreeing();
}

#[tokio::test]
async fn row_63_an_address_that_is_no_document_is_not_asked() {
    let Some(document) = ClientDocument::publish(|_| {}) else {
        return;
    };
    let trap = ScriptedIdp::start(&[&Key::generate("k", "ES256")]).await;
    let site = site(&document).await;
    let address = document.address();
    let (_, path) = address.split_once("https://localhost").unwrap();
    for id in [
        format!("http://localhost{path}"),
        format!("{}/jwks", trap.issuer()),
        "https://localhost".into(),
        "https://localhost/".into(),
        format!("{address}#x"),
        format!("{address}?x=y"),
        format!("https://user@localhost{path}"),
        format!("https://localhost:443{path}"),
        format!("https://localhost/./{path}"),
        format!("https://localhost/x/..{path}"),
        format!("https://127.0.0.1{path}"),
        format!("https://[::1]{path}"),
        format!("https://2130706433{path}"),
        "https://169.254.169.254/latest/meta-data".into(),
        "https://metadata.google.internal/x".into(),
        "https://[64:ff9b::7f00:1]/x".into(),
        "https://[2002:7f00:1::]/x".into(),
        "https://[::ffff:127.0.0.1]/x".into(),
        "https://10.0.0.1/x".into(),
    ] {
        let client = client(&site, &id).await;
        let page = site
            .browser()
            .open(&client.authorization(&Pkce::default(), &[]))
            .await;
        assert!(
            (400..600).contains(&page.reply.status) && !page.outside,
            "63 {id}"
        );
    }
    assert_eq!((document.fetched(), trap.all_requests()), (0, 0));
    // Without the exception for tests, this machine is not asked at all.
    let strict = Plan::default().environment("SSL_CERT_FILE", document.authority());
    let strict = strict.start(Idp::shared().await).await;
    let client = self::client(&strict, &address).await;
    let page = strict
        .browser()
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    assert!(page.reply.status >= 400 && !page.outside);
    assert_eq!(document.fetched(), 0);
}

#[tokio::test]
async fn row_63_a_document_that_is_not_as_it_should_be_describes_nobody() {
    type Change = fn(&mut Published);
    let private = |published: &mut Published| {
        published.body["token_endpoint_auth_method"] = json!("private_key_jwt");
        published.body["jwks"] =
            json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}]});
    };
    let changes: [(&str, Change); 11] = [
        ("redirect", |published| {
            published.head =
                "HTTP/1.1 302 Found\r\nlocation: https://localhost/elsewhere\r\n".into()
        }),
        ("not found", |published| {
            published.head = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n".into()
        }),
        ("large", |published| published.padding = 5 * 1024),
        ("html", |published| {
            published.head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n".into()
        }),
        ("another id", |published| {
            published.body["client_id"] = json!("https://localhost/other")
        }),
        ("no id", |published| {
            published.body["client_id"] = json!(null)
        }),
        ("secret", |published| {
            published.body["client_secret"] = json!("everybody-knows-this")
        }),
        ("no redirect", |published| {
            published.body["redirect_uris"] = json!([])
        }),
        ("script", |published| {
            published.body["redirect_uris"] = json!(["javascript:alert(1)"])
        }),
        ("list", |published| published.body = json!([])),
        ("private key", private),
    ];
    let documents: Vec<_> = changes
        .iter()
        .filter_map(|(row, change)| Some((row, ClientDocument::publish(change)?)))
        .collect();
    let Some((_, first)) = documents.first() else {
        return;
    };
    let site = site(first).await;
    for (row, document) in &documents {
        let client = client(&site, &document.address()).await;
        let page = site
            .browser()
            .open(&client.authorization(&Pkce::default(), &[]))
            .await;
        assert!(
            (400..600).contains(&page.reply.status) && !page.outside,
            "63 {row}: {:?}",
            page.reply
        );
        assert!(
            document.fetched() <= 1,
            "63 {row}: fetched {} times",
            document.fetched()
        );
    }
}

/// Who is at the token endpoint first has no code, and gets nothing fetched.
#[tokio::test]
async fn row_63_the_token_endpoint_fetches_nothing_new() {
    let Some(document) = ClientDocument::publish(|_| {}) else {
        return;
    };
    let site = site(&document).await;
    let client = client(&site, &document.address()).await;
    let reply = client.redeem("invented", &Pkce::default()).await;
    assert!([400, 401].contains(&reply.status), "{}", reply.text());
    assert_eq!(document.fetched(), 0);
}

#[tokio::test]
async fn row_63_no_other_address_in_a_document_is_asked() {
    let trap = ScriptedIdp::start(&[&Key::generate("k", "ES256")]).await;
    let issuer = trap.issuer().to_owned();
    let document = ClientDocument::publish(|published| {
        for name in [
            "logo_uri",
            "tos_uri",
            "policy_uri",
            "client_uri",
            "jwks_uri",
        ] {
            published.body[name] = json!(format!("{issuer}/jwks"));
        }
    });
    let Some(document) = document else { return };
    let site = site(&document).await;
    let client = client(&site, &document.address()).await;
    site.browser()
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    assert_eq!(trap.all_requests(), 0);
}

#[tokio::test]
async fn row_64_an_assertion_is_the_clients_for_us_now_and_once() {
    let key = Key::generate("client", "ES256");
    let keys = jwks(&[&key]);
    let document = ClientDocument::publish(|published| {
        published.body["token_endpoint_auth_method"] = json!("private_key_jwt");
        published.body["token_endpoint_auth_signing_alg"] = json!("ES256");
        published.body["jwks"] = keys;
    });
    let Some(document) = document else { return };
    let site = site(&document).await;
    let client = client(&site, &document.address()).await;
    let methods = &client.metadata["token_endpoint_auth_methods_supported"];
    assert!(
        methods
            .as_array()
            .unwrap()
            .contains(&json!("private_key_jwt")),
        "{methods}"
    );
    let granted = site.granted_to(client, &site.browser(), "alice").await;
    let assertion = || {
        Token::new(&document.address(), BASE_URL)
            .header("typ", json!("JWT"))
            .without("scope")
            .without("client_id")
            .claim("sub", json!(document.address()))
            .claim("exp", json!(now() + 60))
    };
    let redeem = async |assertion: &str| {
        let changes = [
            ("client_assertion", assertion),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
        ];
        granted
            .client
            .redeem_with(&granted.code, &granted.pkce, &changes)
            .await
    };
    let other = Key::generate("client", "ES256");
    let trap = ScriptedIdp::start(&[&other]).await;
    let unsigned = assertion()
        .header("alg", json!("none"))
        .signing_input("client", "ES256");
    for (row, text) in [
        (
            "another audience",
            assertion()
                .claim("aud", json!("https://other.example"))
                .sign(&key),
        ),
        (
            "another issuer",
            assertion()
                .claim("iss", json!("https://other.example"))
                .sign(&key),
        ),
        (
            "another subject",
            assertion().claim("sub", json!("alice")).sign(&key),
        ),
        (
            "for ten minutes",
            assertion().claim("exp", json!(now() + 600)).sign(&key),
        ),
        (
            "over",
            assertion().claim("exp", json!(now() - 60)).sign(&key),
        ),
        ("no end", assertion().without("exp").sign(&key)),
        ("no id", assertion().without("jti").sign(&key)),
        ("another key", assertion().sign(&other)),
        (
            "a key of its own",
            assertion()
                .header("jku", json!(format!("{}/jwks", trap.issuer())))
                .sign(&other),
        ),
        ("none", format!("{unsigned}.")),
    ] {
        assert_eq!(
            verdict(&redeem(&text).await),
            (401, "invalid_client".into()),
            "64 {row}"
        );
    }
    assert_eq!(
        trap.all_requests(),
        0,
        "64: the key of a stranger was fetched"
    );
    let missing = granted.client.redeem(&granted.code, &granted.pkce).await;
    assert_eq!(
        verdict(&missing),
        (401, "invalid_client".into()),
        "64 none at all"
    );
    let good = assertion().sign(&key);
    Tokens::of(&redeem(&good).await);
    assert_eq!(
        verdict(&redeem(&good).await),
        (401, "invalid_client".into()),
        "64 replay"
    );
}

/// A client that nobody knows gets a page, however its id looks.
#[tokio::test]
async fn row_50_the_clients_of_the_provider_are_not_ours() {
    let site = Site::start().await;
    let client = client(&site, site.client["client_id"].as_str().unwrap()).await;
    let page = site
        .browser()
        .open(&client.authorization(&Pkce::default(), &[]))
        .await;
    assert_local("50", &page);
}
