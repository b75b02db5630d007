//! What a client reads first: the authorization server (RFC 8414, OpenID Connect Discovery 1.0) and
//! the resource (RFC 9728). Both documents are fixed by the configuration and made once.

use policy::types::{HttpResponse, RequestHead};
use serde::Serialize;

use crate::answer::{OAuthError, header};
use crate::client::Clients;
use crate::client_authentication::{methods, signing_algorithms};
use crate::location::{Endpoint, Location};

const RESOURCE_NAME: &str = "Image Generation MCP";
const OFFLINE_ACCESS: &str = "offline_access";
/// The documents change with the configuration, so an hour is short enough.
const CACHE: &str = "public, max-age=3600";
/// Access tokens are judged by this server alone and sealed for it: there is no key to publish.
const NO_KEYS: &[u8] = br#"{"keys":[]}"#;

/// What the documents say.
#[derive(Clone, Copy, Debug)]
pub struct Advertised<'a> {
    /// Where everything is.
    pub location: &'a Location,
    /// How clients are known.
    pub clients: &'a Clients,
    /// Scopes to ask for; `offline_access` is added where it belongs.
    pub scopes: &'a [String],
    /// Algorithms of DPoP proofs (RFC 9449, section 5.1); empty when they are not accepted.
    pub dpop_algorithms: &'a [&'a str],
}

/// The documents, as they are sent.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    authorization_server: Vec<u8>,
    protected_resource: Vec<u8>,
}

/// RFC 8414, section 2. Members without a value are left out (section 3.2).
#[derive(Serialize)]
struct AuthorizationServer<'a> {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    revocation_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<&'a str>,
    response_types_supported: [&'a str; 1],
    response_modes_supported: [&'a str; 1],
    grant_types_supported: [&'a str; 2],
    code_challenge_methods_supported: [&'a str; 1],
    token_endpoint_auth_methods_supported: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    token_endpoint_auth_signing_alg_values_supported: &'a [&'a str],
    revocation_endpoint_auth_methods_supported: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    revocation_endpoint_auth_signing_alg_values_supported: &'a [&'a str],
    client_id_metadata_document_supported: bool,
    authorization_response_iss_parameter_supported: bool,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    dpop_signing_alg_values_supported: &'a [&'a str],
    // OpenID Connect Discovery requires these two, and clients that read the document at its paths
    // refuse one without them. No ID token is ever issued.
    subject_types_supported: [&'a str; 1],
    id_token_signing_alg_values_supported: [&'a str; 1],
}

/// RFC 9728, section 2. Without `offline_access`: refresh tokens are not the affair of a resource.
#[derive(Serialize)]
struct ProtectedResource<'a> {
    resource: String,
    authorization_servers: [String; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
    bearer_methods_supported: [&'a str; 1],
    resource_name: &'a str,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    dpop_signing_alg_values_supported: &'a [&'a str],
}

impl Documents {
    /// The documents of a server.
    ///
    /// # Errors
    /// None that can happen: every member is a text, a list or a boolean.
    pub fn new(advertised: &Advertised<'_>) -> Result<Self, serde_json::Error> {
        Ok(Self {
            authorization_server: serde_json::to_vec(&authorization_server(advertised))?,
            protected_resource: serde_json::to_vec(&protected_resource(advertised))?,
        })
    }

    /// Answers a request for one of the documents; `None` for any other endpoint.
    #[must_use]
    pub fn serve(&self, endpoint: Endpoint, head: &RequestHead) -> Option<HttpResponse> {
        let document = match endpoint {
            Endpoint::AuthorizationServerMetadata => self.authorization_server.as_slice(),
            Endpoint::ProtectedResourceMetadata => self.protected_resource.as_slice(),
            Endpoint::KeySet => NO_KEYS,
            _ => return None,
        };
        let body = match head.method.as_str() {
            "GET" => document.to_vec(),
            "HEAD" => Vec::new(),
            _ => return Some(method_not_allowed()),
        };
        let headers = [
            ("content-type", "application/json"),
            ("cache-control", CACHE),
            ("x-content-type-options", "nosniff"),
        ];
        Some(HttpResponse {
            status: 200,
            headers: headers.map(|(name, value)| header(name, value)).to_vec(),
            body,
        })
    }
}

fn authorization_server<'a>(advertised: &'a Advertised<'_>) -> AuthorizationServer<'a> {
    let (location, clients) = (advertised.location, advertised.clients);
    let methods = methods(clients);
    let algorithms = if clients.reads_documents() {
        signing_algorithms()
    } else {
        &[]
    };
    let mut scopes = scopes(advertised);
    scopes.push(OFFLINE_ACCESS);
    AuthorizationServer {
        issuer: location.issuer(),
        authorization_endpoint: location.url(Endpoint::Authorization),
        token_endpoint: location.url(Endpoint::Token),
        registration_endpoint: clients
            .registers()
            .then(|| location.url(Endpoint::Registration)),
        revocation_endpoint: location.url(Endpoint::Revocation),
        jwks_uri: location.url(Endpoint::KeySet),
        scopes_supported: scopes,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: algorithms,
        revocation_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_signing_alg_values_supported: algorithms,
        client_id_metadata_document_supported: clients.reads_documents(),
        authorization_response_iss_parameter_supported: true,
        dpop_signing_alg_values_supported: advertised.dpop_algorithms,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
    }
}

fn protected_resource<'a>(advertised: &'a Advertised<'_>) -> ProtectedResource<'a> {
    ProtectedResource {
        resource: advertised.location.resource(),
        authorization_servers: [advertised.location.issuer()],
        scopes_supported: scopes(advertised),
        bearer_methods_supported: ["header"],
        resource_name: RESOURCE_NAME,
        dpop_signing_alg_values_supported: advertised.dpop_algorithms,
    }
}

fn scopes<'a>(advertised: &'a Advertised<'_>) -> Vec<&'a str> {
    let all = advertised.scopes.iter().map(String::as_str);
    all.filter(|scope| *scope != OFFLINE_ACCESS).collect()
}

fn method_not_allowed() -> HttpResponse {
    let error = OAuthError {
        status: 405,
        ..OAuthError::bad_request("invalid_request", "only GET and HEAD are allowed here")
    };
    let mut response = error.response();
    response.headers.push(header("allow", "GET, HEAD"));
    response
}
