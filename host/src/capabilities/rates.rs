//! `imagegen:rates/limiter`: token buckets of one component of one tenant.

use crate::bindings::policy::imagegen::rates::limiter::Host;
use crate::rates::{Buckets, Rate};

/// Longest name of a bucket and longest key, in bytes (stated in `wit/rates/limiter.wit`).
const LONGEST: (usize, usize) = (40, 200);
/// What a component hears that breaks the rules, in seconds: nothing may happen.
const REFUSED: u32 = 60;

/// The buckets that one component of one tenant can name.
#[derive(Clone, Default)]
pub struct Rates(Buckets);

impl Host for Rates {
    async fn take(
        &mut self,
        bucket: String,
        key: String,
        burst: u32,
        per_minute: u32,
    ) -> Option<u32> {
        let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let (longest_name, longest_key) = LONGEST;
        let fits = (1..=longest_name).contains(&bucket.len())
            && bucket.bytes().all(named)
            && key.len() <= longest_key;
        if !fits {
            tracing::warn!("a component named a rate limit against the rules; it was told to wait");
            return Some(REFUSED);
        }
        let rate = Rate { burst, per_minute };
        self.0.take((&bucket, &key), rate).err()
    }
}
