//! Every server, with and without tokens, asked for everything at every number of connections.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use serde::Serialize;

use crate::{
    child::Server,
    host::Isolation,
    load::{Pressure, Sample, Target},
    operation::Operation,
    plan::Plan,
};

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Contestant {
    /// Hyper with a fixed answer.
    Hello,
    /// rmcp on axum.
    Comparator,
    /// The host.
    Host(Isolation),
}

impl Contestant {
    /// The name in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::Hello => "raw hyper",
            Self::Comparator => "native rmcp",
            Self::Host(Isolation::Request) => "host, request",
            Self::Host(Isolation::Subject) => "host, subject",
        }
    }
}

/// What is measured by one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Cell {
    /// What is asked.
    pub operation: Operation,
    /// With a token, or of a server that asks for none.
    pub authenticated: bool,
    /// How many at a time.
    pub connections: usize,
    /// Who is asked.
    pub contestant: Contestant,
}

/// A running server of the matrix.
#[derive(Debug)]
pub struct Entrant {
    /// Who it is.
    pub contestant: Contestant,
    /// The process.
    pub server: Server,
    /// One for each subject; none where no token is asked for.
    pub tokens: Vec<String>,
}

/// The rounds of each cell; a round in which it failed is `None`.
pub type Rounds = BTreeMap<Cell, Vec<Option<Sample>>>;

/// All figures of the matrix.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was measured.
    pub rounds: Rounds,
    /// What failed, in words.
    pub failures: Vec<String>,
}

impl Entrant {
    /// The target of one operation.
    pub fn target(&self, operation: Operation) -> Target {
        let authority = self.server.address().to_string();
        let request = |token| Bytes::from(operation.request(&authority, token));
        let requests: Arc<[Bytes]> = if self.tokens.is_empty() {
            [request(None)].into()
        } else {
            self.tokens
                .iter()
                .map(|token| request(Some(token)))
                .collect()
        };
        Target {
            address: self.server.address(),
            pid: self.server.pid(),
            operation,
            requests,
        }
    }

    fn answers(&self, operation: Operation) -> bool {
        (operation == Operation::Hello) == (self.contestant == Contestant::Hello)
    }
}

/// Measures everything `plan.rounds` times. The contestants take turns at each question, so that the
/// figures that are compared were measured within seconds.
pub async fn measure(entrants: &[Entrant], plan: &Plan) -> Outcome {
    let mut outcome = Outcome::default();
    for round in 1..=plan.rounds {
        eprintln!("round {round} of {}", plan.rounds);
        for operation in std::iter::once(Operation::Hello).chain(plan.operations.iter().copied()) {
            for &connections in &plan.connections {
                for entrant in entrants.iter().filter(|entrant| entrant.answers(operation)) {
                    let cell = Cell {
                        operation,
                        authenticated: !entrant.tokens.is_empty(),
                        connections,
                        contestant: entrant.contestant,
                    };
                    outcome.add(cell, entrant, plan).await;
                }
            }
        }
    }
    outcome
}

impl Outcome {
    async fn add(&mut self, cell: Cell, entrant: &Entrant, plan: &Plan) {
        let pressure = Pressure {
            connections: cell.connections,
            warm_up: plan.warm_up,
            window: plan.window,
            max_requests: cell.operation.max_requests(),
        };
        let sample = entrant.target(cell.operation).measure(pressure).await;
        if let Err(error) = &sample {
            let failure = format!("{cell}: {error}");
            eprintln!("{failure}");
            self.failures.push(failure);
        }
        self.rounds.entry(cell).or_default().push(sample.ok());
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let auth = if self.authenticated {
            "RS256"
        } else {
            "no auth"
        };
        write!(
            formatter,
            "{}, {}, {auth}, {} at a time",
            self.contestant.label(),
            self.operation.label(),
            self.connections
        )
    }
}
