//! How clients find the provider: protected-resource metadata at every path form, behind proxies
//! of both habits, and to browsers.

use e2e::keys::Key;
use e2e::scripted_idp::ScriptedIdp;
use e2e::server::Server;
use e2e::settings::Settings;
use reqwest::Method;
use serde_json::{Value, json};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A server at a public URL, and the provider that it trusts.
struct Site {
    idp: ScriptedIdp,
    key: Key,
    server: Server,
    resource: String,
}

impl Site {
    async fn at(base_url: &str) -> Self {
        let key = Key::generate("ed", "EdDSA");
        let idp = ScriptedIdp::start(&[&key]).await;
        let settings = Settings::remote(&idp.config_url()).with("BASE_URL", base_url);
        let server = settings
            .with("OIDC_REQUIRED_SCOPES", "image:read,offline_access")
            .start()
            .await;
        server.ready().await;
        Self {
            idp,
            key,
            server,
            resource: format!("{}/mcp", base_url.trim_end_matches('/')),
        }
    }

    /// The document at a path, which must be the same everywhere.
    async fn assert_document(&self, path: &str) {
        let reply = self.server.as_anonymous().get(path).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        assert_eq!(
            reply.header("content-type"),
            Some("application/json"),
            "{path}"
        );
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert!(
            reply.header("cache-control").unwrap().contains("max-age"),
            "{path}"
        );
        let document = reply.json();
        assert_eq!(document["resource"], self.resource, "{path}");
        assert_eq!(
            document["authorization_servers"],
            json!([self.idp.issuer()]),
            "{path}"
        );
        // A client asks for what is listed; `offline_access` is between it and the provider.
        assert_eq!(
            document["scopes_supported"],
            json!(["image:read"]),
            "{path}"
        );
        assert_eq!(
            document["bearer_methods_supported"],
            json!(["header"]),
            "{path}"
        );
    }

    async fn assert_endpoint(&self, path: &str) {
        let caller = self.server.as_anonymous().at(path);
        let reply = caller.list_tools().await;
        let challenge = reply.challenge();
        assert_eq!(reply.status, 401, "{path}");
        let metadata = challenge.get("resource_metadata").unwrap();
        assert!(
            metadata.ends_with("/mcp") && metadata.contains(WELL_KNOWN),
            "{metadata}"
        );
        assert_eq!(
            (challenge.get("error"), challenge.scopes()),
            (None, vec!["image:read"]),
            "{path}"
        );
        let token = self.idp.token(&self.resource).sign(&self.key);
        assert_eq!(
            caller.with_token(&token).list_tools().await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_site_at_the_root_of_its_host() {
    for base in ["https://images.example.com", "https://images.example.com/"] {
        let site = Site::at(base).await;
        for path in [WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}/mcp")] {
            site.assert_document(&path).await;
        }
        site.assert_endpoint("/mcp").await;
        for stranger in [
            format!("{WELL_KNOWN}/other"),
            format!("{WELL_KNOWN}/mcp/"),
            format!("{WELL_KNOWN}/mcp/client-registration"),
            "/".to_owned(),
        ] {
            assert_eq!(
                site.server.as_anonymous().get(&stranger).await.status,
                404,
                "{stranger}"
            );
        }
    }
}

/// A proxy in front removes `/vault`, or it does not, or it removes it from some paths only.
#[tokio::test]
async fn a_site_below_a_path() {
    let site = Site::at("https://images.example.com/vault").await;
    for path in [
        format!("{WELL_KNOWN}/vault/mcp"),
        format!("/vault{WELL_KNOWN}"),
        format!("/vault{WELL_KNOWN}/mcp"),
        format!("{WELL_KNOWN}/mcp"),
        WELL_KNOWN.to_owned(),
    ] {
        site.assert_document(&path).await;
    }
    for path in ["/mcp", "/vault/mcp"] {
        site.assert_endpoint(path).await;
    }
    let challenge = site.server.as_anonymous().list_tools().await.challenge();
    assert_eq!(
        challenge.get("resource_metadata"),
        Some("https://images.example.com/.well-known/oauth-protected-resource/vault/mcp")
    );
}

/// For clients that ask the server itself where to log in.
#[tokio::test]
async fn the_providers_own_metadata_is_passed_on() {
    let site = Site::at("https://images.example.com/vault").await;
    for path in [
        "/.well-known/oauth-authorization-server/vault/mcp",
        "/.well-known/openid-configuration/vault",
    ] {
        let reply = site.server.as_anonymous().get(path).await;
        assert_eq!(
            (reply.status, reply.json()),
            (200, site.idp.document()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_browser_may_ask_before_it_has_a_token() {
    let site = Site::at("https://images.example.com").await;
    let browser = site
        .server
        .as_anonymous()
        .with_header("origin", "https://images.example.com");
    let preflight = browser
        .clone()
        .with_header("access-control-request-method", "POST")
        .with_header("access-control-request-headers", "authorization");
    for path in ["/mcp", WELL_KNOWN] {
        let reply = preflight.send(Method::OPTIONS, path, "").await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        let allowed = reply
            .header("access-control-allow-headers")
            .unwrap()
            .to_lowercase();
        for name in [
            "authorization",
            "content-type",
            "mcp-protocol-version",
            "mcp-method",
            "mcp-name",
            "mcp-session-id",
            "last-event-id",
        ] {
            assert!(allowed.contains(name), "{name} is not in {allowed}");
        }
    }
    // The refusal has to be readable for the page, or it never finds the provider.
    let reply = browser.list_tools().await;
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (401, Some("*"))
    );
    assert!(
        reply
            .header("access-control-expose-headers")
            .unwrap()
            .to_lowercase()
            .contains("www-authenticate")
    );
}

#[tokio::test]
async fn a_refusal_says_what_was_wrong() {
    let site = Site::at("https://images.example.com").await;
    let (token, key) = (site.idp.token(&site.resource), &site.key);
    for (name, caller, expected, error) in [
        (
            "anonymous",
            site.server.as_anonymous(),
            (401, "invalid_token"),
            None,
        ),
        (
            "expired",
            site.server
                .as_bearer(&token.clone().claim("exp", json!(1)).sign(key)),
            (401, "invalid_token"),
            Some("invalid_token"),
        ),
        (
            "wrong audience",
            site.server
                .as_bearer(&token.clone().claim("aud", json!("x")).sign(key)),
            (401, "invalid_token"),
            Some("invalid_token"),
        ),
        (
            "missing scope",
            site.server
                .as_bearer(&token.clone().without("scope").sign(key)),
            (403, "insufficient_scope"),
            Some("insufficient_scope"),
        ),
        (
            "malformed",
            site.server.as_bearer("a b"),
            (400, "invalid_request"),
            Some("invalid_request"),
        ),
    ] {
        let reply = caller.list_tools().await;
        let body: Value = reply.json();
        assert_eq!(
            (reply.status, body["error"].as_str().unwrap()),
            expected,
            "{name}"
        );
        assert_eq!(reply.challenge().get("error"), error, "{name}");
        assert!(
            reply
                .header("vary")
                .is_some_and(|vary| vary.to_lowercase().contains("authorization")),
            "{name}"
        );
        assert!(
            !reply.text().contains("alice"),
            "{name}: the refusal repeats the token"
        );
    }
}
