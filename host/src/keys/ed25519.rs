//! Which encodings of an Ed25519 public key are points that one would sign with.
//!
//! Verification multiplies the public key by a hash of the message. When the key has one of the
//! eight small orders that product is the same for every eighth message, or for all, so one
//! signature fits them and anybody can make it. aws-lc verifies with such keys; so they are
//! refused here, before they get into a key set.

/// The field prime 2^255 - 19, little-endian.
const P: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};

/// The y coordinates of the points of small order, little-endian, without the sign of x: orders 4,
/// 1, 2, 8 and 8. The two of order 8 add up to the prime.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = P;
        minus_one[0] = 0xec;
        minus_one
    },
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
];

/// Whether y is reduced (RFC 8032, section 5.1.3) and the point is not one of the eight of small
/// order. Whether there is a point of that y at all is decided when a signature is verified.
pub(super) fn is_canonical_of_large_order(encoded: &[u8; 32]) -> bool {
    let mut y = *encoded;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f; // the top bit is the sign of x
    }
    y.iter().rev().lt(P.iter().rev()) && !SMALL_ORDER_Y.contains(&y)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};

    use super::*;

    /// For a key A of small order, `R = identity, S = 0` is a signature of every message whose
    /// hash is a multiple of the order: no private key is needed.
    fn forgery() -> [u8; 64] {
        let mut signature = [0; 64];
        *signature.first_mut().unwrap() = 1;
        signature
    }

    #[test]
    fn the_constants_are_keys_that_anybody_can_sign_with() {
        for y in SMALL_ORDER_Y {
            let key = ParsedPublicKey::new(&ED25519, y).unwrap();
            let forged = (0..1000u32)
                .any(|message| key.verify_sig(&message.to_be_bytes(), &forgery()).is_ok());
            assert!(forged, "not of small order: {y:02x?}");
            let mut negative = y;
            *negative.last_mut().unwrap() |= 0x80;
            assert!(!is_canonical_of_large_order(&y));
            assert!(!is_canonical_of_large_order(&negative));
        }
    }

    #[test]
    fn refuses_unreduced_coordinates() {
        for low in 0xed..=0xff {
            let mut y = P;
            *y.first_mut().unwrap() = low;
            assert!(!is_canonical_of_large_order(&y));
        }
        assert!(!is_canonical_of_large_order(&[0xff; 32]));
    }

    #[test]
    fn admits_real_keys() {
        for _ in 0..20 {
            let pair = Ed25519KeyPair::generate().unwrap();
            let public: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
            assert!(is_canonical_of_large_order(&public));
        }
    }
}
