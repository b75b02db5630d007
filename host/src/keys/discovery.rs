//! A discovery document (OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2), judged.

use serde_json::Value;
use url::Url;

use super::failure::{Provider, quoted};
use super::grant::Grant;
use super::json::{JsonFault, strict_object};

/// A document that may be believed.
#[derive(Clone, Debug)]
pub(super) struct Discovered {
    pub(super) provider: Provider,
    pub(super) jwks_uri: Url,
}

/// Why a document may not be believed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DiscoveryFault {
    #[error("{0}")]
    Json(#[from] JsonFault),
    #[error("`{0}` is missing or not a string")]
    Missing(&'static str),
    #[error(
        "`issuer` is {found}, but the configuration URL belongs to {expected:?}\n\
         hint: use the configuration URL of that issuer; they must match byte for byte"
    )]
    Issuer { found: String, expected: String },
    #[error("`jwks_uri` {uri}: {reason}{}", hint(.reason))]
    JwksUri { uri: String, reason: &'static str },
}

impl Discovered {
    /// Reads the document found at the configuration URL of a grant.
    pub(super) fn parse(body: &[u8], grant: &Grant) -> Result<Self, DiscoveryFault> {
        let metadata = strict_object(body)?;
        let document: Value = serde_json::from_str(metadata).map_err(|_| JsonFault::NotAnObject)?;
        let issuer = member(&document, "issuer")?;
        if !grant.may_be(issuer) {
            return Err(DiscoveryFault::Issuer {
                found: quoted(issuer),
                expected: grant.expected_issuer().to_owned(),
            });
        }
        let uri = member(&document, "jwks_uri")?;
        let refused = |reason| DiscoveryFault::JwksUri {
            uri: quoted(uri),
            reason,
        };
        let jwks_uri = Url::parse(uri).map_err(|_| refused("not a URL"))?;
        grant.admits_jwks(&jwks_uri).map_err(refused)?;
        let provider = Provider {
            issuer: issuer.to_owned(),
            metadata: metadata.to_owned(),
        };
        Ok(Self { provider, jwks_uri })
    }
}

fn member<'a>(document: &'a Value, name: &'static str) -> Result<&'a str, DiscoveryFault> {
    document
        .get(name)
        .and_then(Value::as_str)
        .ok_or(DiscoveryFault::Missing(name))
}

fn hint(reason: &str) -> &'static str {
    if reason.contains("allowed by the configuration") {
        "\nhint: when the provider really keeps its keys there, allow that host"
    } else {
        ""
    }
}
