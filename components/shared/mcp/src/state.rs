//! `requestState`: what a server wants to know again when the client comes back with answers.
//!
//! The client carries it, so it is attacker-controlled: an HMAC binds it to the caller, the method
//! and the parameters, and it expires. It is signed, not hidden, and it can be sent twice.

use rmcp::model::{RequestStateCodec, SealOptions};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// For how long a state can be used, in seconds.
pub(crate) const LIFETIME_SECONDS: u64 = 600;

/// What a state belongs to: it opens only for the same caller, method and parameters.
#[derive(Clone, Copy)]
pub(crate) struct Binding([u8; 32]);

/// Why a state was not sealed or opened. The client hears the same in each case.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum StateError {
    #[error("configuration: the key for `requestState` is shorter than 32 bytes")]
    Key,
    #[error("client: `requestState` was not issued for this request")]
    Forged,
    #[error("client: `requestState` has expired")]
    Expired,
}

impl Binding {
    /// Digests what a repeated request must have in common with the first one. `_meta`, the
    /// answers and the state itself differ from round to round.
    pub(crate) fn new(principal: &str, method: &str, params: &Map<String, Value>) -> Self {
        let mut digest = Sha256::new();
        for text in ["imagegen/request-state/1", principal, method] {
            update(&mut digest, text.as_bytes());
        }
        let fixed = params.iter().filter(|(name, _)| {
            !matches!(name.as_str(), "_meta" | "inputResponses" | "requestState")
        });
        update_members(&mut digest, fixed);
        Self(digest.finalize().into())
    }
}

/// Seals `payload` until [`LIFETIME_SECONDS`] after `now`.
///
/// # Errors
///
/// For a key that is too short.
pub(crate) fn seal(
    key: &[u8],
    binding: Binding,
    payload: &[u8],
    now: u64,
) -> Result<String, StateError> {
    // The codec can stamp an expiry itself, but by a clock of its own.
    let expires_at = now.saturating_add(LIFETIME_SECONDS).to_be_bytes();
    let body = [expires_at.as_slice(), payload].concat();
    let options = SealOptions::new().associated_data(&binding.0);
    Ok(codec(key)?.seal_with(&body, &options))
}

/// Opens what [`seal`] made.
///
/// # Errors
///
/// For a key that is too short, for anything else than a sealed state, for one that belongs to
/// another caller or request, and for an expired one.
pub(crate) fn open(
    key: &[u8],
    binding: Binding,
    sealed: &str,
    now: u64,
) -> Result<Vec<u8>, StateError> {
    let body = codec(key)?
        .open_with(sealed, &binding.0)
        .map_err(|_| StateError::Forged)?;
    let (expires_at, payload) = body.split_first_chunk::<8>().ok_or(StateError::Forged)?;
    if u64::from_be_bytes(*expires_at) < now {
        return Err(StateError::Expired);
    }
    Ok(payload.to_vec())
}

fn codec(key: &[u8]) -> Result<RequestStateCodec, StateError> {
    RequestStateCodec::try_new(key).map_err(|_| StateError::Key)
}

/// Feeds a value with its type and length, members in the order of their names, so that two
/// values have the same digest only when they are equal.
fn update_value(digest: &mut Sha256, value: &Value) {
    match value {
        Value::Array(items) => {
            update(digest, b"array");
            digest.update((items.len() as u64).to_be_bytes());
            for item in items {
                update_value(digest, item);
            }
        }
        Value::Object(members) => update_members(digest, members.iter()),
        Value::String(text) => {
            update(digest, b"string");
            update(digest, text.as_bytes());
        }
        scalar => update(digest, scalar.to_string().as_bytes()),
    }
}

fn update_members<'a>(digest: &mut Sha256, members: impl Iterator<Item = (&'a String, &'a Value)>) {
    let mut members: Vec<_> = members.collect();
    members.sort_unstable_by_key(|(name, _)| name.as_str());
    update(digest, b"object");
    digest.update((members.len() as u64).to_be_bytes());
    for (name, value) in members {
        update(digest, name.as_bytes());
        update_value(digest, value);
    }
}

fn update(digest: &mut Sha256, bytes: &[u8]) {
    digest.update((bytes.len() as u64).to_be_bytes());
    digest.update(bytes);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::{Value, json};

    use super::{Binding, LIFETIME_SECONDS, StateError, open, seal};

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn binding(principal: &str, method: &str, params: Value) -> Binding {
        Binding::new(principal, method, params.as_object().unwrap())
    }

    #[test]
    fn opens_what_it_sealed() {
        for payload in [b"".as_slice(), b"x", &[0xff; 1000]] {
            let bound = binding("alice", "tools/call", json!({"name": "a"}));
            let sealed = seal(KEY, bound, payload, 100).unwrap();
            assert_eq!(open(KEY, bound, &sealed, 100).unwrap(), payload);
            let last = 100 + LIFETIME_SECONDS;
            assert_eq!(open(KEY, bound, &sealed, last).unwrap(), payload);
            let late = open(KEY, bound, &sealed, last + 1);
            assert_eq!(late, Err(StateError::Expired));
        }
    }

    #[test]
    fn a_short_key_is_no_key() {
        let bound = binding("alice", "tools/call", json!({}));
        assert_eq!(seal(&KEY[..31], bound, b"", 0), Err(StateError::Key));
        assert_eq!(open(&KEY[..31], bound, "", 0), Err(StateError::Key));
    }

    #[test]
    fn requests_that_differ_are_bound_differently() {
        let bindings = [
            binding("alice", "tools/call", json!({})),
            binding("alic", "etools/call", json!({})),
            binding("bob", "tools/call", json!({})),
            binding("alice", "prompts/get", json!({})),
            binding("alice", "tools/call", json!({"a": 1})),
            binding("alice", "tools/call", json!({"a": "1"})),
            binding("alice", "tools/call", json!({"a": 1.0})),
            binding("alice", "tools/call", json!({"a": null})),
            binding("alice", "tools/call", json!({"a": "null"})),
            binding("alice", "tools/call", json!({"a": [1]})),
            binding("alice", "tools/call", json!({"a": [[1]]})),
            binding("alice", "tools/call", json!({"a": [1, 2]})),
            binding("alice", "tools/call", json!({"a": [12]})),
            binding("alice", "tools/call", json!({"a": {"b": 1}})),
            binding("alice", "tools/call", json!({"a": {}, "b": 1})),
            binding("alice", "tools/call", json!({"a": {"b": {}}})),
            binding("alice", "tools/call", json!({"a": ["b", {}]})),
        ];
        for (index, one) in bindings.iter().enumerate() {
            for other in bindings.iter().skip(index + 1) {
                assert_ne!(one.0, other.0, "{index}");
            }
        }
    }

    #[test]
    fn what_changes_from_round_to_round_does_not_bind() {
        let first = binding("alice", "tools/call", json!({"name": "a"}));
        let second =
            json!({"name": "a", "_meta": {"x": 1}, "inputResponses": {}, "requestState": "s"});
        assert_eq!(first.0, binding("alice", "tools/call", second).0);
    }
}
