//! HMAC-SHA256 for what others may read and nobody may change: access tokens and signed cookies.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::key_ring::{KeyRing, Root};
use super::purpose::Purpose;

/// Length of a signature, in bytes.
pub const SIGNATURE_BYTES: usize = 32;

/// Signs and verifies for one purpose. The key is not that of [`super::Seal`].
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    keys: &'a KeyRing,
    purpose: Purpose,
}

/// The signature is not ours, or no key of that id is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not signed by a key of this server")]
pub struct SignatureInvalid;

impl<'a> Signer<'a> {
    pub(super) const fn new(keys: &'a KeyRing, purpose: Purpose) -> Self {
        Self { keys, purpose }
    }

    /// The id of the key that signs, for `kid` (RFC 7515, section 4.1.4): six characters of base64url.
    #[must_use]
    pub fn key_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.keys.first().id())
    }

    /// Signs with the first key.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.mac(self.keys.first(), message)
            .map(|mac| mac.finalize().into_bytes().into())
            .unwrap_or_default()
    }

    /// Verifies in constant time, with the key of that id.
    ///
    /// # Errors
    /// Without a cause, since nobody should learn how close a guess was.
    pub fn verify(
        &self,
        unverified_key_id: &str,
        message: &[u8],
        unverified_signature: &[u8],
    ) -> Result<(), SignatureInvalid> {
        let id = URL_SAFE_NO_PAD
            .decode(unverified_key_id)
            .ok()
            .and_then(|id| id.try_into().ok())
            .ok_or(SignatureInvalid)?;
        let is_good = self
            .keys
            .with_id(id)
            .filter_map(|root| self.mac(root, message))
            .any(|mac| mac.verify_slice(unverified_signature).is_ok());
        is_good.then_some(()).ok_or(SignatureInvalid)
    }

    /// `None` never happens: HMAC takes keys of any length.
    fn mac(&self, root: &Root, message: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&root.signing_key(self.purpose)).ok()?;
        mac.update(message);
        Some(mac)
    }
}
