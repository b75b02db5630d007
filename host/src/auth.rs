//! From a request head to an identity: the bearer token, the decision cache, the policy.

pub mod cache;
pub mod permitted;
pub mod pool;

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::bindings::auth::{Denial, Identity, RequestHead};
use crate::error::PolicyError;

pub use cache::DecisionCache;
pub use permitted::PermittedOperations;
pub use pool::PolicyPool;

/// Proof that a policy has accepted the caller of this request. Only this module makes one.
#[derive(Clone, Debug)]
pub struct Authenticated {
    identity: Arc<Identity>,
    permitted: Arc<PermittedOperations>,
}

impl Authenticated {
    /// The person at the keyboard: whoever started the process and owns its standard input.
    /// Auth has no effect on the stdio transport.
    #[must_use]
    pub fn local_process() -> Self {
        Self::new(Identity {
            subject: "local".to_owned(),
            issuer: None,
            client_id: None,
            scopes: Vec::new(),
            expires_at: None,
            claims: "{}".to_owned(),
            reusable_seconds: 60,
        })
    }

    fn new(identity: Identity) -> Self {
        Self {
            identity: Arc::new(identity),
            permitted: Arc::default(),
        }
    }

    /// Who calls.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What the policy has allowed this caller a moment ago.
    #[must_use]
    pub fn permitted(&self) -> &PermittedOperations {
        &self.permitted
    }
}

/// Asks the policy who calls, or remembers what it said of the same token a moment ago.
///
/// A policy says itself for how long its answer holds, and that nothing but the token mattered.
///
/// # Errors
///
/// The outer error: the policy could not answer. The inner one: it said no.
pub async fn authenticate(
    policy: &PolicyPool,
    cache: &DecisionCache,
    request_id: &Arc<str>,
    head: RequestHeadParts<'_>,
) -> Result<Result<Authenticated, Denial>, PolicyError> {
    let cacheable = cache::key(&head);
    if let Some(caller) = cacheable
        .as_ref()
        .and_then(|key| cache.lookup(key, head.now))
    {
        return Ok(Ok(caller));
    }
    let verdict = policy.authenticate(request_id, &head.to_wit()).await?;
    Ok(verdict.map(|identity| {
        let caller = Authenticated::new(identity);
        if let Some(key) = cacheable {
            cache.remember(key, caller.clone(), head.now);
        }
        caller
    }))
}

/// What a policy may see of a request, borrowed from it.
#[derive(Clone, Copy, Debug)]
pub struct RequestHeadParts<'a> {
    /// The method.
    pub method: &'a str,
    /// The scheme of the public URL.
    pub scheme: &'a str,
    /// The authority that the client addressed. Unverified.
    pub authority: &'a str,
    /// Path and query as received.
    pub path_with_query: &'a str,
    /// The header fields as received.
    pub headers: &'a HeaderMap,
    /// Address of the peer.
    pub client_address: Option<std::net::IpAddr>,
    /// Seconds since the Unix epoch.
    pub now: u64,
}

/// Fields with which reverse proxies assert an identity. A client could send them as well, so no
/// component ever sees them.
const IDENTITY_ASSERTIONS: &[&str] = &[
    "client-cert",
    "client-cert-chain",
    "remote-user",
    "x-client-cert",
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-id-token",
    "x-forwarded-preferred-username",
    "x-forwarded-user",
    "x-mcp-subject",
    "x-remote-user",
    "x-user",
];

/// Families of such fields.
const IDENTITY_ASSERTION_PREFIXES: &[&str] = &[
    "cf-access-",
    "x-amzn-oidc-",
    "x-auth-",
    "x-goog-authenticated-user-",
    "x-ms-client-principal",
    "x-ssl-client-",
];

impl RequestHeadParts<'_> {
    /// The WIT record of this head. Field values that are not text are shown with replacement
    /// characters, which no valid credential contains.
    #[must_use]
    pub fn to_wit(&self) -> RequestHead {
        RequestHead {
            method: self.method.to_owned(),
            scheme: self.scheme.to_owned(),
            authority: self.authority.to_owned(),
            path_with_query: self.path_with_query.to_owned(),
            headers: self
                .headers
                .iter()
                .filter(|(name, _)| !asserts_identity(name.as_str()))
                .map(|(name, value)| {
                    (
                        name.as_str().to_owned(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect(),
            client_address: self.client_address.map(|address| address.to_string()),
            now: self.now,
        }
    }

    fn credential(&self) -> Credential<'_> {
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Credential::None,
            (Some(value), None) => Credential::One(value.as_bytes()),
            (Some(_), Some(_)) => Credential::Several,
        }
    }
}

/// The `Authorization` fields of a request.
enum Credential<'a> {
    None,
    One(&'a [u8]),
    Several,
}

fn asserts_identity(name: &str) -> bool {
    IDENTITY_ASSERTIONS.contains(&name)
        || IDENTITY_ASSERTION_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asserted_identities_never_reach_a_policy() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-forwarded-user",
            "x-auth-request-email",
            "x-mcp-subject",
            "x-forwarded-client-cert",
            "accept",
        ] {
            headers.insert(name, "admin".parse().unwrap());
        }
        let head = RequestHeadParts {
            method: "POST",
            scheme: "https",
            authority: "h",
            path_with_query: "/mcp",
            headers: &headers,
            client_address: None,
            now: 0,
        };
        assert_eq!(
            head.to_wit().headers,
            [("accept".to_owned(), "admin".to_owned())]
        );
    }
}
