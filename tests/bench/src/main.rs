//! `cargo xtask bench`: starts the release host and a native comparator, drives both with the same
//! requests on the same core, and prints figures, ratios and how they compare with the aims.
//!
//! It is not a test: a missed aim is reported, not failed. An answer that is not a success is failed.
//!
//! The modules, in the order of a run:
//! * `plan`: what to measure and for how long;
//! * `child`, `proc`: server processes, pinned and weighed;
//! * `idp`, `host`, `comparator`, `hello`: the servers;
//! * `operation`, `wire`, `load`, `answer`: the load generator;
//! * `matrix`, `growth`, `sign_in`, `start_up`: the measurements;
//! * `stats`, `aims`, `report`: what they say.

mod aims;
mod answer;
mod child;
mod comparator;
mod growth;
mod hello;
mod host;
mod idp;
mod load;
mod matrix;
mod operation;
mod plan;
mod proc;
mod report;
mod run;
mod sign_in;
mod start_up;
mod stats;
mod wire;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The allocator of the host, so that the comparator has no other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(
    name = "bench",
    about = "Measure the host against a native comparator",
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    mode: Option<Mode>,
    #[command(flatten)]
    plan: plan::Arguments,
}

/// What the bench starts itself as.
#[derive(Subcommand)]
#[command(hide = true)]
enum Mode {
    /// Serve a fixed answer with hyper.
    Hello,
    /// Serve discovery and a key set.
    Idp {
        #[arg(long)]
        jwks: String,
    },
    /// Serve the tools natively.
    Comparator {
        #[arg(long)]
        settings: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // The comparator runs on the runtime that `#[tokio::main]` gives a server; everything else is
    // one thread, which is the cheapest there is for the limit and for the load generator.
    let mut runtime = match arguments.mode {
        Some(Mode::Comparator { .. }) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build()?;
    runtime.block_on(async {
        match arguments.mode {
            Some(Mode::Hello) => hello::serve().await,
            Some(Mode::Idp { jwks }) => idp::serve(jwks).await,
            Some(Mode::Comparator { settings }) => comparator::serve(settings).await,
            None => run::run(&arguments.plan.plan()).await,
        }
    })
}
