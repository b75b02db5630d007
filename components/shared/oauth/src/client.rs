//! Who asks: a client that has registered itself here, that describes itself in a document, or that
//! is configured.

mod cache;
mod configured;
mod document;
mod key_set;
mod registered;

pub use configured::ClientSecret;
pub use document::{MAX_DOCUMENT_BYTES, is_document_url};
pub use registered::Registered;

use policy::rates::Rate;
use policy::settings::Reader;
use serde_json::{Map, Value};

use crate::location::{Endpoint, Location};
use crate::redirect::{AllowedHosts, RedirectUri};
use crate::registration;
use crate::seal::KeyRing;
use crate::services::Services;

const OIDC_DYNAMIC_REGISTRATION: &str = "OIDC_DYNAMIC_REGISTRATION";
const OIDC_CLIENT_ID_METADATA_DOCUMENTS: &str = "OIDC_CLIENT_ID_METADATA_DOCUMENTS";

/// Longest client id that is looked at, in bytes.
pub const MAX_CLIENT_ID_BYTES: usize = 2048;

/// A client that is known. What it says of itself, nobody has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The id, byte for byte.
    pub id: String,
    /// How it calls itself: cleaned and bounded, but not verified unless it is configured.
    pub name: Option<String>,
    /// Where answers may be sent; never empty.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it is known.
    pub origin: Origin,
    /// Whether its users are asked.
    pub consent: Consent,
    /// How it proves who it is.
    pub authentication: Authentication,
}

/// How a client is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It has registered itself (RFC 7591).
    Registered,
    /// Its id is the URL of a document that describes it.
    Document,
    /// The operator has configured it.
    Configured,
}

/// Whether users are asked before a client gets anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Always, unless they have been asked before.
    Ask,
    /// Never: the operator vouches for the client.
    Skip,
}

/// How a client proves who it is at `/token` and `/revoke`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// It cannot: a public client.
    None,
    /// By a secret.
    Secret(ClientSecret),
    /// By a signed assertion (`private_key_jwt`).
    PrivateKey {
        /// Where its public keys are.
        keys: ClientKeys,
        /// Whether it may also come without one.
        is_optional: bool,
    },
}

/// The public keys of a client.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ClientKeys {
    /// A JWK set (RFC 7517, section 5).
    Set(String),
    /// Where it is.
    Url(String),
}

/// Where a client id turns up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// At `/authorize` and `/consent`: a document may be fetched.
    Authorization,
    /// At `/token` and `/revoke`: a document is fetched only if it has been fetched before.
    Token,
}

/// Why a client is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// There is no such client. The text is for the log.
    #[error("client_unknown {0}")]
    Unknown(String),
    /// It cannot be said at the moment. The text is for the log.
    #[error("client_unavailable {0}")]
    Unavailable(String),
}

/// All clients that there can be, and the rules for them.
#[derive(Clone, Debug)]
pub struct Clients {
    issuer: String,
    token_url: String,
    keys: KeyRing,
    configured: Vec<Client>,
    allowed_hosts: AllowedHosts,
    registration: Option<Rate>,
    reads_documents: bool,
}

impl Clients {
    /// Reads the settings of clients; faults are recorded.
    pub fn read(reader: &mut Reader<'_>, location: &Location, keys: &KeyRing) -> Self {
        let rate = registration::rate(reader);
        Self {
            issuer: location.issuer(),
            token_url: location.url(Endpoint::Token),
            keys: keys.clone(),
            configured: configured::read(reader),
            allowed_hosts: AllowedHosts::read(reader),
            registration: switch(reader, OIDC_DYNAMIC_REGISTRATION).then_some(rate),
            reads_documents: switch(reader, OIDC_CLIENT_ID_METADATA_DOCUMENTS),
        }
    }

    /// The client behind an id.
    ///
    /// # Errors
    /// [`ClientError::Unknown`] is answered with a page of ours, never with a redirect.
    pub fn resolve(
        &self,
        unverified_id: &str,
        occasion: Occasion,
        services: &Services<'_>,
    ) -> Result<Client, ClientError> {
        if unverified_id.is_empty() || unverified_id.len() > MAX_CLIENT_ID_BYTES {
            return Err(ClientError::unknown("length"));
        }
        if let Some(client) = self
            .configured
            .iter()
            .find(|known| known.id == unverified_id)
        {
            return Ok(client.clone());
        }
        let client = if unverified_id.contains(':') {
            self.described(unverified_id, occasion, services)?
        } else {
            self.registered(unverified_id)?
        };
        let is_allowed = |uri: &RedirectUri| self.allowed_hosts.permit(uri);
        if !client.redirect_uris.iter().all(is_allowed) {
            return Err(ClientError::unknown("redirect_host_not_allowed"));
        }
        Ok(client)
    }

    /// Whether clients can register themselves.
    #[must_use]
    pub const fn registers(&self) -> bool {
        self.registration.is_some()
    }

    /// Whether the id of a client can be the URL of a document.
    #[must_use]
    pub const fn reads_documents(&self) -> bool {
        self.reads_documents
    }

    /// Whether some client has a secret.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        let has_secret =
            |client: &Client| matches!(client.authentication, Authentication::Secret(_));
        self.configured.iter().any(has_secret)
    }

    pub(crate) const fn allowed_hosts(&self) -> &AllowedHosts {
        &self.allowed_hosts
    }

    pub(crate) const fn registration_rate(&self) -> Option<Rate> {
        self.registration
    }

    /// For whom an assertion of a client may be meant (RFC 7523, section 3).
    pub(crate) fn audiences(&self) -> [&str; 2] {
        [&self.issuer, &self.token_url]
    }
}

impl Client {
    /// The redirect URI to use: the requested one if the client has it, or its only one.
    ///
    /// `None` means a page of ours, never a redirect (RFC 6749, section 4.1.2.1).
    #[must_use]
    pub fn redirect_uri(&self, unverified: Option<&str>) -> Option<RedirectUri> {
        match (unverified, self.redirect_uris.as_slice()) {
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
            (Some(text), known) => {
                let requested = RedirectUri::parse(text).ok()?;
                known
                    .iter()
                    .any(|uri| uri.matches(&requested))
                    .then_some(requested)
            }
        }
    }
}

impl ClientError {
    fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(reason.into())
    }
}

/// Whether a list of metadata names something, or is left out, in which case it does (RFC 7591,
/// section 2: the defaults of both lists are what this server offers).
pub(crate) fn offers(metadata: &Map<String, Value>, list: &str, needed: &str) -> bool {
    match metadata.get(list) {
        None | Some(Value::Null) => true,
        Some(Value::Array(names)) => names.iter().any(|name| name.as_str() == Some(needed)),
        Some(_) => false,
    }
}

/// Algorithms with which clients may sign.
pub(crate) const fn signing_algorithms() -> &'static [&'static str] {
    key_set::algorithms()
}

/// A switch that is on unless it is switched off.
fn switch(reader: &mut Reader<'_>, name: &'static str) -> bool {
    reader.text(name).is_none() || reader.flag(name)
}
