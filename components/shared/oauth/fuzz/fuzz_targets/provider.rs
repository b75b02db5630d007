//! Any discovery document of the provider and any answer of its endpoints: refused or accepted for a reason, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rules/fuzzed_provider.rs"]
#[allow(dead_code, reason = "shared with the tests and the other targets")]
mod fuzzed_provider;
#[path = "../../tests/rules/support.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod support;

fuzz_target!(|data: &[u8]| fuzzed_provider::provider(data));
