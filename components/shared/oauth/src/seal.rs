//! Sealed artefacts: what this server hands out, keeps no copy of, and recognises when it returns.
//!
//! An artefact is `base64url(version ‖ key id ‖ nonce ‖ XChaCha20-Poly1305(value))`. The nonce has
//! 192 random bits, so it never has to be counted. Purpose, version, key id and a context that the
//! caller names are authenticated along with it: an artefact that was made for another purpose,
//! issuer, resource or client does not open, and nothing says why.

mod key_ring;
mod purpose;
mod signature;

pub use key_ring::{KeyRing, KeyRingError, MAX_KEYS, OIDC_JWT_SIGNING_KEY};
pub use purpose::Purpose;
pub use signature::{SIGNATURE_BYTES, SignatureInvalid, Signer};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::random::Random;
use key_ring::{KEY_ID_BYTES, Root};

/// Longest artefact that is looked at, in characters: more than any that is made.
pub const MAX_SEALED_BYTES: usize = 64 * 1024;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Not an artefact of this server for this purpose and context: altered, cut, made elsewhere or for
/// something else, or its key is gone. Which of these is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not sealed by this server for this purpose")]
pub struct Unsealable;

/// Seals and opens for one purpose and one context.
#[derive(Clone, Debug)]
pub struct Seal<'a> {
    keys: &'a KeyRing,
    purpose: Purpose,
    /// The context, each text behind its length, so no two contexts read the same.
    context: Vec<u8>,
}

impl<'a> Seal<'a> {
    fn new(keys: &'a KeyRing, purpose: Purpose, context: &[&str]) -> Self {
        let mut joined = Vec::new();
        for text in std::iter::once(purpose.label()).chain(context.iter().copied()) {
            joined.extend_from_slice(&(text.len() as u64).to_be_bytes());
            joined.extend_from_slice(text.as_bytes());
        }
        Self {
            keys,
            purpose,
            context: joined,
        }
    }

    /// Seals bytes with the first key. The empty text, which nothing opens, if the cipher refuses,
    /// as it does beyond 256 GiB.
    #[must_use]
    pub fn seal(&self, value: &[u8], random: &dyn Random) -> String {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let root = self.keys.first();
        let payload = Payload {
            msg: value,
            aad: &self.associated_data(root),
        };
        let Ok(ciphertext) = self
            .cipher(root)
            .encrypt(XNonce::from_slice(&nonce), payload)
        else {
            return String::new();
        };
        let mut artefact = vec![VERSION];
        artefact.extend_from_slice(&root.id());
        artefact.extend_from_slice(&nonce);
        artefact.extend_from_slice(&ciphertext);
        URL_SAFE_NO_PAD.encode(artefact)
    }

    /// Opens what [`Seal::seal`] has made with any key of the ring.
    ///
    /// # Errors
    /// [`Unsealable`], whatever the cause.
    pub fn open(&self, unverified: &str) -> Result<Vec<u8>, Unsealable> {
        if unverified.len() > MAX_SEALED_BYTES {
            return Err(Unsealable);
        }
        let artefact = URL_SAFE_NO_PAD.decode(unverified).map_err(|_| Unsealable)?;
        let (&[version], rest) = artefact.split_first_chunk().ok_or(Unsealable)?;
        let (&key_id, rest) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(Unsealable)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unsealable)?;
        if version != VERSION {
            return Err(Unsealable);
        }
        self.keys
            .with_id(key_id)
            .find_map(|root| {
                let payload = Payload {
                    msg: ciphertext,
                    aad: &self.associated_data(root),
                };
                self.cipher(root)
                    .decrypt(XNonce::from_slice(nonce), payload)
                    .ok()
            })
            .ok_or(Unsealable)
    }

    /// Seals a value as JSON.
    #[must_use]
    pub fn seal_json<T: Serialize>(&self, value: &T, random: &dyn Random) -> String {
        // A value of ours that is not JSON becomes an artefact that does not open.
        let json = serde_json::to_vec(value).unwrap_or_default();
        self.seal(&json, random)
    }

    /// Opens what [`Seal::seal_json`] has made of a value of the same type.
    ///
    /// # Errors
    /// [`Unsealable`], whatever the cause.
    pub fn open_json<T: DeserializeOwned>(&self, unverified: &str) -> Result<T, Unsealable> {
        let json = self.open(unverified)?;
        serde_json::from_slice(&json).map_err(|_| Unsealable)
    }

    fn cipher(&self, root: &Root) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&root.sealing_key(self.purpose).into())
    }

    fn associated_data(&self, root: &Root) -> Vec<u8> {
        let mut data = vec![VERSION];
        data.extend_from_slice(&root.id());
        data.extend_from_slice(&self.context);
        data
    }
}
