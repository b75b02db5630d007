//! The one door to build, run, test, lint, bench and package.
fn main() {}
