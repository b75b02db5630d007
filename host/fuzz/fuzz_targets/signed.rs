//! Any signed text: refused or accepted for a reason, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../fuzz_keys.rs"]
#[allow(
    dead_code,
    reason = "shared with the other targets; the host uses more of it"
)]
mod keys;

fuzz_target!(|data: &[u8]| keys::signed(data));
