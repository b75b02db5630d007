//! Anything inside an artefact that opens: refused or accepted for a reason, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/flow/fuzzed.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod fuzzed;
#[path = "../../tests/flow/provider.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod provider;
#[path = "../../tests/flow/support.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod support;
#[path = "../../tests/flow/world.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod world;

fuzz_target!(|data: &[u8]| fuzzed::artefact(data));
