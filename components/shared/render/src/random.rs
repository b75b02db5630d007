//! Numbers that look random and follow from a seed: integers only, so the same everywhere.

use sha2::{Digest, Sha256};

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Numbers that follow from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A whole number below `end`; 0 when there is none.
    pub fn below(&mut self, end: u32) -> u32 {
        let high = (self.bits() >> 32) * u64::from(end);
        u32::try_from(high >> 32).unwrap_or(0)
    }

    /// A number from 0 to below 1.
    pub fn share(&mut self) -> f32 {
        share(self.bits())
    }
}

/// The seed of a prompt when nobody gave one.
pub fn seed_of(prompt: &str) -> u64 {
    let digest = Sha256::digest(prompt.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

/// 64 bits for a place on a grid: the same place has the same bits.
pub fn at(seed: u64, x: i64, y: i64) -> u64 {
    let place = x.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ y.cast_unsigned().wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    mixed(seed.wrapping_add(mixed(place)))
}

/// Bits as a number from 0 to below 1.
pub fn share(bits: u64) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit exactly")]
    let share = (bits >> 40) as f32 / 16_777_216.0;
    share
}

fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference() {
        let mut random = Random::new(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(expected.map(|_| random.bits()), expected);
    }

    #[test]
    fn shares_and_wholes_stay_in_range() {
        let mut random = Random::new(7);
        for _ in 0..1000 {
            assert!((0.0..1.0).contains(&random.share()));
            assert!(random.below(6) < 6);
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(at(3, -5, 9), at(3, -5, 9));
        assert_ne!(at(3, -5, 9), at(3, 9, -5));
    }
}
