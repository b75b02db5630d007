//! Positive authentication results, by SHA-256 of the credential, for at most a minute.
//!
//! Refusals are not kept: they are cheap to repeat, and a token may become valid.

use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::{Authenticated, Credential, RequestHeadParts};

/// How long a result is kept, unless the credential expires earlier.
const MAX_AGE: Duration = Duration::from_secs(60);
/// Results of one tenant.
const CAPACITY: u64 = 10_000;

/// Digest of a credential. The credential itself is not kept.
pub type Key = [u8; 32];

/// The recent results of one tenant.
#[derive(Clone, Debug)]
pub struct DecisionCache {
    callers: Cache<Key, Authenticated>,
}

impl Default for DecisionCache {
    fn default() -> Self {
        Self {
            callers: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(MAX_AGE)
                .build(),
        }
    }
}

impl DecisionCache {
    /// The caller that was accepted for this credential, if it is still valid at `now`.
    #[must_use]
    pub fn lookup(&self, key: &Key, now: u64) -> Option<Authenticated> {
        let caller = self.callers.get(key)?;
        let expires_at = caller.identity().expires_at;
        if expires_at.is_some_and(|expires_at| expires_at <= now) {
            self.callers.invalidate(key);
            return None;
        }
        Some(caller)
    }

    /// Keeps a caller that was accepted.
    pub fn remember(&self, key: Key, caller: Authenticated) {
        self.callers.insert(key, caller);
    }
}

/// The key of a request, when nothing but its one bearer token, or that it has none, can matter:
/// at most one `Authorization` field, with the scheme `Bearer`, no proof of possession, no query.
#[must_use]
pub fn key(head: &RequestHeadParts<'_>) -> Option<Key> {
    if head.path_with_query.contains('?') || head.headers.contains_key("dpop") {
        return None;
    }
    match head.credential() {
        Credential::None => Some(Sha256::digest(b"").into()),
        Credential::One(value) => {
            let scheme = value.get(..7)?;
            scheme
                .eq_ignore_ascii_case(b"bearer ")
                .then(|| Sha256::digest(value).into())
        }
        Credential::Several => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::bindings::auth::Identity;

    fn identity(expires_at: Option<u64>) -> Authenticated {
        Authenticated::new(Identity {
            subject: "alice".to_owned(),
            issuer: None,
            client_id: None,
            scopes: Vec::new(),
            expires_at,
            claims: "{}".to_owned(),
            reusable_seconds: 60,
        })
    }

    fn key_of(fields: &[(&'static str, &'static str)], path: &str) -> Option<Key> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        key(&RequestHeadParts {
            method: "POST",
            scheme: "https",
            authority: "h",
            path_with_query: path,
            headers: &headers,
            client_address: None,
            now: 0,
        })
    }

    #[test]
    fn an_expired_credential_is_forgotten() {
        let cache = DecisionCache::default();
        cache.remember([1; 32], identity(Some(100)));
        cache.remember([2; 32], identity(None));
        assert!(cache.lookup(&[1; 32], 99).is_some());
        assert!(cache.lookup(&[1; 32], 100).is_none());
        assert!(cache.lookup(&[1; 32], 99).is_none(), "forgotten for good");
        assert!(cache.lookup(&[2; 32], u64::MAX).is_some());
    }

    #[test]
    fn only_a_lone_bearer_token_has_a_key() {
        assert!(key_of(&[("authorization", "Bearer a")], "/mcp").is_some());
        assert_ne!(
            key_of(&[("authorization", "Bearer a")], "/mcp"),
            key_of(&[("authorization", "Bearer b")], "/mcp")
        );
        assert!(key_of(&[], "/mcp").is_some(), "no credential is one case");
        assert_ne!(
            key_of(&[], "/mcp"),
            key_of(&[("authorization", "Bearer a")], "/mcp")
        );
        assert!(key_of(&[("authorization", "Basic a")], "/mcp").is_none());
        assert!(
            key_of(
                &[("authorization", "Bearer a"), ("authorization", "Bearer b")],
                "/mcp"
            )
            .is_none()
        );
        assert!(key_of(&[("authorization", "Bearer a"), ("dpop", "x")], "/mcp").is_none());
        assert!(key_of(&[("authorization", "Bearer a")], "/mcp?access_token=b").is_none());
    }
}
