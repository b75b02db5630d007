//! Whatever a stranger named: documents of clients, images to be fetched.

use http::Method;
use reqwest::Client;
use url::{Host, Url};

use super::resolve::PublicOnly;
use super::{Error, Request, Response, exchange, plain_url};
use crate::config::AllowedHost;

/// The port that strangers may name.
const HTTPS: u16 = 443;

/// Requests to public addresses: `https`, `GET`, port 443, a name and no IP literal.
pub struct PublicWeb {
    /// Connects to addresses that were checked, once each.
    strict: Client,
    /// For the hosts that the operator has exempted.
    lenient: Client,
    exempt: Vec<AllowedHost>,
}

impl PublicWeb {
    /// `exempt` are the hosts of `DANGER_FETCH_HOSTS`: for them, address and port do not matter.
    ///
    /// # Errors
    ///
    /// When the TLS roots of the system cannot be loaded.
    pub fn new(exempt: Vec<AllowedHost>) -> reqwest::Result<Self> {
        let client = || {
            exchange::client()
                .https_only(true)
                .pool_max_idle_per_host(0)
        };
        Ok(Self {
            strict: client().dns_resolver(PublicOnly).build()?,
            lenient: client().build()?,
            exempt,
        })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// See [`Error`]. Nothing is resolved before the URL is found to be in order.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        exchange::check_form(&request)?;
        if request.method != Method::GET {
            return Err(Error::NotGranted("only GET goes to strangers".to_owned()));
        }
        let fields = exchange::fields(&request)?;
        if exchange::has_credentials(&fields) {
            return Err(Error::Invalid("credentials for a stranger".to_owned()));
        }
        let url = plain_url(&request.unverified_url)?;
        let client = self.client_for(&url)?;
        exchange::send(client, url, fields, request).await
    }

    fn client_for(&self, url: &Url) -> Result<&Client, Error> {
        if url.scheme() != "https" {
            return Err(Error::Invalid("the URL is not https".to_owned()));
        }
        let port = url.port().unwrap_or(HTTPS);
        let host = url.host_str().unwrap_or_default();
        if self.exempt.iter().any(|exempt| exempt.names(host, port)) {
            return Ok(&self.lenient);
        }
        let refused = |what: &str| Err(Error::NotGranted(what.to_owned()));
        match url.host() {
            Some(Host::Domain(_)) if port == HTTPS => Ok(&self.strict),
            Some(Host::Domain(_)) => refused("a port other than 443"),
            _ => refused("an IP address instead of a name"),
        }
    }
}
