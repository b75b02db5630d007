//! Clients that have registered themselves: their id is what they said, sealed. Nothing is stored.

use serde::{Deserialize, Serialize};

use super::{Authentication, Client, ClientError, Clients, Consent, Origin};
use crate::random::Random;
use crate::redirect::RedirectUri;
use crate::seal::{Purpose, Seal};

/// What a client id holds. The names are short because ids travel in URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// `redirect_uris`.
    #[serde(rename = "r")]
    pub redirect_uris: Vec<String>,
    /// `client_name`.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When, in seconds since the Unix epoch.
    #[serde(rename = "t")]
    pub issued_at: u64,
}

impl Clients {
    /// The id of a client that registers itself.
    #[must_use]
    pub fn issue(&self, client: &Registered, random: &dyn Random) -> String {
        self.client_seal().seal_json(client, random)
    }

    pub(super) fn registered(&self, unverified_id: &str) -> Result<Client, ClientError> {
        if !self.registers() {
            return Err(ClientError::unknown("registration_is_off"));
        }
        let registered: Registered = self
            .client_seal()
            .open_json(unverified_id)
            .map_err(|_| ClientError::unknown("not_registered_here"))?;
        let uris = registered.redirect_uris.iter().map(String::as_str);
        Ok(Client {
            id: unverified_id.to_owned(),
            name: registered.name,
            // They were possible when it registered; the rules may be stricter now.
            redirect_uris: RedirectUri::parse_all(uris)
                .map_err(|_| ClientError::unknown("redirect_uri_no_longer_possible"))?,
            origin: Origin::Registered,
            consent: Consent::Ask,
            authentication: Authentication::None,
        })
    }

    fn client_seal(&self) -> Seal<'_> {
        self.keys.seal(Purpose::Client, &[&self.issuer])
    }
}
