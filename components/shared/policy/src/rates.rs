//! How often something may happen: `imagegen:rates/limiter` as a trait.

/// A limit: a bucket of `burst` tokens that gains `per_minute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What is limited, for example `register`.
    pub bucket: &'static str,
    /// Most at once.
    pub burst: u32,
    /// How many more each minute; 0 for no limit at all.
    pub per_minute: u32,
}

/// Token buckets by key.
pub trait Limiter {
    /// Takes one token of the bucket of `key`.
    ///
    /// # Errors
    /// The number of seconds until there is one.
    fn take(&self, rate: Rate, key: &str) -> Result<(), u32>;
}
