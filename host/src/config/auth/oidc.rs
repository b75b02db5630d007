//! The OpenID provider, and what a policy may do about it through the host.

use url::Url;

use super::AuthMode;
use crate::config::secret::Secret;
use crate::config::settings;
use crate::config::values::Values;

/// The OpenID provider that a policy may ask the host about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// The discovery document.
    pub config_url: Url,
    /// Hosts, besides that of `config_url`, that may serve keys; lower-case.
    pub jwks_hosts: Vec<String>,
    /// With whose name the host asks about opaque tokens, when it may.
    pub introspection: Option<ClientCredentials>,
    /// Where requests of the policy may go.
    pub outbound: Outbound,
}

/// A confidential client of the provider. The host keeps it to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: Secret,
}

/// Destinations of `imagegen:http/client` that a policy is granted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outbound {
    /// Endpoints of the provider.
    pub provider: bool,
    /// URLs that strangers name.
    pub public: bool,
}

impl Oidc {
    /// Next to a mode that knows no provider, the URL is a fault.
    pub(in crate::config) fn resolve(mode: AuthMode, values: &Values) -> Option<Self> {
        let url = values.given(&settings::OIDC_CONFIG_URL)?;
        Some(Self {
            config_url: Url::parse(url.expose()).ok()?,
            jwks_hosts: values.list(&settings::OIDC_JWKS_HOSTS),
            introspection: introspection(mode, values),
            outbound: Outbound::of(mode, values),
        })
    }
}

impl Outbound {
    /// Our proxy talks to the provider, and to strangers for what clients publish about
    /// themselves. Somebody else's component talks to the provider that is configured, and to
    /// strangers only when the documents of clients are switched on in so many words.
    fn of(mode: AuthMode, values: &Values) -> Self {
        let documents = &settings::OIDC_CLIENT_ID_METADATA_DOCUMENTS;
        match mode {
            AuthMode::OidcProxy => Self {
                provider: true,
                // The keys of clients that are registered beforehand are behind URLs as well.
                public: values.switch(documents) || values.is_set(&settings::OIDC_CLIENTS_FILE),
            },
            AuthMode::Custom => Self {
                provider: true,
                public: values.is_set(documents) && values.switch(documents),
            },
            AuthMode::None | AuthMode::Bearer | AuthMode::Remote => Self::default(),
        }
    }
}

/// `oidc-proxy` has no use for it: it judges tokens of its own.
fn introspection(mode: AuthMode, values: &Values) -> Option<ClientCredentials> {
    if !matches!(mode, AuthMode::Remote | AuthMode::Custom) {
        return None;
    }
    Some(ClientCredentials {
        id: values.given(&settings::OIDC_CLIENT_ID)?.expose().to_owned(),
        secret: values.given(&settings::OIDC_CLIENT_SECRET)?.clone(),
    })
}
