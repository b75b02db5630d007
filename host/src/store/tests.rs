//! The store on real files: its rules, its damage, and its end at any moment.

mod blobs;
mod child;
mod damage;
mod full_disk;
mod killed;
mod names;
mod shared;
mod state;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// A wall clock that stands still until a test moves it.
#[derive(Clone)]
struct Hands(Arc<AtomicU64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_700_000_000_000)))
    }

    fn advance_ms(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn clock(&self) -> WallClock {
        let hands = self.0.clone();
        WallClock::from_fn(move || hands.load(Ordering::SeqCst))
    }
}

/// Blobs below a directory that need not exist.
fn blobs_in(directory: &Path) -> Blobs {
    Blobs::new(BlobsConfig {
        images: directory.join("images"),
        styles: directory.join("styles"),
        max_bytes: 64 * 1024 * 1024,
        flush: true,
    })
}

async fn state_in(directory: &Path) -> State {
    State::open(directory, WallClock::system()).await.unwrap()
}

/// A write without conditions.
fn anything(value: &[u8]) -> StatePut<'_> {
    StatePut {
        value,
        expected: Expect::Anything,
        ttl_seconds: None,
    }
}

fn expecting(value: &[u8], expected: Expect) -> StatePut<'_> {
    StatePut {
        value,
        expected,
        ttl_seconds: None,
    }
}

fn lasting(value: &[u8], ttl_seconds: u32) -> StatePut<'_> {
    StatePut {
        value,
        expected: Expect::Anything,
        ttl_seconds: Some(ttl_seconds),
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    let metadata = std::fs::symlink_metadata(path).unwrap();
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777
}
