//! The image APIs that a tenant has configured: their origins, and the hosts from which they
//! deliver files. Nothing else is reachable for the tools.
//!
//! An origin that the operator named may be anywhere, on the local network too. Those that come
//! with a key alone, and the hosts of files, must be public.

use std::time::Duration;

use http::Method;
use reqwest::Client;
use url::{Host, Origin, Url};

use super::exchange;
use super::resolve::PublicOnly;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(20);

/// The destinations of one tenant, and the connections to them.
pub struct ImageApis {
    named: Vec<Origin>,
    official: Vec<Origin>,
    delivery: Vec<DeliveryHost>,
    anywhere: Client,
    public: Client,
}

/// What is granted.
#[derive(Debug, Default)]
pub struct Grants {
    /// URLs of APIs that the operator named.
    pub named: Vec<Url>,
    /// URLs of APIs that come with a key.
    pub official: Vec<&'static str>,
    /// Hosts from which files are delivered.
    pub delivery: Vec<DeliveryHost>,
}

/// A host of files: `https`, port 443, `GET`, no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryHost {
    /// Exactly this name.
    Exactly(String),
    /// Every name below this one.
    Below(&'static str),
    /// Every name below this one that begins with `api.`: a region of an API, which takes the key.
    Regions(&'static str),
}

/// A request that is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotGranted;

impl ImageApis {
    /// Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// When the TLS roots of the system cannot be loaded.
    pub fn new(grants: Grants) -> reqwest::Result<Self> {
        let client = || {
            exchange::client()
                .connect_timeout(CONNECT)
                .pool_max_idle_per_host(4)
                .pool_idle_timeout(IDLE)
        };
        let official = grants.official.iter();
        Ok(Self {
            named: grants.named.iter().map(Url::origin).collect(),
            official: official
                .filter_map(|url| Url::parse(url).ok())
                .map(|url| url.origin())
                .collect(),
            delivery: grants.delivery,
            anywhere: client().build()?,
            public: client().https_only(true).dns_resolver(PublicOnly).build()?,
        })
    }

    /// The client for a request.
    ///
    /// # Errors
    ///
    /// When the tenant has not configured its destination.
    pub fn client_for(
        &self,
        url: &Url,
        method: &Method,
        has_credentials: bool,
    ) -> Result<&Client, NotGranted> {
        let origin = url.origin();
        if self.named.contains(&origin) {
            return Ok(&self.anywhere);
        }
        if self.official.contains(&origin) {
            return Ok(&self.public);
        }
        let Some(Host::Domain(host)) = url.host() else {
            return Err(NotGranted);
        };
        let is_get = *method == Method::GET;
        let is_https = url.scheme() == "https" && url.port().is_none();
        let mut known = self.delivery.iter().filter(|known| known.is(host));
        if is_get && is_https && known.any(|known| known.takes_key() || !has_credentials) {
            Ok(&self.public)
        } else {
            Err(NotGranted)
        }
    }
}

impl DeliveryHost {
    fn is(&self, host: &str) -> bool {
        match self {
            Self::Exactly(name) => name == host,
            Self::Below(suffix) => is_below(host, suffix),
            Self::Regions(suffix) => is_below(host, suffix) && host.starts_with("api."),
        }
    }

    fn takes_key(&self) -> bool {
        matches!(self, Self::Regions(_))
    }
}

fn is_below(host: &str, suffix: &str) -> bool {
    host.strip_suffix(suffix)
        .is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apis() -> ImageApis {
        ImageApis::new(Grants {
            named: vec![Url::parse("http://10.0.0.5:7860/sd").unwrap()],
            official: vec!["https://api.openai.com/v1"],
            delivery: vec![
                DeliveryHost::Below("bfl.ai"),
                DeliveryHost::Regions("bfl.ai"),
                DeliveryHost::Exactly("replicate.delivery".to_owned()),
            ],
        })
        .unwrap()
    }

    fn granted(method: Method, url: &str, has_credentials: bool) -> bool {
        let url = Url::parse(url).unwrap();
        apis().client_for(&url, &method, has_credentials).is_ok()
    }

    #[test]
    fn apis_that_are_configured_are_reachable() {
        for url in [
            "http://10.0.0.5:7860/sdapi/v1/txt2img",
            "https://api.openai.com/v1/images/edits",
            "https://API.openai.com:443/other",
        ] {
            assert!(granted(Method::POST, url, true), "{url}");
        }
        for url in [
            "https://delivery-eu1.bfl.ai/results/a.png",
            "https://replicate.delivery/x/y.webp",
        ] {
            assert!(granted(Method::GET, url, false), "{url}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for url in [
            "http://10.0.0.5/sdapi/v1/txt2img",
            "http://10.0.0.5:7861/",
            "https://10.0.0.5:7860/",
            "http://10.0.0.6:7860/",
            "http://api.openai.com/v1/models",
            "https://api.openai.com:8443/v1/models",
            "https://api.openai.com.evil.example/",
            "https://bfl.ai/",
            "https://evilbfl.ai/",
            "https://.bfl.ai/",
            "https://bfl.ai.evil.example/",
            "http://delivery-eu1.bfl.ai/",
            "https://delivery-eu1.bfl.ai:8443/",
            "https://a.replicate.delivery/",
            "http://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
        ] {
            let Ok(parsed) = Url::parse(url) else {
                continue;
            };
            let found = apis().client_for(&parsed, &Method::GET, false).is_ok();
            assert!(!found, "{url}");
        }
        let url = "https://api.eu1.bfl.ai/v1/get_result?id=1";
        assert!(granted(Method::GET, url, true));
        assert!(!granted(Method::POST, url, true));
        // No key goes to a host of files, and nothing is sent there.
        let url = "https://delivery-eu1.bfl.ai/results/a.png";
        assert!(!granted(Method::GET, url, true));
        assert!(!granted(Method::POST, url, false));
    }
}
