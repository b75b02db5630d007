//! The policy of `auth-none`: everybody is `anonymous` and may do everything.
//!
//! Where that is acceptable (on loopback) is the host's decision.

use crate::types::{Identity, MAX_REUSABLE_SECONDS};

/// The one identity of this policy.
#[must_use]
pub fn identity() -> Identity {
    Identity {
        subject: "anonymous".to_owned(),
        issuer: None,
        client_id: None,
        scopes: Vec::new(),
        expires_at: None,
        claims: "{}".to_owned(),
        reusable_seconds: MAX_REUSABLE_SECONDS,
    }
}
