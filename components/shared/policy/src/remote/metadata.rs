//! The documents by which clients find the provider: protected-resource metadata (RFC 9728) at
//! every path that clients try, and the provider's own metadata for those that skip it.

use serde::Serialize;

use super::RETRY_AFTER_SECONDS;
use super::config::Config;
use crate::dpop::Dpop;
use crate::keys::{ALGORITHMS, Failure, ProviderMetadata, Verifier};
use crate::location::Location;
use crate::scopes::Scopes;
use crate::types::{Header, HttpResponse, RequestHead};

const RESOURCE_NAME: &str = "Image Generation MCP";
/// The documents change with the configuration, so an hour is short enough.
const CACHE: &str = "public, max-age=3600";

/// What the documents say and where they are; the issuer is known only when they are asked for.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    resource: String,
    scopes_supported: Vec<String>,
    dpop: Option<Dpop>,
    protected_resource_paths: Vec<String>,
    authorization_server_paths: Vec<String>,
}

enum Document {
    ProtectedResource,
    AuthorizationServer,
}

/// RFC 9728, section 2. Members without a value are left out (section 3.2).
#[derive(Serialize)]
struct ProtectedResource<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scopes_supported: &'a [String],
    bearer_methods_supported: [&'a str; 1],
    resource_name: &'a str,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    dpop_signing_alg_values_supported: &'a [&'a str],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dpop_bound_access_tokens_required: bool,
}

impl Documents {
    /// The documents of a server; none for one whose place is not known.
    pub fn new(location: Option<&Location>, scopes: &Scopes, dpop: Dpop) -> Self {
        let Some(location) = location else {
            return Self::default();
        };
        Self {
            resource: location.resource(),
            scopes_supported: scopes.advertised(),
            dpop: Some(dpop),
            protected_resource_paths: location.protected_resource_paths(),
            authorization_server_paths: location.authorization_server_paths(),
        }
    }

    fn at(&self, path: &str) -> Option<Document> {
        let among = |paths: &[String]| paths.iter().any(|known| known == path);
        if among(&self.protected_resource_paths) {
            return Some(Document::ProtectedResource);
        }
        among(&self.authorization_server_paths).then_some(Document::AuthorizationServer)
    }

    fn protected_resource(&self, issuer: &str) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&ProtectedResource {
            resource: &self.resource,
            authorization_servers: [issuer],
            scopes_supported: &self.scopes_supported,
            bearer_methods_supported: ["header"],
            resource_name: RESOURCE_NAME,
            dpop_signing_alg_values_supported: match self.dpop {
                None | Some(Dpop::Off) => &[],
                Some(Dpop::Accept | Dpop::Require) => &ALGORITHMS,
            },
            dpop_bound_access_tokens_required: self.dpop == Some(Dpop::Require),
        })
    }
}

/// Answers a request for one of the documents; `None` for any other path.
pub fn serve(
    config: Option<&Config>,
    head: &RequestHead,
    verifier: &impl Verifier,
) -> Option<HttpResponse> {
    let path = head
        .path_with_query
        .split(['?', '#'])
        .next()
        .unwrap_or_default();
    let Some(config) = config else {
        return path.contains("/.well-known/").then(|| unavailable(None));
    };
    let document = config.documents.at(path)?;
    if !matches!(head.method.as_str(), "GET" | "HEAD") {
        return Some(method_not_allowed());
    }
    let provider = match verifier.provider(&config.config_url) {
        Ok(provider) => provider,
        Err(Failure::Unavailable(down)) => {
            return Some(unavailable(Some(down.retry_after_seconds)));
        }
        Err(_) => return Some(unavailable(Some(RETRY_AFTER_SECONDS))),
    };
    let ProviderMetadata {
        issuer,
        document: provider_document,
    } = provider;
    let body = match document {
        Document::AuthorizationServer => provider_document.into_bytes(),
        Document::ProtectedResource => match config.documents.protected_resource(&issuer) {
            Ok(body) => body,
            Err(_) => return Some(unavailable(None)),
        },
    };
    let body = if head.method == "HEAD" {
        Vec::new()
    } else {
        body
    };
    Some(HttpResponse {
        status: 200,
        headers: fields(&[("cache-control", CACHE)]),
        body,
    })
}

fn method_not_allowed() -> HttpResponse {
    let body =
        br#"{"error":"invalid_request","error_description":"only GET and HEAD are allowed here"}"#;
    HttpResponse {
        status: 405,
        headers: fields(&[("allow", "GET, HEAD")]),
        body: body.to_vec(),
    }
}

fn unavailable(retry_after_seconds: Option<u32>) -> HttpResponse {
    let body = br#"{"error":"temporarily_unavailable","error_description":"the identity provider cannot be reached"}"#;
    let mut headers = fields(&[("cache-control", "no-store")]);
    let seconds = retry_after_seconds.unwrap_or(RETRY_AFTER_SECONDS);
    headers.push(("retry-after".to_owned(), seconds.to_string()));
    HttpResponse {
        status: 503,
        headers,
        body: body.to_vec(),
    }
}

fn fields(further: &[(&str, &str)]) -> Vec<Header> {
    let json = ("content-type", "application/json");
    let all = std::iter::once(&json).chain(further);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
