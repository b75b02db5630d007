//! Unpredictable bytes, and the identifiers that are made of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A source of bytes that nobody can predict: `wasi:random` in a component, a table in a test.
pub trait Random {
    /// Overwrites all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// An identifier that nobody meets twice: 128 bits in 22 characters of base64url.
#[must_use]
pub fn id(random: &dyn Random) -> String {
    text::<16>(random)
}

/// A value that nobody guesses, for example a PKCE verifier (RFC 7636, section 4.1): 256 bits in 43
/// characters of base64url.
#[must_use]
pub fn secret(random: &dyn Random) -> String {
    text::<32>(random)
}

fn text<const BYTES: usize>(random: &dyn Random) -> String {
    let mut bytes = [0; BYTES];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;

    impl Random for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn every_byte_comes_from_the_source() {
        assert_eq!(id(&Ones), "_____________________w");
        assert_eq!(secret(&Ones).len(), 43);
        assert!(secret(&Ones).starts_with("__________________________________________"));
    }
}
