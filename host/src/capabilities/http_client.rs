//! `imagegen:http/client`: outbound requests of a component, to the destinations that it is granted.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::bindings::http_client as wit;
use crate::outbound::{self, Caps, ProviderWeb, PublicWeb};

/// Largest answer to a policy (stated in `wit/http/types.wit`, as the time is).
const POLICY_CAPS: Caps = Caps {
    max_bytes: 1024 * 1024,
    timeout: Duration::from_secs(10),
};
/// Shortest time for a request.
const SHORTEST: Duration = Duration::from_millis(100);

/// Where the requests of one component of one tenant may go. Nowhere by default.
#[derive(Clone)]
pub struct HttpClient {
    provider: Option<Arc<ProviderWeb>>,
    public: Option<Arc<PublicWeb>>,
    caps: Caps,
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl HttpClient {
    /// Grants these destinations to a policy.
    #[must_use]
    pub fn new(provider: Option<Arc<ProviderWeb>>, public: Option<Arc<PublicWeb>>) -> Self {
        Self {
            provider,
            public,
            caps: POLICY_CAPS,
        }
    }

    /// Grants the images of strangers to tools, within these caps.
    #[must_use]
    pub fn fetching(public: Arc<PublicWeb>, caps: Caps) -> Self {
        Self {
            provider: None,
            public: Some(public),
            caps,
        }
    }
}

impl wit::client::Host for HttpClient {
    async fn send(
        &mut self,
        to: wit::client::Destination,
        request: wit::types::Request,
    ) -> Result<wit::types::Response, wit::types::Error> {
        let request = request_of(request, self.caps)?;
        let outcome = match (to, &self.provider, &self.public) {
            (wit::client::Destination::Provider, Some(provider), _) => provider.send(request).await,
            (wit::client::Destination::Public, _, Some(public)) => public.send(request).await,
            _ => Err(outbound::Error::NotGranted("this destination".to_owned())),
        };
        let response = outcome.map_err(error)?;
        Ok(wit::types::Response {
            status: response.status,
            headers: response.headers,
            body: response.body,
        })
    }
}

fn request_of(
    request: wit::types::Request,
    caps: Caps,
) -> Result<outbound::Request, wit::types::Error> {
    let method = match request.method.as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        _ => {
            let what = "the method is not GET or POST".to_owned();
            return Err(wit::types::Error::Invalid(what));
        }
    };
    let timeout = Duration::from_millis(u64::from(request.timeout_ms));
    let max_bytes = usize::try_from(request.max_response_bytes).unwrap_or(usize::MAX);
    Ok(outbound::Request {
        method,
        unverified_url: request.url,
        headers: request.headers,
        body: request.body,
        caps: Caps {
            max_bytes: max_bytes.min(caps.max_bytes),
            timeout: timeout.min(caps.timeout).max(SHORTEST),
        },
    })
}

fn error(error: outbound::Error) -> wit::types::Error {
    match error {
        outbound::Error::NotGranted(what) => wit::types::Error::NotGranted(what),
        outbound::Error::Invalid(what) => wit::types::Error::Invalid(what),
        outbound::Error::AddressRefused(what) => wit::types::Error::AddressRefused(what),
        outbound::Error::Timeout => wit::types::Error::Timeout,
        outbound::Error::TooLarge => wit::types::Error::TooLarge,
        outbound::Error::Connection(what) => wit::types::Error::Connection(what),
    }
}

#[cfg(test)]
mod tests {
    use super::wit::client::{Destination, Host as _};
    use super::*;

    #[tokio::test]
    async fn nothing_is_granted_by_default() {
        for to in [Destination::Provider, Destination::Public] {
            let request = wit::types::Request {
                method: "GET".to_owned(),
                url: "https://example.com/".to_owned(),
                headers: Vec::new(),
                body: Vec::new(),
                max_response_bytes: 1,
                timeout_ms: 1,
            };
            let refused = HttpClient::default().send(to, request).await.unwrap_err();
            assert!(matches!(refused, wit::types::Error::NotGranted(_)));
        }
    }
}
