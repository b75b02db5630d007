//! The aims as ratios within one run, and how far off each is.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    growth::{self, Growth},
    host::Isolation,
    load::Sample,
    matrix::{Cell, Contestant, Rounds},
    operation::Operation,
    sign_in::SignIn,
    start_up::StartUp,
    stats::{median, median_ratio},
};

/// What an aim asks of its figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Not less.
    AtLeast(f64),
    /// Not more.
    AtMost(f64),
}

/// One aim and its figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Aim {
    /// What is compared.
    pub name: String,
    /// What the figure counts.
    pub unit: &'static str,
    /// What is asked.
    pub bound: Bound,
    /// What was measured, where it was.
    pub measured: Option<f64>,
    /// The same figure by the server's CPU time instead of by the clock: on a core of one's own both
    /// agree, and other work on the machine disturbs this one less.
    pub by_cpu: Option<f64>,
}

/// How an aim came out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Reached.
    Met,
    /// Not reached, and what is missing, in the unit of the aim.
    MissedBy(f64),
    /// No figure.
    NotMeasured,
}

impl Aim {
    /// Compares the figure with the bound.
    pub fn verdict(&self) -> Verdict {
        let Some(measured) = self.measured else {
            return Verdict::NotMeasured;
        };
        let shortfall = match self.bound {
            Bound::AtLeast(bound) => bound - measured,
            Bound::AtMost(bound) => measured - bound,
        };
        if shortfall <= 0.0 {
            Verdict::Met
        } else {
            Verdict::MissedBy(shortfall)
        }
    }
}

/// Everything that the aims are about.
#[derive(Debug)]
pub struct Figures<'a> {
    /// The matrix.
    pub rounds: &'a Rounds,
    /// Numbers of connections that were measured.
    pub connections: &'a [usize],
    /// Memory over requests.
    pub growth: &'a BTreeMap<Isolation, Growth>,
    /// Start-up, where it was measured.
    pub start_up: Option<&'a StartUp>,
    /// Signing in, where it was measured.
    pub sign_in: Option<&'a SignIn>,
}

impl Figures<'_> {
    /// All aims, in the order in which they are reported.
    pub fn aims(&self) -> Vec<Aim> {
        let mut aims = self.throughput();
        aims.extend(self.auth_cost());
        aims.extend(self.tail());
        aims.extend(self.memory());
        aims.extend(self.sign_in.into_iter().flat_map(sign_in));
        aims.extend(self.start_up.into_iter().flat_map(start_up));
        aims
    }

    fn throughput(&self) -> Vec<Aim> {
        let aim = |(isolation, cell): (Isolation, Cell)| Aim {
            name: format!("{cell}: rate to comparator's"),
            unit: "x",
            bound: Bound::AtLeast(match isolation {
                Isolation::Request => 0.6,
                Isolation::Subject => 1.0,
            }),
            measured: self.to_comparator(cell, |sample| sample.rate),
            by_cpu: self.to_comparator(cell, Sample::rate_by_cpu),
        };
        self.list_providers().into_iter().map(aim).collect()
    }

    fn auth_cost(&self) -> Vec<Aim> {
        let aim = |(_, cell): (Isolation, Cell)| {
            let open = Cell {
                authenticated: false,
                ..cell
            };
            let lost = |kept: Option<f64>| kept.map(|kept| (1.0 - kept) * 100.0);
            Aim {
                name: format!("{cell}: throughput lost to auth"),
                unit: "%",
                bound: Bound::AtMost(5.0),
                measured: lost(self.ratio(&cell, &open, |sample| sample.rate)),
                by_cpu: lost(self.ratio(&cell, &open, Sample::rate_by_cpu)),
            }
        };
        self.list_providers().into_iter().map(aim).collect()
    }

    fn tail(&self) -> Vec<Aim> {
        let aim = |(isolation, operation)| {
            let cell = host(isolation, operation, 64);
            Aim {
                name: format!("{cell}: p99 to comparator's"),
                unit: "x",
                bound: Bound::AtMost(1.5),
                measured: self.to_comparator(cell, |sample| sample.p99_us),
                by_cpu: None,
            }
        };
        Isolation::ALL
            .into_iter()
            .flat_map(|isolation| Operation::MCP.map(|operation| (isolation, operation)))
            .map(aim)
            .collect()
    }

    fn memory(&self) -> Vec<Aim> {
        let aim = |(isolation, growth): (&Isolation, &Growth)| Aim {
            name: format!(
                "isolation `{}`: memory growth from {} to {} requests",
                isolation.setting(),
                growth::EARLY,
                growth::LATE
            ),
            unit: "bytes a request",
            // About one MiB in all, which is the noise of an allocator.
            bound: Bound::AtMost(64.0),
            measured: Some(growth.bytes_per_request()),
            by_cpu: None,
        };
        self.growth.iter().map(aim).collect()
    }

    /// `list_providers` with tokens, for each isolation and number of connections.
    fn list_providers(&self) -> Vec<(Isolation, Cell)> {
        let of = |isolation| {
            let cell = move |n: &usize| (isolation, host(isolation, Operation::ListProviders, *n));
            self.connections.iter().map(cell)
        };
        Isolation::ALL.into_iter().flat_map(of).collect()
    }

    /// A host's figure as a multiple of the comparator's at the same question.
    pub fn to_comparator(&self, ours: Cell, figure: impl Fn(&Sample) -> f64) -> Option<f64> {
        let theirs = Cell {
            contestant: Contestant::Comparator,
            ..ours
        };
        self.ratio(&ours, &theirs, figure)
    }

    fn ratio(&self, ours: &Cell, theirs: &Cell, figure: impl Fn(&Sample) -> f64) -> Option<f64> {
        let ours = self.rounds.get(ours)?;
        let theirs = self.rounds.get(theirs)?;
        let both = ours
            .iter()
            .zip(theirs)
            .filter_map(|(ours, theirs)| ours.as_ref().zip(theirs.as_ref()));
        median_ratio(both.map(|(ours, theirs)| (figure(ours), figure(theirs))))
    }
}

fn host(isolation: Isolation, operation: Operation, connections: usize) -> Cell {
    Cell {
        operation,
        authenticated: true,
        connections,
        contestant: Contestant::Host(isolation),
    }
}

fn at_most(name: &str, unit: &'static str, bound: f64, measured: Option<f64>) -> Aim {
    Aim {
        name: name.to_owned(),
        unit,
        bound: Bound::AtMost(bound),
        measured,
        by_cpu: None,
    }
}

fn sign_in(figures: &SignIn) -> [Aim; 3] {
    let growth_mb = figures.registrations_kib.map(|kib| kib as f64 / 1_024.0);
    [
        Aim {
            by_cpu: figures.token_cpu,
            ..at_most(
                "request with a token of ours to one with an RS256 token",
                "x",
                1.0,
                figures.token_time,
            )
        },
        at_most(
            "CPU of the host for a whole sign-in: register, authorize, consent, callback, token",
            "ms",
            20.0,
            figures.flow_cpu_ms,
        ),
        // Noise of an allocator, as for the growth by requests.
        at_most("memory growth by 10000 registrations", "MB", 1.0, growth_mb),
    ]
}

fn start_up(figures: &StartUp) -> [Aim; 3] {
    let warm_ms = median(figures.warm_ms.iter().copied());
    let cold_ms = median(figures.cold_ms.iter().copied());
    let idle_mb = median(figures.idle_kib.iter().map(|kib| *kib as f64 / 1_024.0));
    [
        at_most(
            "start to first answer, warm compile cache",
            "ms",
            150.0,
            warm_ms,
        ),
        at_most(
            "start to first answer, empty compile cache",
            "ms",
            3_000.0,
            cold_ms,
        ),
        at_most("idle memory", "MB", 60.0, idle_mb),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Aim, Bound, Figures, Verdict, host};
    use crate::{
        host::Isolation,
        load::Sample,
        matrix::{Cell, Contestant, Rounds},
        operation::Operation,
    };

    fn verdict(bound: Bound, measured: Option<f64>) -> Verdict {
        let (name, unit) = (String::new(), "x");
        Aim {
            name,
            unit,
            bound,
            measured,
            by_cpu: None,
        }
        .verdict()
    }

    #[test]
    fn a_miss_says_by_how_much() {
        assert_eq!(verdict(Bound::AtLeast(0.6), Some(0.6)), Verdict::Met);
        assert_eq!(
            verdict(Bound::AtLeast(0.5), Some(0.25)),
            Verdict::MissedBy(0.25)
        );
        assert_eq!(verdict(Bound::AtMost(100.0), Some(99.0)), Verdict::Met);
        assert_eq!(
            verdict(Bound::AtMost(100.0), Some(150.0)),
            Verdict::MissedBy(50.0)
        );
        assert_eq!(verdict(Bound::AtMost(100.0), None), Verdict::NotMeasured);
    }

    #[test]
    fn ratios_pair_the_rounds_and_leave_failed_ones_out() {
        let ours = host(Isolation::Request, Operation::ListProviders, 16);
        let theirs = Cell {
            contestant: Contestant::Comparator,
            ..ours
        };
        let rate = |rate| {
            Some(Sample {
                rate,
                ..Sample::default()
            })
        };
        let rounds = Rounds::from([
            (ours, vec![rate(80.0), None, rate(30.0)]),
            (theirs, vec![rate(100.0), rate(1.0), rate(50.0)]),
        ]);
        let figures = Figures {
            rounds: &rounds,
            connections: &[16],
            growth: &BTreeMap::new(),
            start_up: None,
            sign_in: None,
        };
        let ratio = figures.to_comparator(ours, |sample| sample.rate);
        assert!(ratio.is_some_and(|ratio| (ratio - 0.7).abs() < 1e-9));
        let verdicts: Vec<Verdict> = figures.aims().iter().map(Aim::verdict).collect();
        assert_eq!(verdicts.first(), Some(&Verdict::Met));
        assert!(
            verdicts
                .iter()
                .skip(1)
                .all(|verdict| *verdict == Verdict::NotMeasured)
        );
    }
}
