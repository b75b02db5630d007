//! What the components of a tenant may ask of others, by its configuration.

use std::sync::Arc;
use std::time::Duration;

use super::BuildError;
use crate::capabilities::http_client::HttpClient;
use crate::capabilities::introspector::Introspector;
use crate::capabilities::outbound::Outbound;
use crate::config::{self, Config};
use crate::keys::{self, Clock, IntrospectionClient, IntrospectionConfig, Keys};
use crate::outbound::{Caps, ImageApis, ProviderWeb, PublicWeb};

/// The destinations of its requests.
pub(super) fn http_client(
    config: &Config,
    described: &config::Tenant,
    keys: &Arc<Keys>,
) -> Result<HttpClient, BuildError> {
    let Some(oidc) = &described.oidc else {
        return Ok(HttpClient::default());
    };
    let provider = oidc
        .outbound
        .provider
        .then(|| {
            ProviderWeb::new(
                oidc.config_url.clone(),
                oidc.jwks_hosts.clone(),
                Arc::clone(keys),
            )
        })
        .transpose()
        .map_err(unusable)?;
    let public = oidc
        .outbound
        .public
        .then(|| PublicWeb::new(config.fetch_hosts.clone()))
        .transpose()
        .map_err(unusable)?;
    Ok(HttpClient::new(
        provider.map(Arc::new),
        public.map(Arc::new),
    ))
}

/// The images that tools may fetch from anywhere, as large and for as long as their settings say.
pub(super) fn images_of_strangers(
    config: &Config,
    described: &config::Tenant,
) -> Result<HttpClient, BuildError> {
    let web = PublicWeb::new(config.fetch_hosts.clone()).map_err(unusable)?;
    let number = |name: &str| {
        let setting = described.tools_settings.get(name)?;
        setting.expose().parse::<u64>().ok()
    };
    let max_bytes = number("MAX_INPUT_IMAGE_BYTES").unwrap_or_default();
    let seconds = number("FETCH_TIMEOUT_S").unwrap_or_default();
    let caps = Caps {
        max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
        timeout: Duration::from_secs(seconds),
    };
    Ok(HttpClient::fetching(Arc::new(web), caps))
}

/// The image APIs that the tools may ask: those that are configured.
pub(super) fn image_apis(described: &config::Tenant) -> Result<Outbound, BuildError> {
    let apis = ImageApis::new(described.image_apis()).map_err(unusable)?;
    Ok(Outbound::new(Arc::new(apis)))
}

/// The provider that it may ask about tokens.
pub(super) fn introspector(
    described: &config::Tenant,
    keys: &Arc<Keys>,
) -> Result<Introspector, BuildError> {
    let Some((oidc, client)) = described
        .oidc
        .as_ref()
        .and_then(|oidc| Some((oidc, oidc.introspection.as_ref()?)))
    else {
        return Ok(Introspector::default());
    };
    let client = IntrospectionClient {
        id: client.id.clone(),
        secret: client.secret.clone(),
    };
    let http = keys::http_client().map_err(unusable)?;
    let parts = (http, IntrospectionConfig::default(), Clock::system());
    let config_url = oidc.config_url.to_string();
    let introspector = keys::Introspector::new(Arc::clone(keys), config_url, client, parts);
    Ok(Introspector::new(Some(Arc::new(introspector))))
}

fn unusable(error: reqwest::Error) -> BuildError {
    BuildError::Provider(error.to_string())
}
