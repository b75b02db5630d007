//! Whether tokens that are bound to a key are accepted, and others (`OIDC_DPOP`).

use crate::keys::ALGORITHMS;
use crate::settings::Reader;

/// Whether tokens that are bound to a key are accepted, and others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dpop {
    /// Bound ones are not.
    Off,
    /// Both are.
    Accept,
    /// Only bound ones are.
    Require,
}

impl Dpop {
    /// Reads `OIDC_DPOP`.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        const NAME: &str = "OIDC_DPOP";
        match reader.text(NAME).as_deref() {
            None | Some("accept") => Dpop::Accept,
            Some("require") => Dpop::Require,
            Some("off") => Dpop::Off,
            Some(_) => {
                reader.fault(NAME, "is not one of `accept`, `require`, `off`");
                Dpop::Require
            }
        }
    }

    /// Algorithms of proofs for a challenge, separated by single spaces; none when none is accepted.
    #[must_use]
    pub fn algorithms(self) -> String {
        match self {
            Self::Off => String::new(),
            Self::Accept | Self::Require => ALGORITHMS.join(" "),
        }
    }
}
