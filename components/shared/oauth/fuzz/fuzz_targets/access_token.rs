//! Any access token, also one that our own key has signed: refused, or read as it is written.
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

fuzz_target!(|data: &[u8]| fuzzed::access_token(data));
