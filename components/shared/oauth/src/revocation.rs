//! What is revoked: tombstones in the store, seen by every replica that shares it.
//!
//! A store that does not answer is an outage; it never means that nothing is revoked.

use policy::state::{Expect, State, StateError};

use crate::access_token::AccessToken;

/// How much longer than what it buries a tombstone stands, in seconds.
const MARGIN_S: u64 = 3600;

/// Whether a token, or the session that it belongs to, is revoked.
///
/// # Errors
/// The store does not answer.
pub fn is_revoked(token: &AccessToken, state: &dyn State) -> Result<bool, StateError> {
    Ok(is_session_revoked(&token.sid, state)? || state.value(&of_token(&token.id))?.is_some())
}

/// Whether a session is revoked.
///
/// # Errors
/// The store does not answer.
pub fn is_session_revoked(sid: &str, state: &dyn State) -> Result<bool, StateError> {
    Ok(state.value(&of_session(sid))?.is_some())
}

/// Revokes a session: all its tokens, also those that are being issued at this moment. `longest_s`
/// is how long any of them can live.
///
/// # Errors
/// The store does not answer.
pub fn revoke_session(sid: &str, longest_s: u64, state: &dyn State) -> Result<(), StateError> {
    bury(&of_session(sid), longest_s, state)
}

/// Revokes one access token.
///
/// # Errors
/// The store does not answer.
pub fn revoke_token(token: &AccessToken, now: u64, state: &dyn State) -> Result<(), StateError> {
    let left = token.expires_at.saturating_sub(now);
    bury(&of_token(&token.id), left, state)
}

fn bury(key: &str, seconds: u64, state: &dyn State) -> Result<(), StateError> {
    let ttl = u32::try_from(seconds.saturating_add(MARGIN_S)).unwrap_or(u32::MAX);
    state.put(key, b"1", Expect::Anything, ttl).map(|_| ())
}

fn of_session(sid: &str) -> String {
    format!("revoked/sid/{sid}")
}

fn of_token(id: &str) -> String {
    format!("revoked/jti/{id}")
}
