//! The protocol versions that this server speaks, and the two eras they fall into.

use serde::{Serialize, Serializer};

/// A protocol version of MCP that this server speaks. Ordered by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 2025-03-26: the first with Streamable HTTP, the only one with batches.
    V2025_03_26,
    /// 2025-06-18: structured tool output, the `MCP-Protocol-Version` header.
    V2025_06_18,
    /// 2025-11-25: the last one with `initialize`.
    V2025_11_25,
    /// 2026-07-28: stateless, everything a request needs is in its `_meta`.
    V2026_07_28,
}

/// How a request says which version it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// By the `initialize` handshake and a header (up to 2025-11-25).
    Legacy,
    /// By its own `_meta` (2026-07-28).
    Modern,
}

impl Version {
    /// Every version, newest first: what `server/discover` lists.
    pub const ALL: [Self; 4] = [
        Self::V2026_07_28,
        Self::V2025_11_25,
        Self::V2025_06_18,
        Self::V2025_03_26,
    ];

    /// What `initialize` answers to a client that asks for something else.
    pub const LATEST_LEGACY: Self = Self::V2025_11_25;

    /// The version of that name, when this server speaks it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
    }

    /// The name of the version: the date of its publication.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The era of the version.
    pub fn era(self) -> Era {
        match self {
            Self::V2026_07_28 => Era::Modern,
            Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => Era::Legacy,
        }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
