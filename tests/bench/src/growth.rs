//! Does memory grow with requests served? A fresh host, its resident set early and late.

use std::time::Duration;

use serde::Serialize;

use crate::{
    load::{LoadError, Pressure},
    matrix::Entrant,
    operation::Operation,
};

/// Requests before the first look: pools and caches have been filled.
pub const EARLY: u64 = 2_000;
/// Requests before the second look.
pub const LATE: u64 = 20_000;
const CONNECTIONS: usize = 16;

/// The resident set of one server over its life.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Growth {
    /// After [`EARLY`] requests, in KiB.
    pub early_kib: u64,
    /// After [`LATE`] requests, in KiB.
    pub late_kib: u64,
}

impl Growth {
    /// Change for each request between the two looks, in bytes.
    pub fn bytes_per_request(self) -> f64 {
        (self.late_kib as f64 - self.early_kib as f64) * 1_024.0 / (LATE - EARLY) as f64
    }
}

/// Asks a fresh server for `list_providers` and looks twice; `None` where there is no `/proc`.
pub async fn measure(entrant: &Entrant) -> Result<Option<Growth>, LoadError> {
    let target = entrant.target(Operation::ListProviders);
    let pressure = |max_requests| Pressure {
        connections: CONNECTIONS,
        warm_up: Duration::ZERO,
        window: Duration::from_secs(120),
        max_requests,
    };
    target.measure(pressure(EARLY)).await?;
    let early = entrant.server.usage().resident_kib;
    target.measure(pressure(LATE - EARLY)).await?;
    let late = entrant.server.usage().resident_kib;
    Ok(early.zip(late).map(|(early_kib, late_kib)| Growth {
        early_kib,
        late_kib,
    }))
}

#[cfg(test)]
mod tests {
    use super::Growth;

    #[test]
    fn growth_is_counted_for_each_request_between_the_looks() {
        let bytes = |early_kib, late_kib| {
            Growth {
                early_kib,
                late_kib,
            }
            .bytes_per_request()
        };
        assert!((bytes(18_000, 19_800) - 102.4).abs() < 1e-9);
        assert!(bytes(20_000, 19_000) < 0.0);
    }
}
