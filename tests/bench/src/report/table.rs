//! The two tables of a report: the figures of every server, and the host's next to the comparator's.

use std::io::{self, Write};

use super::number;
use crate::{
    aims::Figures,
    load::Sample,
    matrix::{Cell, Contestant},
    operation::Operation,
    stats::median,
};

/// Below this share of its core under load, something else was running there.
const DISTURBED_BELOW: f64 = 0.85;
/// Above this share of its core, the load generator was the limit.
const LOAD_LIMIT: f64 = 0.95;

/// Writes the median figures of every cell.
pub fn figures(figures: &Figures<'_>, out: &mut impl Write) -> io::Result<()> {
    let headings = [
        "req/s",
        "p50 us",
        "p99 us",
        "peak MB",
        "CPU ms/1k",
        "server %",
        "load %",
    ];
    writeln!(out)?;
    row(out, HEADINGS, &headings.map(str::to_owned), "")?;
    let mut disturbed = false;
    for (cell, rounds) in figures.rounds {
        let of = |figure: &dyn Fn(&Sample) -> Option<f64>| {
            median(rounds.iter().flatten().filter_map(figure))
        };
        let server_busy = of(&|sample| sample.server_busy);
        let load_busy = of(&|sample| sample.load_busy);
        let under_load = cell.connections > 1 && cell.operation != Operation::GenerateImage;
        let remark = if load_busy.is_some_and(|busy| busy > LOAD_LIMIT) {
            "  the load generator was the limit"
        } else if under_load && server_busy.is_some_and(|busy| busy < DISTURBED_BELOW) {
            disturbed = true;
            "  *"
        } else {
            ""
        };
        let values = [
            number(of(&|sample| Some(sample.rate)), 0),
            number(of(&|sample| Some(sample.p50_us)), 0),
            number(of(&|sample| Some(sample.p99_us)), 0),
            number(of(&|sample| Some(sample.peak_kib? as f64 / 1_024.0)), 1),
            number(of(&|sample| sample.cpu_ms_per_1000), 1),
            number(server_busy.map(|busy| busy * 100.0), 0),
            number(load_busy.map(|busy| busy * 100.0), 0),
        ];
        row(out, question(cell), &values, remark)?;
    }
    if disturbed {
        writeln!(
            out,
            "* the server had less than 85 % of its core: other work ran on this machine"
        )?;
    }
    Ok(())
}

/// Writes the host's rates and tail as multiples of the comparator's.
pub fn ratios(figures: &Figures<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nThe host as a multiple of the comparator")?;
    let headings = ["req/s", "p99", "req/CPU s"];
    row(out, HEADINGS, &headings.map(str::to_owned), "")?;
    let hosts = figures
        .rounds
        .keys()
        .filter(|cell| matches!(cell.contestant, Contestant::Host(_)));
    for cell in hosts {
        let ratio =
            |figure: &dyn Fn(&Sample) -> f64| number(figures.to_comparator(*cell, figure), 2);
        let values = [
            ratio(&|sample| sample.rate),
            ratio(&|sample| sample.p99_us),
            ratio(&Sample::rate_by_cpu),
        ];
        row(out, question(cell), &values, "")?;
    }
    Ok(())
}

type Question = (&'static str, &'static str, String, &'static str);
const HEADINGS: Question = ("operation", "auth", String::new(), "server");

fn question(cell: &Cell) -> Question {
    let auth = if cell.authenticated { "RS256" } else { "none" };
    (
        cell.operation.label(),
        auth,
        cell.connections.to_string(),
        cell.contestant.label(),
    )
}

fn row(
    out: &mut impl Write,
    question: Question,
    values: &[String],
    remark: &str,
) -> io::Result<()> {
    let (operation, auth, connections, server) = question;
    write!(
        out,
        "{operation:<14} {auth:<5} {connections:>3} {server:<13}"
    )?;
    for value in values {
        write!(out, " {value:>9}")?;
    }
    writeln!(out, "{remark}")
}
