//! A deployment and a world, none of which does any IO.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use oauth::random::Random;
use oauth::seal::KeyRing;
use policy::settings::Settings;

pub const NOW: u64 = 1_800_000_000;
pub const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub const OTHER_KEY: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
pub const THIRD_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

pub fn keys(text: &str) -> KeyRing {
    KeyRing::parse(text).unwrap()
}

/// Settings as the host would hand them out.
#[derive(Clone, Debug, Default)]
pub struct Deployment(BTreeMap<String, String>);

impl Deployment {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Settings for Deployment {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

/// Bytes that differ each time and are the same in each run (SplitMix64).
pub struct Dice(Cell<u64>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }
}

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mut z = self.0.get();
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z >> 56) as u8;
        }
    }
}

/// The randomness of the operating system.
pub struct Urandom(RefCell<std::io::BufReader<std::fs::File>>);

impl Urandom {
    pub fn open() -> Self {
        let file = std::fs::File::open("/dev/urandom").unwrap();
        Self(RefCell::new(std::io::BufReader::with_capacity(
            1 << 16,
            file,
        )))
    }
}

impl Random for Urandom {
    fn fill(&self, bytes: &mut [u8]) {
        std::io::Read::read_exact(&mut *self.0.borrow_mut(), bytes).unwrap();
    }
}
