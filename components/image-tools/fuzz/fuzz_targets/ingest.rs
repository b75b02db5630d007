//! `fuzzed::ingested` for any bytes.
#![no_main]

#[path = "../../tests/fuzzed.rs"]
#[allow(dead_code, reason = "the other targets")]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzed::ingested(data));
