//! Any way to say who one is: refused or accepted for a reason, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rules/fuzzed.rs"]
#[allow(dead_code, reason = "shared with the tests and the other targets")]
mod fuzzed;
#[path = "../../tests/rules/support.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod support;
#[path = "../../tests/rules/world.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod world;

fuzz_target!(|data: &[u8]| fuzzed::client(data));
