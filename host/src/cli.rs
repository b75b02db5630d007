//! The command line, one file per subcommand.

mod check;
mod components;
mod serve;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::app::BuildError;
use crate::config::{self, CliOverrides, Faults};
use crate::engine::load::LoadError;

/// An MCP server that generates and edits images, protected by OIDC.
#[derive(Debug, Parser)]
#[command(name = "image-generation-mcp", version, about, max_term_width = 100)]
struct Arguments {
    /// Log at debug level.
    #[arg(short, long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP over HTTP or standard input and output.
    Serve(ServeArguments),
    /// Check the configuration, the components and the OpenID provider, and say what was found.
    Check(CheckArguments),
    /// List the components: name, digest, imports, exports, size.
    Components(ComponentsArguments),
}

#[derive(Debug, Args)]
struct ServeArguments {
    /// How clients connect: `http` or `stdio`.
    #[arg(long)]
    transport: Option<String>,
    /// Address to listen on.
    #[arg(long)]
    host: Option<String>,
    /// Port to listen on; 0 picks a free one.
    #[arg(long)]
    port: Option<u16>,
    /// Path of the MCP endpoint.
    #[arg(long, visible_alias = "path")]
    http_path: Option<String>,
}

#[derive(Debug, Args)]
struct CheckArguments {
    /// Sign in at the OpenID provider as the server would, with a browser on this machine.
    #[arg(long)]
    login: bool,
    /// Port of the loopback listener; `http://127.0.0.1:PORT/auth/callback` has to be registered
    /// at the provider.
    #[arg(long, default_value_t = 8710, requires = "login")]
    port: u16,
    /// Seconds to wait for somebody to sign in.
    #[arg(long, default_value_t = 300, requires = "login")]
    wait: u64,
}

impl CheckArguments {
    fn login(self) -> Option<check::LoginArguments> {
        self.login.then(|| check::LoginArguments {
            port: self.port,
            wait: Duration::from_secs(self.wait),
        })
    }
}

#[derive(Debug, Args)]
struct ComponentsArguments {
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

impl ServeArguments {
    fn overrides(self) -> CliOverrides {
        CliOverrides {
            transport: self.transport,
            host: self.host,
            port: self.port,
            http_path: self.http_path,
        }
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(command) = arguments.command else {
        let _ = Arguments::command().print_long_help();
        return ExitCode::SUCCESS;
    };
    let outcome = match command {
        Command::Serve(serve) => serve::run(&serve.overrides(), arguments.verbose),
        Command::Check(check) => check::run(check.login()),
        Command::Components(components) => components::run(components.json),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::from(if is_configuration_fault(&error) {
                config::EXIT_CODE
            } else {
                1
            })
        }
    }
}

/// Whether mending the configuration helps; starting again does not.
fn is_configuration_fault(error: &anyhow::Error) -> bool {
    error.is::<Faults>()
        || error.is::<LoadError>()
        || matches!(
            error.downcast_ref(),
            Some(
                BuildError::Component(_)
                    | BuildError::Provider(_)
                    | BuildError::Path(_)
                    | BuildError::SigningKey(_)
                    | BuildError::Tls(_)
            )
        )
}

#[allow(clippy::print_stderr, reason = "logging may not be set up yet")]
fn complain(error: &anyhow::Error) {
    if error.is::<Faults>() {
        eprintln!("{error}");
    } else {
        eprintln!("image-generation-mcp: {error:#}");
    }
}
