//! The metadata, as clients read it.

use oauth::location::{Endpoint, Location};
use oauth::metadata::{Advertised, Documents};
use policy::types::{HttpResponse, RequestHead};
use serde_json::{Value, json};

use crate::world::{clients, location};

fn documents(settings: &[(&str, &str)], location: &Location, scopes: &[&str]) -> Documents {
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Documents::new(&Advertised {
        location,
        clients: &clients(settings),
        scopes: &scopes,
        dpop_algorithms: &["ES256"],
    })
    .unwrap()
}

fn ask(documents: &Documents, endpoint: Endpoint, method: &str) -> HttpResponse {
    let head = RequestHead {
        method: method.to_owned(),
        ..RequestHead::default()
    };
    documents.serve(endpoint, &head).unwrap()
}

fn read(documents: &Documents, endpoint: Endpoint) -> Value {
    let response = ask(documents, endpoint, "GET");
    assert_eq!(response.status, 200);
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn the_authorization_server_says_what_clients_look_for() {
    let documents = documents(&[], &location(), &["image:read", "offline_access"]);
    let algorithms = json!([
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
    ]);
    let expected = json!({
        "issuer": "https://h.example/vault",
        "authorization_endpoint": "https://h.example/vault/authorize",
        "token_endpoint": "https://h.example/vault/token",
        "registration_endpoint": "https://h.example/vault/register",
        "revocation_endpoint": "https://h.example/vault/revoke",
        "jwks_uri": "https://h.example/vault/jwks",
        "scopes_supported": ["image:read", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "dpop_signing_alg_values_supported": ["ES256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    assert_eq!(
        read(&documents, Endpoint::AuthorizationServerMetadata),
        expected
    );
}

#[test]
fn the_resource_names_its_server_and_no_scope_of_sessions() {
    let documents = documents(&[], &location(), &["image:read", "offline_access"]);
    let expected = json!({
        "resource": "https://h.example/vault/mcp",
        "authorization_servers": ["https://h.example/vault"],
        "scopes_supported": ["image:read"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Image Generation MCP",
        "dpop_signing_alg_values_supported": ["ES256"],
    });
    assert_eq!(
        read(&documents, Endpoint::ProtectedResourceMetadata),
        expected
    );
}

#[test]
fn what_is_switched_off_is_not_advertised() {
    let file = "[[clients]]\nid = \"a\"\nsecret = \"0123456789abcdef0123456789abcdef\"\nredirect_uris = [\"https://h/\"]\n";
    let settings = [
        ("OIDC_DYNAMIC_REGISTRATION", "false"),
        ("OIDC_CLIENT_ID_METADATA_DOCUMENTS", "false"),
        ("OIDC_CLIENTS", file),
    ];
    let documents = documents(&settings, &location(), &[]);
    let server = read(&documents, Endpoint::AuthorizationServerMetadata);
    assert!(server.get("registration_endpoint").is_none());
    assert_eq!(server["client_id_metadata_document_supported"], false);
    assert_eq!(
        server["token_endpoint_auth_methods_supported"],
        json!(["none", "client_secret_basic", "client_secret_post"])
    );
    assert!(
        server
            .get("token_endpoint_auth_signing_alg_values_supported")
            .is_none()
    );
    let resource = read(&documents, Endpoint::ProtectedResourceMetadata);
    assert!(resource.get("scopes_supported").is_none());
}

#[test]
fn every_url_leads_back_to_its_endpoint() {
    let root = Location::parse("https://h.example", "/mcp", true).unwrap();
    for location in [location(), root] {
        let documents = documents(&[], &location, &[]);
        let server = read(&documents, Endpoint::AuthorizationServerMetadata);
        assert_eq!(server["issuer"], location.issuer());
        for (member, endpoint) in [
            ("authorization_endpoint", Endpoint::Authorization),
            ("token_endpoint", Endpoint::Token),
            ("registration_endpoint", Endpoint::Registration),
            ("revocation_endpoint", Endpoint::Revocation),
            ("jwks_uri", Endpoint::KeySet),
        ] {
            let url = server[member].as_str().unwrap();
            let path = url.strip_prefix(location.origin()).unwrap();
            let head = RequestHead {
                path_with_query: path.to_owned(),
                ..RequestHead::default()
            };
            assert_eq!(location.endpoint(&head), Some(endpoint), "{url}");
        }
    }
}

#[test]
fn documents_are_read_and_nothing_else() {
    let documents = documents(&[], &location(), &[]);
    for endpoint in [
        Endpoint::AuthorizationServerMetadata,
        Endpoint::ProtectedResourceMetadata,
        Endpoint::KeySet,
    ] {
        let got = ask(&documents, endpoint, "GET");
        let header = |name: &str| {
            got.headers
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(header("content-type"), Some("application/json"));
        assert_eq!(header("cache-control"), Some("public, max-age=3600"));
        let head = ask(&documents, endpoint, "HEAD");
        assert_eq!((head.status, head.body.len()), (200, 0));
        for method in ["POST", "PUT", "DELETE"] {
            let refused = ask(&documents, endpoint, method);
            assert_eq!(refused.status, 405);
            assert!(
                refused
                    .headers
                    .contains(&("allow".to_owned(), "GET, HEAD".to_owned()))
            );
        }
    }
    assert_eq!(read(&documents, Endpoint::KeySet), json!({ "keys": [] }));
    assert!(
        documents
            .serve(Endpoint::Token, &RequestHead::default())
            .is_none()
    );
}
