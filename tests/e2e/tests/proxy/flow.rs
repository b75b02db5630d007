//! The honest flow, from nothing but a URL to a painted image.

use e2e::browser::Person;
use e2e::idp::Idp;
use e2e::oauth_client::{Pkce, Tokens};
use e2e::site::{Plan, Site};
use serde_json::json;

use super::error_in;

#[tokio::test]
async fn a_person_signs_in_and_paints() {
    let site = Site::start().await;
    let anonymous = site.server().as_anonymous().list_tools().await;
    assert_eq!(anonymous.status, 401);
    let document = "https://images.example.com/.well-known/oauth-protected-resource/mcp";
    assert_eq!(
        anonymous.challenge().get("resource_metadata"),
        Some(document)
    );

    let (client, tokens) = site.signed_in("alice").await;
    assert_eq!(tokens.answer["token_type"], "Bearer");
    let seconds = tokens.answer["expires_in"].as_u64().unwrap();
    assert!((3500..=3600).contains(&seconds), "{seconds} s");
    site.caller(&tokens.access)
        .generate("a boat on a lake")
        .await;

    let next = Tokens::of(&client.refresh(tokens.refresh()).await);
    assert_ne!(
        (&next.access, &next.refresh),
        (&tokens.access, &tokens.refresh)
    );
    site.caller(&next.access).generate("the same boat").await;
    // The old access token lives out its life.
    assert_eq!(site.statuses(&tokens.access).await, [200]);
}

#[tokio::test]
async fn the_metadata_says_what_clients_look_for() {
    let site = Site::start().await;
    let metadata = site.stranger().await.metadata;
    assert_eq!(metadata["issuer"], site.base_url);
    for (name, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("registration_endpoint", "/register"),
        ("revocation_endpoint", "/revoke"),
    ] {
        assert_eq!(metadata[name], format!("{}{path}", site.base_url), "{name}");
    }
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        json!(["S256"])
    );
    for (name, value) in [
        ("grant_types_supported", "authorization_code"),
        ("grant_types_supported", "refresh_token"),
        ("token_endpoint_auth_methods_supported", "none"),
        ("revocation_endpoint_auth_methods_supported", "none"),
        ("scopes_supported", "offline_access"),
    ] {
        let values = metadata[name]
            .as_array()
            .unwrap_or_else(|| panic!("no {name}: {metadata}"));
        assert!(values.contains(&json!(value)), "{name}: {values:?}");
    }
    for name in [
        "client_id_metadata_document_supported",
        "authorization_response_iss_parameter_supported",
    ] {
        assert_eq!(metadata[name], true, "{name}");
    }
    let path = "/.well-known/oauth-protected-resource/mcp";
    let resource = site.server().as_anonymous().get(path).await.json();
    assert_eq!(resource["resource"], site.resource());
    assert_eq!(resource["authorization_servers"], json!([site.base_url]));
    let scopes = resource["scopes_supported"].as_array();
    assert!(!scopes.is_some_and(|scopes| scopes.contains(&json!("offline_access"))));
}

#[tokio::test]
async fn an_answer_names_its_issuer_and_gives_the_state_back() {
    let site = Site::start().await;
    let client = site.registered().await;
    let state = "a state with +, %2B, & and \u{e9}; it is the client's";
    for agrees in [true, false] {
        let start = client.authorization(&Pkce::default(), &[("state", state)]);
        let person = Person {
            login: "alice",
            agrees,
        };
        let page = site.browser().sign_in(&start, person).await;
        assert!(
            page.url.as_str().starts_with(&client.redirect_uri),
            "{}",
            page.url
        );
        assert_eq!(page.parameter("state").as_deref(), Some(state));
        assert_eq!(
            page.parameter("iss").as_deref(),
            Some(site.base_url.as_str())
        );
        assert_eq!(page.parameter("code").is_some(), agrees);
        if !agrees {
            assert_eq!(error_in(&page), "access_denied");
        }
    }
}

/// A provider that gives no refresh token is worked with, and the operator learns of it.
#[tokio::test]
async fn without_refresh_tokens_of_the_provider_there_are_none() {
    let plan = Plan::default().client(json!({"grant_types": ["authorization_code"]}));
    let site = plan.start(Idp::shared().await).await;
    let (_, tokens) = site.signed_in("alice").await;
    assert_eq!(site.statuses(&tokens.access).await, [200]);
    assert_eq!(tokens.refresh, None);
    site.logs
        .wait_for_line(0, &["WARN", "provider_without_refresh_token"])
        .await;
}
