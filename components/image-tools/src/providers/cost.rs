//! What an image costs, in whole millionths of a dollar: sums of them are exact.

use std::ops::Add;

/// An amount of US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd {
    /// Millionths of a dollar.
    pub micros: u64,
}

/// What a request has cost or will cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The amount.
    pub amount: Usd,
    /// How it is known.
    pub basis: Basis,
}

/// How a cost is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Nothing is charged.
    Free,
    /// The backend named the amount.
    Charged,
    /// The backend counted, and the price list made an amount of it.
    Usage,
    /// The price list alone.
    Estimate,
}

impl Usd {
    /// Dollars, rounded up to the next millionth; nothing for what is no amount.
    pub fn from_dollars(dollars: f64) -> Self {
        let micros = (dollars * 1e6 - 1e-6).ceil();
        if micros.is_finite() && micros > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and a cast of a float saturates"
            )]
            let micros = micros as u64;
            Self { micros }
        } else {
            Self::default()
        }
    }

    /// As dollars, for people and JSON.
    pub fn dollars(self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact up to nine thousand million dollars"
        )]
        let micros = self.micros as f64;
        micros / 1e6
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            micros: self.micros.saturating_add(other.micros),
        }
    }
}

impl Cost {
    /// Nothing.
    pub const FREE: Self = Self {
        amount: Usd { micros: 0 },
        basis: Basis::Free,
    };

    /// An amount in dollars.
    pub fn new(dollars: f64, basis: Basis) -> Self {
        Self {
            amount: Usd::from_dollars(dollars),
            basis,
        }
    }
}

impl Basis {
    /// The word in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Charged => "charged",
            Self::Usage => "usage",
            Self::Estimate => "estimate",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_up_to_millionths() {
        for (dollars, micros) in [
            (0.047_16, 47_160),
            (0.1 + 0.2, 300_000),
            (1e-9, 1),
            (0.0, 0),
            (-1.0, 0),
            (f64::NAN, 0),
            (f64::INFINITY, 0),
        ] {
            assert_eq!(Usd::from_dollars(dollars).micros, micros, "{dollars}");
        }
        assert_eq!(Usd { micros: 47_160 }.dollars(), 0.047_16);
    }
}
