//! Who asks: a client that has registered itself here, that describes itself in a document, or that
//! is configured.

mod registered;

pub use registered::Registered;

use policy::settings::Reader;

use crate::location::Location;
use crate::redirect::{AllowedHosts, RedirectUri};
use crate::seal::KeyRing;
use crate::services::Services;

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

/// Where a client id turns up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// At `/authorize` and `/consent`: a document may be fetched.
    Authorization,
    /// At `/token` and `/revoke`: a document is used only if it has been fetched before.
    Token,
}

/// Why a client is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// There is no such client. The text is for the log.
    #[error("client_unknown {0}")]
    Unknown(String),
    /// Its document cannot be had at the moment. The text is for the log.
    #[error("client_unavailable {0}")]
    Unavailable(String),
}

/// All clients that there can be, and the rules for them.
#[derive(Clone, Debug)]
pub struct Clients {
    issuer: String,
    keys: KeyRing,
    allowed_hosts: AllowedHosts,
}

impl Clients {
    /// Reads the settings of clients; faults are recorded.
    pub fn read(reader: &mut Reader<'_>, location: &Location, keys: &KeyRing) -> Self {
        Self {
            issuer: location.issuer(),
            keys: keys.clone(),
            allowed_hosts: AllowedHosts::read(reader),
        }
    }

    /// The client behind an id.
    ///
    /// # Errors
    /// [`ClientError::Unknown`] is answered with a page of ours, never with a redirect.
    pub fn resolve(
        &self,
        unverified_id: &str,
        _occasion: Occasion,
        _services: &Services<'_>,
    ) -> Result<Client, ClientError> {
        if unverified_id.is_empty() || unverified_id.len() > MAX_CLIENT_ID_BYTES {
            return Err(ClientError::Unknown("length".to_owned()));
        }
        let client = self.registered(unverified_id)?;
        if !client
            .redirect_uris
            .iter()
            .all(|uri| self.allowed_hosts.permit(uri))
        {
            return Err(ClientError::Unknown("redirect_host_not_allowed".to_owned()));
        }
        Ok(client)
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
