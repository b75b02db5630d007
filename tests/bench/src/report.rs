//! What a run says: tables, ratios, aims; and the raw figures as JSON.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
};

use serde_json::{Value, json};

use crate::{
    aims::{Aim, Bound, Figures, Verdict},
    growth::{self, Growth},
    host::Isolation,
    matrix::Outcome,
    plan::Plan,
    proc::Cores,
    sign_in::SignIn,
    start_up::StartUp,
};

mod table;

/// Everything that was measured.
#[derive(Debug)]
pub struct Report<'a> {
    /// What was asked for.
    pub plan: &'a Plan,
    /// How the cores were divided.
    pub cores: &'a Cores,
    /// The matrix.
    pub outcome: &'a Outcome,
    /// Memory over requests.
    pub growth: &'a BTreeMap<Isolation, Growth>,
    /// Start-up, where it was measured.
    pub start_up: Option<&'a StartUp>,
    /// Signing in, where it was measured.
    pub sign_in: Option<&'a SignIn>,
}

impl Report<'_> {
    /// Writes the report for people.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        self.conditions(out)?;
        table::figures(&self.figures(), out)?;
        table::ratios(&self.figures(), out)?;
        self.others(out)?;
        writeln!(out, "\nAims")?;
        for aim in self.figures().aims() {
            writeln!(out, "  {}", sentence(&aim))?;
        }
        if !self.outcome.failures.is_empty() {
            writeln!(out, "\nFailed measurements (their rounds do not count):")?;
            for failure in &self.outcome.failures {
                writeln!(out, "  {failure}")?;
            }
        }
        Ok(())
    }

    /// The raw figures.
    pub fn json(&self) -> serde_json::Result<Value> {
        let cell = |(cell, rounds)| json!({"cell": cell, "rounds": rounds});
        let aim = |aim: Aim| json!({"aim": aim, "verdict": aim.verdict()});
        Ok(json!({
            "machine": {
                "cpu": cpu_model(),
                "kernel": kernel(),
                "server_core": self.cores.server(),
                "load_core": self.cores.load(),
            },
            "plan": self.plan,
            "cells": self.outcome.rounds.iter().map(cell).collect::<Vec<_>>(),
            "growth": serde_json::to_value(self.growth)?,
            "start_up": self.start_up,
            "sign_in": self.sign_in,
            "aims": self.figures().aims().into_iter().map(aim).collect::<Vec<_>>(),
            "failures": self.outcome.failures,
        }))
    }

    fn figures(&self) -> Figures<'_> {
        Figures {
            rounds: &self.outcome.rounds,
            connections: &self.plan.connections,
            growth: self.growth,
            start_up: self.start_up,
            sign_in: self.sign_in,
        }
    }

    fn conditions(&self, out: &mut impl Write) -> io::Result<()> {
        let core = |core: Option<usize>| {
            core.map_or_else(
                || "no core of their own".to_owned(),
                |core| format!("core {core}"),
            )
        };
        writeln!(out, "{}, {}", cpu_model(), kernel())?;
        writeln!(
            out,
            "servers on {}, load on {}; medians of {} rounds of {} ms; every answer was checked",
            core(self.cores.server()),
            core(self.cores.load()),
            self.plan.rounds,
            self.plan.window.as_millis()
        )
    }

    fn others(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out)?;
        for (isolation, growth) in self.growth {
            writeln!(
                out,
                "isolation `{}`: {:.1} MB after {} requests, {:.1} MB after {}",
                isolation.setting(),
                growth.early_kib as f64 / 1_024.0,
                growth::EARLY,
                growth.late_kib as f64 / 1_024.0,
                growth::LATE
            )?;
        }
        if let Some(StartUp {
            warm_ms, cold_ms, ..
        }) = self.start_up
        {
            writeln!(
                out,
                "start to first answer in ms: warm cache {warm_ms:.0?}, empty cache {cold_ms:.0?}"
            )?;
        }
        Ok(())
    }
}

/// One aim as a line.
fn sentence(aim: &Aim) -> String {
    let (relation, bound) = match aim.bound {
        Bound::AtLeast(bound) => ("at least", bound),
        Bound::AtMost(bound) => ("at most", bound),
    };
    let verdict = match aim.verdict() {
        Verdict::Met => "met".to_owned(),
        Verdict::MissedBy(shortfall) => format!("MISSED by {shortfall:.2}"),
        Verdict::NotMeasured => "not measured".to_owned(),
    };
    let by_cpu = aim
        .by_cpu
        .map_or_else(String::new, |figure| format!("; by CPU time {figure:.2}"));
    format!(
        "{verdict:<18} {}: {} {} ({relation} {bound}{by_cpu})",
        aim.name,
        number(aim.measured, 2),
        aim.unit
    )
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

fn cpu_model() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .find_map(|line| {
            Some(
                line.strip_prefix("model name")?
                    .split_once(':')?
                    .1
                    .trim()
                    .to_owned(),
            )
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {}", std::env::consts::OS, release.trim())
}

#[cfg(test)]
mod tests {
    use super::sentence;
    use crate::aims::{Aim, Bound};

    #[test]
    fn a_line_says_what_was_asked_and_what_came_out() {
        let line = |measured| {
            sentence(&Aim {
                name: "rate".into(),
                unit: "x",
                bound: Bound::AtLeast(0.6),
                measured,
                by_cpu: measured.map(|_| 0.7),
            })
        };
        assert_eq!(
            line(Some(0.75)),
            "met                rate: 0.75 x (at least 0.6; by CPU time 0.70)"
        );
        assert_eq!(
            line(Some(0.45)),
            "MISSED by 0.15     rate: 0.45 x (at least 0.6; by CPU time 0.70)"
        );
        assert_eq!(line(None), "not measured       rate: - x (at least 0.6)");
    }
}
