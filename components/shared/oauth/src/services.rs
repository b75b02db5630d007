//! What the rules ask of the world: the traits of `policy`, randomness, and a way to wait.

use policy::http::Client;
use policy::keys::Verifier;
use policy::rates::Limiter;
use policy::state::State;

use crate::random::Random;

/// A way to let time pass, for an instance that waits for what another one writes.
pub trait Pause {
    /// Returns after so many milliseconds.
    fn pause(&self, ms: u32);
}

/// Everything at once, borrowed for one request.
#[derive(Clone, Copy)]
pub struct Services<'a> {
    /// Outbound HTTP under the rules of the host.
    pub http: &'a dyn Client,
    /// Small values with compare-and-set.
    pub state: &'a dyn State,
    /// Rates by key.
    pub limiter: &'a dyn Limiter,
    /// Discovery and signatures.
    pub verifier: &'a dyn Verifier,
    /// Unpredictable bytes.
    pub random: &'a dyn Random,
    /// A way to wait.
    pub pause: &'a dyn Pause,
    /// The time of the request, in seconds since the Unix epoch.
    pub now: u64,
}
