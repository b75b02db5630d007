//! Which path leads to which endpoint, from configuration alone: never from a header of a request.
//!
//! The issuer is `BASE_URL` without a trailing slash, and every endpoint is below it. A proxy may
//! strip the path of `BASE_URL` from what it passes on or not; both spellings lead to an endpoint.
//!
//! Metadata documents are found at paths that begin with `/.well-known/` and **end** with a path of
//! this server, or at paths below it, so several servers can live on one host name. Those at the
//! root of the host belong to nobody in particular. They are answered when this server claims the
//! root, or when the proxy says with `X-Forwarded-Prefix` that it has stripped the path of this
//! server; a client that forges the field only finds the same document at one more path.

use policy::location::{AUTHORIZATION_SERVER, OPENID_CONFIGURATION, PROTECTED_RESOURCE};
use policy::settings::Reader;
use policy::types::RequestHead;

const CLAIM_ROOT: &str = "OIDC_CLAIM_ROOT";

/// Where this server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    place: policy::location::Location,
    claims_root: bool,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// RFC 8414 and OpenID Connect Discovery: one document.
    AuthorizationServerMetadata,
    /// RFC 9728.
    ProtectedResourceMetadata,
    /// `/register`
    Registration,
    /// `/authorize`
    Authorization,
    /// `/consent`
    Consent,
    /// `/auth/callback`
    Callback,
    /// `/token`
    Token,
    /// `/revoke`
    Revocation,
    /// `/jwks`
    KeySet,
}

impl Endpoint {
    /// Those with a path below the issuer.
    pub const ACTIVE: [Self; 7] = [
        Self::Registration,
        Self::Authorization,
        Self::Consent,
        Self::Callback,
        Self::Token,
        Self::Revocation,
        Self::KeySet,
    ];

    /// The path below the issuer. Some clients assume these names; empty for a document.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::AuthorizationServerMetadata | Self::ProtectedResourceMetadata => "",
            Self::Registration => "/register",
            Self::Authorization => "/authorize",
            Self::Consent => "/consent",
            Self::Callback => "/auth/callback",
            Self::Token => "/token",
            Self::Revocation => "/revoke",
            Self::KeySet => "/jwks",
        }
    }
}

impl Location {
    /// A server at a place.
    ///
    /// # Errors
    /// What is wrong with `base_url`, without repeating it.
    pub fn parse(base_url: &str, http_path: &str, claims_root: bool) -> Result<Self, &'static str> {
        let place = policy::location::Location::parse(base_url, http_path)?;
        Self::new(place, claims_root)
    }

    /// Reads `BASE_URL`, `HTTP_PATH` and `OIDC_CLAIM_ROOT`; `None` after a fault.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let claims_root = reader.text(CLAIM_ROOT).map(|_| reader.flag(CLAIM_ROOT));
        let place = policy::location::Location::read(reader)?;
        let claims_root = claims_root.unwrap_or(place.base_path().is_empty());
        Self::new(place, claims_root)
            .map_err(|problem| reader.fault("BASE_URL", problem))
            .ok()
    }

    fn new(place: policy::location::Location, claims_root: bool) -> Result<Self, &'static str> {
        let location = Self { place, claims_root };
        // Codes and tokens would cross the network in the clear (RFC 6749, section 3.1).
        if !location.is_https() && !location.is_loopback() {
            return Err("is `http` on a host that is not this machine");
        }
        Ok(location)
    }

    /// The issuer identifier (RFC 8414, section 2), byte for byte: no trailing slash.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}{}", self.place.origin(), self.place.base_path())
    }

    /// The resource identifier of the MCP endpoint (RFC 8707).
    #[must_use]
    pub fn resource(&self) -> String {
        self.place.resource()
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.place.origin()
    }

    /// Where the metadata of the resource is (RFC 9728, section 3.1).
    #[must_use]
    pub fn resource_metadata_url(&self) -> String {
        self.place.metadata_url()
    }

    /// The public URL of an endpoint.
    #[must_use]
    pub fn url(&self, endpoint: Endpoint) -> String {
        match endpoint {
            Endpoint::ProtectedResourceMetadata => self.place.metadata_url(),
            Endpoint::AuthorizationServerMetadata => {
                let (origin, base) = (self.place.origin(), self.place.base_path());
                format!("{origin}{AUTHORIZATION_SERVER}{base}")
            }
            _ => format!("{}{}", self.issuer(), endpoint.path()),
        }
    }

    /// Whether the public URL is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme_and_host().0.eq_ignore_ascii_case("https")
    }

    /// What the path of a request leads to; `None` when it is not a path of this server.
    #[must_use]
    pub fn endpoint(&self, head: &RequestHead) -> Option<Endpoint> {
        let path = head.path_with_query.split(['?', '#']).next()?;
        let base = self.place.base_path();
        let below = path.strip_prefix(base).unwrap_or(path);
        let active = Endpoint::ACTIVE
            .into_iter()
            .find(|endpoint| endpoint.path() == below || endpoint.path() == path);
        active.or_else(|| self.document(path, is_stripped(head, base)))
    }

    fn document(&self, path: &str, is_stripped: bool) -> Option<Endpoint> {
        let documents = [
            (PROTECTED_RESOURCE, Endpoint::ProtectedResourceMetadata),
            (AUTHORIZATION_SERVER, Endpoint::AuthorizationServerMetadata),
            (OPENID_CONFIGURATION, Endpoint::AuthorizationServerMetadata),
        ];
        let answers_root = self.claims_root || is_stripped;
        let is_here = |document: &str| {
            self.own_paths(document).iter().any(|own| own == path)
                || answers_root && self.root_paths(document).iter().any(|root| root == path)
        };
        documents
            .into_iter()
            .find(|(document, _)| is_here(document))
            .map(|(_, endpoint)| endpoint)
    }

    /// Paths of a document that have the path of this server in them. When there is none, because
    /// `BASE_URL` is the root of its host, some of them are at the root.
    fn own_paths(&self, document: &str) -> [String; 5] {
        let (base, mcp) = (self.place.base_path(), self.place.mcp_path());
        [
            format!("{document}{base}{mcp}"),
            format!("{document}{base}"),
            format!("{base}{document}"),
            format!("{base}{document}{mcp}"),
            format!("{base}{mcp}{document}"),
        ]
    }

    /// The same without it.
    fn root_paths(&self, document: &str) -> [String; 3] {
        let mcp = self.place.mcp_path();
        [
            document.to_owned(),
            format!("{document}{mcp}"),
            format!("{mcp}{document}"),
        ]
    }

    fn is_loopback(&self) -> bool {
        crate::redirect::is_loopback_host(self.scheme_and_host().1)
    }

    fn scheme_and_host(&self) -> (&str, &str) {
        let (scheme, authority) = self.place.origin().split_once("://").unwrap_or_default();
        (scheme, crate::redirect::host_of_authority(authority))
    }
}

/// Whether a proxy says that it has removed the path of this server.
fn is_stripped(head: &RequestHead, base: &str) -> bool {
    !base.is_empty()
        && head.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("x-forwarded-prefix") && value.trim_end_matches('/') == base
        })
}
