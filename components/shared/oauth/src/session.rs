//! What a sign-in has established: who the user is, and with what the provider renews that.
//!
//! A session is never stored. It travels inside our code and our refresh token, sealed; its id is in
//! each access token, so that all of them can be revoked at once.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// A signed-in user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Its id, unguessable.
    #[serde(rename = "i")]
    pub sid: String,
    /// `sub` at the provider.
    #[serde(rename = "s")]
    pub subject: String,
    /// The further claims that an identity may carry: one JSON object of bounded size.
    #[serde(rename = "c")]
    pub claims: String,
    /// When the user signed in, seconds since the Unix epoch.
    #[serde(rename = "a")]
    pub auth_time: u64,
    /// When it ends whatever the provider says.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<u64>,
    /// The refresh token of the provider, if it gave one.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
}
