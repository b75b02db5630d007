//! Clients that the operator has configured, in TOML that the host reads from `OIDC_CLIENTS_FILE`:
//!
//! ```toml
//! [[clients]]
//! id = "desktop"
//! name = "Our desktop client"
//! redirect_uris = ["http://127.0.0.1/callback"]
//! consent = "skip"                      # or "ask", which is the default
//! secret = "…"                          # only for a client that can keep one
//! ```

use std::fmt::{self, Debug, Formatter};

use policy::loggable::Loggable;
use policy::settings::{Reader, problem_of_toml};
use policy::static_tokens::problem_of_token;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Authentication, Client, Consent, MAX_CLIENT_ID_BYTES, Origin};
use crate::display::{MAX_NAME_CHARACTERS, cleaned};
use crate::redirect::RedirectUri;

const OIDC_CLIENTS: &str = "OIDC_CLIENTS";

/// The digest of a secret. It cannot be printed, and what it is compared with takes the same time
/// however close it is.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret([u8; 32]);

impl ClientSecret {
    /// The secret of a client.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Whether a client has presented it.
    #[must_use]
    pub fn is(&self, unverified: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(unverified).into();
        self.0.ct_eq(&digest).into()
    }
}

impl Debug for ClientSecret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    clients: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name: Option<String>,
    secret: Option<String>,
    redirect_uris: Vec<String>,
    #[serde(default)]
    consent: Wish,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wish {
    #[default]
    Ask,
    Skip,
}

/// The configured clients; faults are recorded.
pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Client> {
    let Some(text) = reader.text(OIDC_CLIENTS) else {
        return Vec::new();
    };
    let file: File = match toml::from_str(&text) {
        Ok(file) => file,
        Err(error) => {
            let problem = problem_of_toml(&text, &error);
            reader.fault(
                OIDC_CLIENTS,
                format!("{problem} (hint: each `[[clients]]` has `id`, `redirect_uris` and perhaps `name`, `secret`, `consent`)"),
            );
            return Vec::new();
        }
    };
    if file.clients.is_empty() {
        reader.fault(OIDC_CLIENTS, "has no `[[clients]]`");
    }
    let mut clients: Vec<Client> = Vec::new();
    for (position, entry) in (1..).zip(file.clients) {
        match client(entry) {
            Ok(client) if clients.iter().any(|known| known.id == client.id) => {
                reader.fault(
                    OIDC_CLIENTS,
                    format!("client {position} has the `id` of another"),
                );
            }
            Ok(client) => clients.push(client),
            Err(problem) => reader.fault(OIDC_CLIENTS, format!("client {position} {problem}")),
        }
    }
    clients
}

fn client(entry: Entry) -> Result<Client, String> {
    let is_id = (1..=MAX_CLIENT_ID_BYTES).contains(&entry.id.len())
        && entry.id.bytes().all(|b| matches!(b, 0x20..=0x7e));
    if !is_id {
        return Err("has an `id` that is not printable ASCII".to_owned());
    }
    if let Some(problem) = entry.secret.as_deref().and_then(problem_of_token) {
        return Err(format!("has a secret that {problem}"));
    }
    let uris = entry.redirect_uris.iter().map(String::as_str);
    let of_client = Loggable::new(&entry.id);
    let redirect_uris = RedirectUri::parse_all(uris)
        .map_err(|problem| format!("({of_client}): one of its redirect URIs {problem}"))?;
    Ok(Client {
        name: entry
            .name
            .as_deref()
            .and_then(|name| cleaned(name, MAX_NAME_CHARACTERS)),
        redirect_uris,
        origin: Origin::Configured,
        consent: match entry.consent {
            Wish::Ask => Consent::Ask,
            Wish::Skip => Consent::Skip,
        },
        authentication: match entry.secret {
            Some(secret) => Authentication::Secret(ClientSecret::new(&secret)),
            None => Authentication::None,
        },
        id: entry.id,
    })
}
