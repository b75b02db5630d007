//! What users own and what has to outlive a request: image files, and small values.
//!
//! [`Blobs`] and [`State`] are the mechanism behind `imagegen:store/blobs` and
//! `imagegen:store/state`. Both are local: files in the directories of the deployment, and one
//! redb file in its data directory, or small files in a directory that replicas share.
//!
//! **Durability.** A write that was acknowledged survives `kill -9` at any later moment, and a
//! write that was not acknowledged is there wholly or not at all. `kill -9` leaves the page cache
//! of the kernel alone, so that much costs no flush. Against loss of power every acknowledged
//! write is flushed to the disk: a state value always, by the commit that carries it (concurrent
//! writes share one); a blob and its directory unless [`BlobsConfig::flush`] is off. The deletion
//! of a blob is not flushed: after a loss of power it may have to be repeated.

mod blobs;
mod clock;
mod directory;
mod error;
mod name;
mod private;
mod state;
#[cfg(test)]
mod tests;

pub use self::blobs::{BlobEntry, BlobPage, BlobQuery, Blobs, BlobsConfig};
pub use self::clock::WallClock;
pub use self::error::{Error, OpenError};
pub use self::state::{Expect, Outcome, State, StateEntry, StateNamespace, StatePut};
