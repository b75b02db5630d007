//! Randomness fit for secrets and for identifiers that nobody may guess.

use wasip2::random::random as import;

use crate::Host;

/// The random generator of the host.
pub trait Random {
    /// 64 random bits.
    fn random_u64(&self) -> u64;
}

impl Random for Host {
    fn random_u64(&self) -> u64 {
        import::get_random_u64()
    }
}
