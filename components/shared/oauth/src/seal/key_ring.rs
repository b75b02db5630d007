//! The keys of this server: the first one seals, all of them open.
//!
//! To change the key, put a new one in front, wait until everything made with the old one has
//! expired, and remove the old one. Replicas that share the ring open what any of them has sealed.

use std::fmt::{self, Debug, Formatter};

use hkdf::Hkdf;
use policy::settings::Reader;
use policy::static_tokens::problem_of_token;
use sha2::Sha256;

use super::purpose::Purpose;
use super::{Seal, Signer};

/// Where the keys come from.
pub const OIDC_JWT_SIGNING_KEY: &str = "OIDC_JWT_SIGNING_KEY";
/// More keys than a rotation needs are a mistake, and each costs time.
pub const MAX_KEYS: usize = 16;
pub(super) const KEY_ID_BYTES: usize = 4;

const INFO: &[u8] = b"igmcp/v1/";

/// The keys, at least one.
#[derive(Clone)]
pub struct KeyRing {
    first: Root,
    older: Vec<Root>,
}

/// A key from which those of the purposes are derived. The configured text is not kept.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Root {
    id: [u8; KEY_ID_BYTES],
    pseudorandom: [u8; 32],
}

/// Why keys cannot be used. No part of a key is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// No key at all, or nothing between two commas.
    #[error("key {0} is empty")]
    Empty(usize),
    /// A key that could be guessed, or that has characters that do not survive being copied.
    #[error("key {position} {problem}")]
    Unfit {
        /// From 1, in the order of the setting.
        position: usize,
        /// What is wrong.
        problem: String,
    },
    /// The same key twice.
    #[error("key {0} is there twice")]
    Repeated(usize),
    /// More than [`MAX_KEYS`].
    #[error("has {0} keys, at most {MAX_KEYS} are possible")]
    TooMany(usize),
}

impl KeyRing {
    /// Reads keys separated by commas.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut roots: Vec<Root> = Vec::new();
        for (position, key) in (1..).zip(text.split(',').map(str::trim)) {
            if position > MAX_KEYS {
                return Err(KeyRingError::TooMany(text.split(',').count()));
            }
            if key.is_empty() {
                return Err(KeyRingError::Empty(position));
            }
            if let Some(problem) = problem_of_token(key) {
                return Err(KeyRingError::Unfit { position, problem });
            }
            let root = Root::new(key);
            if roots.contains(&root) {
                return Err(KeyRingError::Repeated(position));
            }
            roots.push(root);
        }
        let mut roots = roots.into_iter();
        let first = roots.next().ok_or(KeyRingError::Empty(1))?;
        Ok(Self {
            first,
            older: roots.collect(),
        })
    }

    /// The configured keys; `None` after a fault.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.required(OIDC_JWT_SIGNING_KEY);
        if text.is_empty() {
            return None;
        }
        Self::parse(&text)
            .map_err(|problem| reader.fault(OIDC_JWT_SIGNING_KEY, problem.to_string()))
            .ok()
    }

    /// Seals and opens for one purpose and one context: what must be the same on both occasions
    /// without being in the artefact, for example the issuer and the client.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, context: &[&str]) -> Seal<'_> {
        Seal::new(self, purpose, context)
    }

    /// Signs and verifies for one purpose.
    #[must_use]
    pub const fn signer(&self, purpose: Purpose) -> Signer<'_> {
        Signer::new(self, purpose)
    }

    pub(super) const fn first(&self) -> &Root {
        &self.first
    }

    /// All keys of an id: more than one only if two ids collide.
    pub(super) fn with_id(&self, id: [u8; KEY_ID_BYTES]) -> impl Iterator<Item = &Root> {
        std::iter::once(&self.first)
            .chain(&self.older)
            .filter(move |root| root.id == id)
    }
}

impl Debug for KeyRing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing([{} keys])", self.older.len() + 1)
    }
}

impl Root {
    fn new(key: &str) -> Self {
        let (pseudorandom, _) = Hkdf::<Sha256>::extract(None, key.as_bytes());
        let mut root = Self {
            id: [0; KEY_ID_BYTES],
            pseudorandom: pseudorandom.into(),
        };
        root.id = root.derive(&[b"key-id"]);
        root
    }

    pub(super) const fn id(&self) -> [u8; KEY_ID_BYTES] {
        self.id
    }

    pub(super) fn sealing_key(&self, purpose: Purpose) -> [u8; 32] {
        self.derive(&[purpose.label().as_bytes()])
    }

    pub(super) fn signing_key(&self, purpose: Purpose) -> [u8; 32] {
        self.derive(&[purpose.label().as_bytes(), b"/signature"])
    }

    /// HKDF-Expand (RFC 5869, section 2.3).
    fn derive<const BYTES: usize>(&self, name: &[&[u8]]) -> [u8; BYTES] {
        let mut output = [0; BYTES];
        let info: Vec<&[u8]> = std::iter::once(INFO).chain(name.iter().copied()).collect();
        let expanded = Hkdf::<Sha256>::from_prk(&self.pseudorandom)
            .ok()
            .and_then(|hkdf| hkdf.expand_multi_info(&info, &mut output).ok());
        debug_assert!(
            expanded.is_some(),
            "32 bytes are a PRK, and 8160 can be had"
        );
        output
    }
}
