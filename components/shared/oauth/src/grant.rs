//! What a user has granted to a client, and the two sealed artefacts that carry it: the
//! authorization code and the refresh token.
//!
//! Issuer, resource and client are not in an artefact: they are what it is sealed under, so one that
//! turns up with another client, or at another server, does not open.

use serde::{Deserialize, Serialize};

use crate::session::Session;

/// A grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// What the client may do.
    #[serde(rename = "p")]
    pub scopes: Vec<String>,
    /// Who has granted it.
    #[serde(rename = "s")]
    pub session: Session,
}

/// An authorization code (RFC 6749, section 4.1.2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    /// Its id: it is redeemed once.
    #[serde(rename = "j")]
    pub id: String,
    /// Where it was sent to.
    #[serde(rename = "u")]
    pub redirect_uri: String,
    /// `code_challenge`, always of the method S256.
    #[serde(rename = "h")]
    pub challenge: String,
    /// Its end, seconds since the Unix epoch.
    #[serde(rename = "x")]
    pub expires_at: u64,
    /// The key that must come along at `/token` (RFC 9449, section 10).
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<String>,
    /// What it is worth.
    #[serde(rename = "g")]
    pub grant: Grant,
}

/// A refresh token (RFC 6749, section 6).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefreshToken {
    /// How many came before it in its session.
    #[serde(rename = "n")]
    pub generation: u64,
    /// Its end, seconds since the Unix epoch, unless it is used before.
    #[serde(rename = "x")]
    pub expires_at: u64,
    /// The key that must come along (RFC 9449, section 5).
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<String>,
    /// What it is worth.
    #[serde(rename = "g")]
    pub grant: Grant,
}
