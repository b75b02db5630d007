//! The configured OpenID provider: its origin, and the endpoints that its discovery document names.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use url::Url;

use super::{Error, Request, Response, exchange, plain_url};
use crate::keys::{Failure, Keys};

/// How long a connection to the provider is kept for the next request.
const IDLE: Duration = Duration::from_secs(20);

/// Requests to one provider.
pub struct ProviderWeb {
    client: Client,
    config_url: Url,
    /// Hosts that the operator allows besides; lower-case.
    hosts: Vec<String>,
    keys: Arc<Keys>,
}

impl ProviderWeb {
    /// `config_url` is one that `keys` were granted.
    ///
    /// # Errors
    ///
    /// When the TLS roots of the system cannot be loaded.
    pub fn new(config_url: Url, hosts: Vec<String>, keys: Arc<Keys>) -> reqwest::Result<Self> {
        let client = exchange::client()
            .pool_max_idle_per_host(4)
            .pool_idle_timeout(IDLE)
            .build()?;
        Ok(Self {
            client,
            config_url,
            hosts,
            keys,
        })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        exchange::check_form(&request)?;
        let fields = exchange::fields(&request)?;
        let url = plain_url(&request.unverified_url)?;
        self.check(&url).await?;
        exchange::send(&self.client, url, fields, request).await
    }

    async fn check(&self, url: &Url) -> Result<(), Error> {
        let may_be_plain = self.config_url.scheme() == "http" && is_loopback(url);
        if url.scheme() != "https" && !(url.scheme() == "http" && may_be_plain) {
            return Err(Error::Invalid("the URL is not https".to_owned()));
        }
        if url.origin() == self.config_url.origin() {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default();
        if self.hosts.iter().any(|allowed| allowed == host) || self.is_endpoint(url).await? {
            return Ok(());
        }
        Err(Error::NotGranted(
            "neither at the provider nor an endpoint that its discovery document names".to_owned(),
        ))
    }

    /// Whether the document names exactly this URL. The operator trusts the provider to say where
    /// its own endpoints are.
    async fn is_endpoint(&self, url: &Url) -> Result<bool, Error> {
        let provider = self.keys.provider(self.config_url.as_str()).await;
        let provider = provider.map_err(|failure| match failure {
            Failure::Unavailable(unavailable) => Error::Connection(unavailable.reason),
            other => Error::NotGranted(other.to_string()),
        })?;
        let document: Value = serde_json::from_str(&provider.metadata).unwrap_or_default();
        let members = document.as_object().into_iter().flatten();
        let mut endpoints = members.filter_map(|(name, value)| {
            let is_endpoint = name.ends_with("_endpoint") || name == "jwks_uri";
            Url::parse(value.as_str().filter(|_| is_endpoint)?).ok()
        });
        Ok(endpoints.any(|endpoint| endpoint == *url))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
