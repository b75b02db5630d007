//! The binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    image_generation_mcp::cli::run()
}
