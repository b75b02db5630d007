//! What to measure and for how long.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use serde::Serialize;

use crate::operation::Operation;

/// The command line of a run.
#[derive(Debug, Args)]
pub struct Arguments {
    /// About two minutes instead of about eight, for a first look
    #[arg(long)]
    quick: bool,
    /// Write every round of every measurement to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Rounds; the median counts [default: 5, quick 3]
    #[arg(long)]
    rounds: Option<usize>,
    /// Milliseconds of one measurement [default: 1000, quick 300]
    #[arg(long)]
    window_ms: Option<u64>,
    /// Numbers of connections
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    connections: Vec<usize>,
    /// Operations to ask for [default: all]
    #[arg(long, value_delimiter = ',')]
    operations: Vec<Operation>,
    /// Measure requests only, not memory growth and start-up
    #[arg(long)]
    requests_only: bool,
}

/// A run, decided.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// How often everything is measured.
    pub rounds: usize,
    /// Load before each measurement.
    pub warm_up: Duration,
    /// Length of each measurement.
    pub window: Duration,
    /// Numbers of connections.
    pub connections: Vec<usize>,
    /// MCP operations.
    pub operations: Vec<Operation>,
    /// Whether and how often start-up is measured.
    pub start_up: Option<StartUps>,
    /// Where the raw figures go.
    #[serde(skip)]
    pub json: Option<PathBuf>,
}

/// How often start-up is measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct StartUps {
    /// With a warm compile cache.
    pub warm: usize,
    /// With an empty one.
    pub cold: usize,
}

impl Arguments {
    /// Fills in what was not said.
    pub fn plan(&self) -> Plan {
        let (rounds, window_ms, start_ups) = if self.quick {
            (3, 300, StartUps { warm: 5, cold: 1 })
        } else {
            (5, 1_000, StartUps { warm: 11, cold: 3 })
        };
        let all = self.operations.is_empty();
        Plan {
            rounds: self.rounds.unwrap_or(rounds).max(1),
            warm_up: Duration::from_millis(100),
            window: Duration::from_millis(self.window_ms.unwrap_or(window_ms).max(10)),
            connections: self
                .connections
                .iter()
                .map(|connections| (*connections).max(1))
                .collect(),
            operations: Operation::MCP
                .into_iter()
                .filter(|operation| all || self.operations.contains(operation))
                .collect(),
            start_up: (!self.requests_only).then_some(start_ups),
            json: self.json.clone(),
        }
    }
}
