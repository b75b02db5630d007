//! End-to-end tests of the shipped binary with real parts
