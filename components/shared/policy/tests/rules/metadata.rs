//! Protected-resource metadata (RFC 9728) at every path that clients try.

use policy::keys::ProviderMetadata;
use serde_json::{Value, json};

use crate::support::*;

fn provider() -> FakeProvider {
    FakeProvider::signing("{}", "{}")
}

#[test]
fn one_document_at_every_path() {
    let paths = [
        "/.well-known/oauth-protected-resource/vault/mcp",
        "/vault/.well-known/oauth-protected-resource/mcp",
        "/vault/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource?x=1",
    ];
    for path in paths {
        let response =
            get(&Deployment::remote(), path, &provider()).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(
            String::from_utf8(response.body.clone()).unwrap(),
            concat!(
                r#"{"resource":"https://h.example/vault/mcp","authorization_servers":["https://idp.example/realms/main"],"#,
                r#""scopes_supported":["image:use","image:read"],"bearer_methods_supported":["header"],"#,
                r#""resource_name":"Image Generation MCP","dpop_signing_alg_values_supported":["RS256","RS384","RS512","#,
                r#""PS256","PS384","PS512","ES256","ES384","ES512","EdDSA"]}"#
            ),
            "{path}"
        );
        assert_eq!(field(&response, "content-type"), Some("application/json"));
        assert_eq!(
            field(&response, "cache-control"),
            Some("public, max-age=3600")
        );
    }
}

#[test]
fn a_server_at_the_root_of_its_host() {
    let deployment = Deployment::remote()
        .with("BASE_URL", "https://h.example/")
        .with("HTTP_PATH", "/");
    let response = get(
        &deployment,
        "/.well-known/oauth-protected-resource",
        &provider(),
    )
    .unwrap();
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(body["resource"], "https://h.example");
    let denial = deployment
        .policy()
        .authenticate(&request(&[]), &provider())
        .unwrap_err();
    assert!(denial.challenge.unwrap().contains(
        r#"resource_metadata="https://h.example/.well-known/oauth-protected-resource", DPoP "#
    ));
}

#[test]
fn paths_of_other_servers_on_the_same_host_are_theirs() {
    for path in [
        "/",
        "/mcp",
        "/vault/mcp",
        "/.well-known",
        "/.well-known/",
        "/.well-known/security.txt",
        "/.well-known/oauth-protected-resource/",
        "/.well-known/oauth-protected-resource/other/mcp",
        "/.well-known/oauth-protected-resource/vault",
        "/.well-known/oauth-protected-resource/mcp/",
        "/.well-known/oauth-protected-resource/mcp-evil",
        "/.well-known/oauth-protected-resource/vault/mcp/x",
        "/.well-known/OAUTH-protected-resource",
        "/.well-known/oauth-protected-resource%2fmcp",
        "//.well-known/oauth-protected-resource",
        "/x/../.well-known/oauth-protected-resource",
        "/other/.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server/other",
        "/authorize",
        "/token",
        "/register",
    ] {
        assert_eq!(
            get(&Deployment::remote(), path, &provider()),
            None,
            "{path}"
        );
    }
}

#[test]
fn the_issuer_is_spelled_as_the_provider_spells_it() {
    let issuer = "https://IDP.example/a\"b/";
    let document = json!({ "issuer": issuer }).to_string();
    let provider = FakeProvider {
        provider: Ok(ProviderMetadata {
            issuer: issuer.to_owned(),
            document,
        }),
        ..provider()
    };
    let response = get(
        &Deployment::remote(),
        "/.well-known/oauth-protected-resource",
        &provider,
    )
    .unwrap();
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(body["authorization_servers"], json!([issuer]));
}

#[test]
fn only_the_least_scopes_are_advertised() {
    let scopes = |deployment: &Deployment| {
        let response = get(
            deployment,
            "/.well-known/oauth-protected-resource",
            &provider(),
        )
        .unwrap();
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        body.get("scopes_supported").cloned()
    };
    let with_offline = Deployment::remote().with("OIDC_REQUIRED_SCOPES", "openid,offline_access");
    assert_eq!(scopes(&with_offline), Some(json!(["openid", "image:read"])));
    let none = Deployment::remote()
        .without("OIDC_REQUIRED_SCOPES")
        .without("OIDC_READ_SCOPES");
    assert_eq!(
        scopes(&none),
        None,
        "RFC 9728, section 3.2: members without a value are left out"
    );
}

#[test]
fn only_reading_is_allowed() {
    let path = "/.well-known/oauth-protected-resource/vault/mcp";
    for method in ["POST", "PUT", "DELETE", "PATCH", "get", "TRACE"] {
        let response = ask(&Deployment::remote(), method, path, &provider()).unwrap();
        assert_eq!(
            (response.status, field(&response, "allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
    }
    let head = ask(&Deployment::remote(), "HEAD", path, &provider()).unwrap();
    let get = get(&Deployment::remote(), path, &provider()).unwrap();
    assert_eq!(
        (head.status, &head.headers, head.body.len()),
        (get.status, &get.headers, 0)
    );
}

#[test]
fn clients_that_skip_the_resource_find_the_provider_itself() {
    let expected = provider().provider.unwrap().document;
    for path in [
        "/.well-known/oauth-authorization-server/vault/mcp",
        "/.well-known/oauth-authorization-server/vault",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration/vault/mcp",
        "/.well-known/openid-configuration/vault",
        "/.well-known/openid-configuration",
        "/vault/.well-known/oauth-authorization-server",
        "/vault/.well-known/openid-configuration",
        "/vault/mcp/.well-known/openid-configuration",
        "/mcp/.well-known/openid-configuration",
    ] {
        let response =
            get(&Deployment::remote(), path, &provider()).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(
            (response.status, String::from_utf8(response.body).unwrap()),
            (200, expected.clone()),
            "{path}"
        );
        assert_eq!(
            ask(&Deployment::remote(), "POST", path, &provider())
                .unwrap()
                .status,
            405,
            "{path}"
        );
    }
}
