//! The key set of one issuer (RFC 7517, section 5).

use std::collections::BTreeSet;

use aws_lc_rs::signature::ParsedPublicKey;
use serde_json::Value;

use super::algorithm::Algorithm;
use super::jwk::Key;

/// The most keys that a set may have. Real providers have 1 to 10.
const MAX_KEYS: usize = 64;

/// The usable keys of one issuer. Two issuers never share a set, so equal key ids never meet.
#[derive(Clone)]
pub(super) struct KeySet {
    keys: Vec<Key>,
    skipped: Vec<String>,
}

/// Why a document is no key set. The last good set stays in use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SetFault {
    #[error("not a JSON object with an array `keys`")]
    Form,
    #[error("{0} keys, at most {MAX_KEYS}")]
    TooMany(usize),
    #[error("no usable key; {}", describe(.0))]
    Empty(Vec<String>),
}

/// What a set has for a token.
pub(super) enum Lookup<'a> {
    /// The keys to try: one, or those that share the id.
    Found(Vec<&'a ParsedPublicKey>),
    /// No key of that id; without an id, none that fits the algorithm.
    Missing,
    /// The named key cannot be used with the algorithm.
    WrongAlgorithm,
    /// The token names no key, and so many fit.
    Ambiguous(usize),
}

impl KeySet {
    /// Reads a set. A key that breaks the rules is left out and described in `skipped`.
    pub(super) fn parse(body: &[u8]) -> Result<Self, SetFault> {
        let document: Value = serde_json::from_slice(body).map_err(|_| SetFault::Form)?;
        let Some(Value::Array(entries)) = document.get("keys") else {
            return Err(SetFault::Form);
        };
        if entries.len() > MAX_KEYS {
            return Err(SetFault::TooMany(entries.len()));
        }
        let mut set = Self {
            keys: Vec::new(),
            skipped: Vec::new(),
        };
        for (index, entry) in entries.iter().enumerate() {
            match Key::admit(entry) {
                Ok(key) => set.keys.push(key),
                Err(refused) => set.skipped.push(format!("key {index}: {refused}")),
            }
        }
        if set.keys.is_empty() {
            Err(SetFault::Empty(set.skipped))
        } else {
            Ok(set)
        }
    }

    /// The keys for a token of that `kid` and `alg`.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Lookup<'_> {
        let named = |key: &&Key| kid.is_none() || key.kid() == kid;
        let fitting: Vec<_> = self
            .keys
            .iter()
            .filter(named)
            .filter_map(|key| key.verifier(algorithm))
            .collect();
        match (kid, fitting.len()) {
            (Some(_), 0) if self.keys.iter().any(|key| key.kid() == kid) => Lookup::WrongAlgorithm,
            (_, 0) => Lookup::Missing,
            (None, several @ 2..) => Lookup::Ambiguous(several),
            _ => Lookup::Found(fitting),
        }
    }

    /// How many keys may be used.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Why the other keys may not, one line each.
    pub(super) fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// The algorithms that the keys may be used for.
    pub(super) fn algorithms(&self) -> BTreeSet<Algorithm> {
        self.keys.iter().flat_map(Key::algorithms).collect()
    }
}

fn describe(skipped: &[String]) -> String {
    if skipped.is_empty() {
        "`keys` is empty".to_owned()
    } else {
        skipped.join("; ")
    }
}
