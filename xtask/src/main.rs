//! The one door to build, run, test, lint and bench: `cargo xtask <command>`. This file only wires
//! the commands; each has a file of its own. Progress goes to stderr, results to stdout.
#![allow(
    clippy::print_stdout,
    reason = "a command line tool: its results belong on stdout"
)]

mod bench;
mod command;
mod components;
mod contracts;
mod digest;
mod fuzz;
mod host;
mod lint;
mod node;
mod run;
mod test;
mod vendor;
mod wasm_target;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::components::{DEFAULT, FIXTURES};
use crate::workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask <command>

  run [-- ARGUMENTS]         build everything and serve http://127.0.0.1:8000/mcp
  test [GROUP] [FILTER]      build what is missing and run the tests
  fuzz [OPTION]... [TARGET]...
                             a minute for each fuzz target: docs/fuzzing.md
  lint [CHECK]...            formatting, clippy, contracts, dependencies, house rules
  bench [-- ARGUMENTS]       measure the release build against the native comparator
  components [--fixtures]    build the WebAssembly components, print size and digest
  vendor-wit                 copy the WASI packages from the crate in Cargo.lock to wit/deps
";

/// Exit code for a command line that makes no sense (`EX_USAGE` of sysexits).
const EX_USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        eprint!("{USAGE}");
        return ExitCode::from(EX_USAGE);
    };
    let command: Command = match name.as_str() {
        "run" => |workspace, rest| done(run::run(workspace, after_separator(rest))),
        "test" => test::test,
        "fuzz" => fuzz::fuzz,
        "lint" => lint::lint,
        "bench" => |workspace, rest| done(bench::bench(workspace, after_separator(rest))),
        "components" => |workspace, rest| done(components(workspace, rest)),
        "vendor-wit" => |workspace, rest| done(vendor::vendor(workspace, rest)),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        unknown => {
            eprint!("error: unknown command: `{unknown}`\n\n{USAGE}");
            return ExitCode::from(EX_USAGE);
        }
    };
    match Workspace::locate().and_then(|workspace| command(&workspace, rest)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A command takes its arguments and gives an exit code: a check that found faults has printed
/// them, and is no error.
type Command = fn(&Workspace, &[String]) -> Result<ExitCode>;

fn done(outcome: Result<()>) -> Result<ExitCode> {
    outcome.map(|()| ExitCode::SUCCESS)
}

fn components(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let fixtures = match arguments {
        [] => false,
        [flag] if flag == "--fixtures" => true,
        _ => bail!(
            "unknown arguments: {}\nhint: the only one is `--fixtures`",
            arguments.join(" ")
        ),
    };
    let sets = if fixtures {
        &[&DEFAULT, &FIXTURES][..]
    } else {
        &[&DEFAULT][..]
    };
    for set in sets {
        set.build(workspace)?;
    }
    for set in sets {
        set.print(workspace)?;
    }
    contracts::check(workspace, sets)
}

/// The arguments without the `--` that people put between ours and those of the program.
fn after_separator(arguments: &[String]) -> &[String] {
    match arguments.split_first() {
        Some((first, rest)) if first == "--" => rest,
        _ => arguments,
    }
}

#[cfg(test)]
mod tests {
    use super::after_separator;

    #[test]
    fn the_separator_is_optional_and_dropped_once() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            after_separator(&words("-- --port 9000")),
            words("--port 9000")
        );
        assert_eq!(after_separator(&words("--port 9000")), words("--port 9000"));
        assert_eq!(after_separator(&words("-- -- x")), words("-- x"));
    }
}
