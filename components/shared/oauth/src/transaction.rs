//! A sign-in under way. Nothing of it is stored: it travels in the hidden field of the consent page,
//! and then in the `state` of the request to the provider, sealed each time.

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::parcel::{self, ParcelError};
use crate::seal::Purpose;
use crate::secret::Secret;
use policy::state::StateError;

/// For how long a page may lie around, and how long a user may take at the provider, in seconds.
pub const LIFETIME_S: u64 = 15 * 60;
const STORED_S: u32 = 15 * 60;

/// What a client has asked for, checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transaction {
    /// The browser in which it began.
    #[serde(rename = "b")]
    pub browser: String,
    /// The client.
    #[serde(rename = "c")]
    pub client_id: String,
    /// Where the answer goes: one of the client's.
    #[serde(rename = "u")]
    pub redirect_uri: String,
    /// `state` of the client, to be returned byte for byte.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `code_challenge`, of the method S256.
    #[serde(rename = "h")]
    pub challenge: String,
    /// The scopes that it gets.
    #[serde(rename = "p")]
    pub scopes: Vec<String>,
    /// `dpop_jkt` (RFC 9449, section 10).
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<String>,
    /// Its end, seconds since the Unix epoch.
    #[serde(rename = "x")]
    pub expires_at: u64,
}

/// A transaction whose user is at the provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// Its id: it is answered once.
    #[serde(rename = "i")]
    pub id: String,
    /// What it is for.
    #[serde(rename = "t")]
    pub transaction: Transaction,
    /// Our PKCE verifier at the provider.
    #[serde(rename = "v")]
    pub verifier: Secret,
    /// Our nonce at the provider.
    #[serde(rename = "n")]
    pub nonce: Secret,
    /// Whether this very transaction was agreed to, or by whom an earlier one was.
    #[serde(rename = "a")]
    pub agreement: Agreement,
}

/// What lets a sign-in go on without another question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Agreement {
    /// The user has agreed on the page, or the operator has for everybody.
    #[serde(rename = "y")]
    Given,
    /// This user has agreed earlier, in this browser; any other has to be asked.
    #[serde(rename = "r")]
    Remembered(String),
}

impl Transaction {
    /// The value of the hidden field.
    #[must_use]
    pub fn seal(&self, call: &Call<'_>) -> String {
        call.seal(Purpose::Form, "")
            .seal_json(self, call.services.random)
    }

    /// Opens what [`Transaction::seal`] has made; `None` also when its time is over.
    #[must_use]
    pub fn open(unverified: &str, call: &Call<'_>) -> Option<Self> {
        let transaction: Self = call.seal(Purpose::Form, "").open_json(unverified).ok()?;
        (call.now() < transaction.expires_at).then_some(transaction)
    }
}

impl SignIn {
    /// The `state` of the request to the provider.
    ///
    /// # Errors
    /// It does not fit into a URL, and the store does not answer.
    pub fn send(&self, call: &Call<'_>) -> Result<String, StateError> {
        let seal = call.seal(Purpose::Transaction, "");
        parcel::send(self, &seal, STORED_S, call.services)
    }

    /// Opens what [`SignIn::send`] has made.
    ///
    /// # Errors
    /// Not ours, or its time is over; or the store does not answer.
    pub fn open(unverified: &str, call: &Call<'_>) -> Result<Self, ParcelError> {
        let seal = call.seal(Purpose::Transaction, "");
        let sign_in: Self = parcel::open(unverified, &seal, call.services.state)?;
        if call.now() < sign_in.transaction.expires_at {
            Ok(sign_in)
        } else {
            Err(ParcelError::Refused)
        }
    }
}
