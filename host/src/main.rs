//! The binary: arguments in, exit code out.

use std::process::ExitCode;

/// Every request allocates a few hundred small values; see docs/performance.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    image_generation_mcp::cli::run()
}
