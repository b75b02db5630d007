//! Real MCP clients sign in at `auth-oidc-proxy` and list the tools: however they are known, at the
//! root of a host and below a path, whatever the proxy in front does with that path.

use e2e::browser::Browser;
use e2e::client_document::ClientDocument;
use e2e::clients::{Client, Identity, inspect};
use e2e::front::{Front, Rule};
use e2e::idp::Idp;
use e2e::network::Message;
use e2e::site::{Plan, Site};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

const CLIENTS: [Client; 3] = [
    Client::TypeScriptV1,
    Client::TypeScriptAuto,
    Client::RustAuto,
];

/// What everybody's redirect URI is here.
const REDIRECT: &str = "http://127.0.0.1:9/callback";

/// A site behind a front, at a path of it.
async fn site_at(front: &Front, path: &str, strips: bool, plan: Plan) -> Site {
    let site = plan
        .at(&format!("{}{path}", front.origin()))
        .start(Idp::shared().await)
        .await;
    if path.is_empty() {
        front.add(Rule {
            prefixes: vec!["/".into()],
            origin: site.server().origin().into(),
            stripped: String::new(),
        });
    } else {
        front.mount(path, site.server().origin(), strips);
    }
    site.network.serve(front.origin(), [front.origin()]);
    site
}

/// A client signs in with nothing but the URL.
async fn assert_login(site: &Site, client: Client, who: &Identity) {
    let browser = Browser::new(&site.network);
    let login = client.login(&site.resource(), who, &browser).await;
    site.logs.keep_secret(&login.access_token);
    assert!(
        login.tools.contains(&"show_image".to_owned()),
        "{client:?} {who:?}"
    );
    assert_eq!(
        login.asked_resource,
        Some(site.resource()),
        "{client:?} {who:?}"
    );
    assert!(
        login.refresh_token.is_some(),
        "{client:?} {who:?}: no refresh token"
    );
    if let Identity::Document(id) | Identity::Known(id) = who {
        assert_eq!(login.client_id.as_ref(), Some(id), "{client:?}");
    }
}

#[tokio::test]
async fn clients_register_themselves_at_the_root_of_a_host() {
    let front = Front::start().await;
    let site = site_at(&front, "", false, Plan::default()).await;
    for client in CLIENTS {
        assert_login(&site, client, &Identity::Stranger).await;
    }
}

#[tokio::test]
async fn clients_register_themselves_below_a_path_that_the_proxy_keeps_or_strips() {
    for (strips, clients) in [(false, &CLIENTS[1..2]), (true, &CLIENTS[..])] {
        let front = Front::start().await;
        let site = site_at(&front, "/vault", strips, Plan::default()).await;
        for client in clients {
            assert_login(&site, *client, &Identity::Stranger).await;
        }
    }
}

#[tokio::test]
async fn clients_are_known_by_their_document() {
    let Some(document) = ClientDocument::publish(|published| {
        published.body["redirect_uris"] = serde_json::json!([REDIRECT]);
    }) else {
        return;
    };
    let front = Front::start().await;
    let plan = Plan::default()
        .with("DANGER_FETCH_HOSTS", "localhost:443")
        .environment("SSL_CERT_FILE", document.authority());
    let site = site_at(&front, "/vault", true, plan).await;
    for client in [Client::TypeScriptAuto, Client::RustAuto] {
        assert_login(&site, client, &Identity::Document(document.address())).await;
    }
    assert_eq!(document.fetched(), 1);
}

#[tokio::test]
async fn clients_are_known_to_the_operator() {
    let front = Front::start().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("clients.toml");
    let text = format!(
        "[[clients]]\nid = \"desktop\"\nname = \"Our desktop client\"\nredirect_uris = [\"{REDIRECT}\"]\nconsent = \"skip\"\n"
    );
    std::fs::write(&file, text).unwrap();
    let plan = Plan::default().with("OIDC_CLIENTS_FILE", file.to_str().unwrap());
    let site = site_at(&front, "", false, plan).await;
    for client in CLIENTS {
        assert_login(&site, client, &Identity::Known("desktop".into())).await;
    }
}

#[tokio::test]
async fn the_inspector_signs_in_at_the_root_and_below_a_path() {
    for path in ["", "/vault"] {
        let front = Front::start().await;
        let site = site_at(&front, path, false, Plan::default()).await;
        let browser = Browser::new(&site.network);
        let home = TempDir::new().unwrap();
        let output = inspect(&site.resource(), &Identity::Stranger, &browser, home.path()).await;
        assert!(names(&output).contains(&"show_image"), "{path}: {output}");
        // It has kept what it needs: nobody has to sign in again.
        let again = inspect(&site.resource(), &Identity::Stranger, &browser, home.path()).await;
        assert!(names(&again).contains(&"show_image"), "{path}: {again}");
    }
}

fn names(output: &Value) -> Vec<&str> {
    let tools = output["tools"]
        .as_array()
        .or(output["result"]["tools"].as_array());
    tools
        .map(|tools| {
            tools
                .iter()
                .filter_map(|tool| tool["name"].as_str())
                .collect()
        })
        .unwrap_or_default()
}

/// What the predecessor could not: two servers and somebody else's OAuth service on one name.
#[tokio::test]
async fn two_servers_and_another_oauth_service_share_a_host() {
    let front = Front::start().await;
    let vault = site_at(&front, "/vault", true, Plan::default()).await;
    let images = site_at(&front, "/images", false, Plan::default()).await;
    // The third one has the root, with its own metadata.
    let third = Idp::start(serde_json::json!({"issuer": front.origin()})).await;
    front.add(Rule {
        prefixes: vec!["/".into()],
        origin: third.origin().into(),
        stripped: String::new(),
    });
    for site in [&vault, &images] {
        assert_login(site, Client::TypeScriptAuto, &Identity::Stranger).await;
        let client = site.registered().await;
        let browser = site.browser();
        let granted = site.granted_to(client, &browser, "alice").await;
        let reply = granted.client.redeem(&granted.code, &granted.pkce).await;
        let tokens = e2e::oauth_client::Tokens::of(&reply);
        let statuses = (
            vault.statuses(&tokens.access).await,
            images.statuses(&tokens.access).await,
        );
        let expected = if site.base_url == vault.base_url {
            (vec![200], vec![401])
        } else {
            (vec![401], vec![200])
        };
        assert_eq!(
            statuses, expected,
            "a token of {} works there only",
            site.base_url
        );
    }
    let document = format!("{}/.well-known/openid-configuration", front.origin());
    let reply = vault
        .network
        .send(Message::get(Url::parse(&document).unwrap()))
        .await;
    assert_eq!(reply.json()["issuer"], front.origin());
    assert!(
        reply.json()["registration_endpoint"]
            .as_str()
            .unwrap()
            .ends_with("/reg")
    );
}

/// Cookies of two servers on one host name do not get into each other's way.
#[tokio::test]
async fn one_browser_signs_in_at_two_servers_of_one_host_at_once() {
    let front = Front::start().await;
    let vault = site_at(&front, "/vault", true, Plan::default()).await;
    let images = site_at(&front, "/images", false, Plan::default()).await;
    images
        .network
        .serve(Idp::shared().await.issuer(), [Idp::shared().await.issuer()]);
    let browser = images.browser();
    let mut begun = Vec::new();
    for site in [&vault, &images] {
        let client = site.registered().await;
        let pkce = e2e::oauth_client::Pkce::default();
        let page = browser.open(&client.authorization(&pkce, &[])).await;
        begun.push((client, pkce, page));
    }
    for (client, pkce, page) in begun {
        let page = browser
            .continue_as(page, e2e::browser::Person::named("alice"))
            .await;
        let reply = client.redeem(&e2e::site::code(&page), &pkce).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}
