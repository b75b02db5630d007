//! Artefacts that may be too long for a URL: those go into the store, sealed all the same, and a
//! short artefact that names them goes out instead.

use policy::state::{Expect, State, StateError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::random;
use crate::seal::Seal;
use crate::services::Services;

/// Longest artefact that goes out as it is, in characters: with the other parameters of a redirect it
/// stays below what servers and proxies accept as a request line.
pub const MAX_CHARACTERS: usize = 4096;

#[derive(Serialize, Deserialize)]
enum Parcel<T> {
    #[serde(rename = "h")]
    Here(T),
    #[serde(rename = "t")]
    Stored(String),
}

/// Why a parcel cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    /// Not an artefact of ours for this purpose and context, or what it names is gone.
    #[error("artefact_refused")]
    Refused,
    /// The store does not answer.
    #[error("store_unavailable {0}")]
    Store(#[from] StateError),
}

/// Seals a value. What does not fit stays in the store for `ttl_seconds`.
///
/// # Errors
/// The store does not answer.
pub fn send<T: Serialize>(
    value: T,
    seal: &Seal<'_>,
    ttl_seconds: u32,
    services: &Services<'_>,
) -> Result<String, StateError> {
    let artefact = seal.seal_json(&Parcel::Here(value), services.random);
    if artefact.len() <= MAX_CHARACTERS {
        return Ok(artefact);
    }
    let id = random::id(services.random);
    services
        .state
        .put(&key(&id), artefact.as_bytes(), Expect::Absent, ttl_seconds)?;
    Ok(seal.seal_json(&Parcel::<()>::Stored(id), services.random))
}

/// Opens what [`send`] has made under the same seal.
///
/// # Errors
/// See [`ParcelError`].
pub fn open<T: DeserializeOwned>(
    unverified: &str,
    seal: &Seal<'_>,
    state: &dyn State,
) -> Result<T, ParcelError> {
    let id = match opened(unverified, seal)? {
        Parcel::Here(value) => return Ok(value),
        Parcel::Stored(id) => id,
    };
    let entry = state.value(&key(&id))?.ok_or(ParcelError::Refused)?;
    let artefact = std::str::from_utf8(&entry.value).map_err(|_| ParcelError::Refused)?;
    match opened(artefact, seal)? {
        Parcel::Here(value) => Ok(value),
        Parcel::Stored(_) => Err(ParcelError::Refused),
    }
}

fn opened<T: DeserializeOwned>(artefact: &str, seal: &Seal<'_>) -> Result<Parcel<T>, ParcelError> {
    seal.open_json(artefact).map_err(|_| ParcelError::Refused)
}

fn key(id: &str) -> String {
    format!("parcel/{id}")
}
