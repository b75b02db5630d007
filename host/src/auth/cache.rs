//! Positive authentication results, by SHA-256 of the credential, for as long as the policy says
//! and at most a minute.
//!
//! Refusals are not kept: they are cheap to repeat, and a token may become valid.

use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::{Authenticated, Credential, RequestHeadParts};

/// The longest that a result is kept, whatever the policy says, in seconds.
const MAX_AGE_SECONDS: u64 = 60;
/// Results of one tenant.
const CAPACITY: u64 = 10_000;

/// Digest of a credential. The credential itself is not kept.
pub type Key = [u8; 32];

/// The recent results of one tenant.
#[derive(Clone, Debug)]
pub struct DecisionCache {
    callers: Cache<Key, Kept>,
}

/// A caller, and the second in which the policy has to be asked again.
#[derive(Clone, Debug)]
struct Kept {
    caller: Authenticated,
    until: u64,
}

impl Default for DecisionCache {
    fn default() -> Self {
        Self {
            callers: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(Duration::from_secs(MAX_AGE_SECONDS))
                .build(),
        }
    }
}

impl DecisionCache {
    /// The caller that was accepted for this credential, if that still holds at `now`.
    #[must_use]
    pub fn lookup(&self, key: &Key, now: u64) -> Option<Authenticated> {
        let kept = self.callers.get(key)?;
        if kept.until <= now {
            self.callers.invalidate(key);
            return None;
        }
        Some(kept.caller)
    }

    /// Keeps a caller that was accepted at `now`, for as long as the policy allows.
    pub fn remember(&self, key: Key, caller: Authenticated, now: u64) {
        let identity = caller.identity();
        let seconds = u64::from(identity.reusable_seconds).min(MAX_AGE_SECONDS);
        let until = now.saturating_add(seconds);
        let until = identity.expires_at.map_or(until, |end| end.min(until));
        if until > now {
            self.callers.insert(key, Kept { caller, until });
        }
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

    fn identity(reusable_seconds: u32, expires_at: Option<u64>) -> Authenticated {
        Authenticated::new(Identity {
            subject: "alice".to_owned(),
            issuer: None,
            client_id: None,
            scopes: Vec::new(),
            expires_at,
            claims: "{}".to_owned(),
            reusable_seconds,
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
        cache.remember([1; 32], identity(60, Some(100)), 90);
        assert!(cache.lookup(&[1; 32], 99).is_some());
        assert!(cache.lookup(&[1; 32], 100).is_none());
        assert!(cache.lookup(&[1; 32], 99).is_none(), "forgotten for good");
        cache.remember([1; 32], identity(60, Some(90)), 90);
        assert!(cache.lookup(&[1; 32], 89).is_none(), "expired at once");
    }

    #[test]
    fn the_policy_says_for_how_long() {
        let cache = DecisionCache::default();
        for (seconds, kept) in [(0, 0), (1, 1), (5, 5), (60, 60), (61, 60), (u32::MAX, 60)] {
            let key = [u8::try_from(kept).unwrap(); 32];
            cache.remember(key, identity(seconds, None), 1000);
            let lookup = |now| cache.lookup(&key, now).is_some();
            assert!(kept == 0 || lookup(1000 + kept - 1), "{seconds}");
            assert!(!lookup(1000 + kept), "{seconds}");
        }
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
