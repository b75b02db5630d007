//! Consent that a user has given before, per user, client and redirect URI.
//!
//! What is remembered makes the page unnecessary only where nobody but the client itself can be at
//! both ends:
//!
//! * the client has **registered itself** here, so its id is known to one installation. The ids of
//!   documents (CIMD) and of configured clients are public: a server in the middle, which a client
//!   believes to be its own, can send the user here with the client's id and its own challenge, and
//!   gets the code from the client that it deceives (GHSA-6x8h-498w-gv8c). With such a client, that
//!   page is the user's only chance to notice;
//! * the answer stays **on this machine** (loopback or a scheme of an application). An application on
//!   the web has one registration for many users: one of them could send its own sign-in to another;
//! * **no page** has caused the navigation (`Sec-Fetch-Site`): it was typed, or opened by a program;
//! * the same browser has agreed to the same client, the same redirect URI (but for the port of a
//!   loopback address) and at least the same scopes;
//! * the user who then signs in is the one who has agreed: otherwise the page is shown after all.
//!
//! The cookie is sealed. It holds digests, so it says nothing even to who has the key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::loggable::Loggable;
use policy::state::Expect;
use policy::types::{Header, RequestHead};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::client::{Client, Origin};
use crate::config::ConsentMemory;
use crate::cookie::Cookie;
use crate::local_page::{self, LocalPage};
use crate::log::Level;
use crate::navigation::is_by_the_user;
use crate::redirect::{Kind, RedirectUri};
use crate::seal::Purpose;
use crate::transaction::Transaction;

const KIND: &str = "consent";
/// For how long consent is remembered, in seconds.
const REMEMBERED_S: u64 = 90 * 86_400;
/// Most that one browser remembers; the oldest go first.
const MAX_ENTRIES: usize = 16;

/// What a browser remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Digest of the user.
    #[serde(rename = "u")]
    user: String,
    /// Digest of client and redirect URI; empty when the store knows.
    #[serde(rename = "c", default)]
    party: String,
    /// The scopes.
    #[serde(rename = "p", default)]
    scopes: Vec<String>,
    /// Until when.
    #[serde(rename = "x")]
    expires_at: u64,
}

/// The user who has agreed to this before, if that may be relied on.
///
/// # Errors
/// The store does not answer.
pub fn user(
    head: &RequestHead,
    (client, transaction): (&Client, &Transaction),
    call: &Call<'_>,
) -> Result<Option<String>, LocalPage> {
    if head.method != "GET" || !is_by_the_user(head) {
        return Ok(None);
    }
    let Some(party) = party(client, transaction) else {
        return Ok(None);
    };
    let entries = entries(head, call);
    match call.config.consent_memory {
        ConsentMemory::Off => Ok(None),
        ConsentMemory::Cookie => {
            let covers =
                |entry: &&Entry| entry.party == party && covers(&entry.scopes, &transaction.scopes);
            Ok(entries.iter().find(covers).map(|entry| entry.user.clone()))
        }
        ConsentMemory::Store => {
            let Some(entry) = entries.into_iter().next() else {
                return Ok(None);
            };
            let key = key(&entry.user, &party);
            let stored = call.services.state.value(&key).map_err(|error| {
                local_page::store_unavailable(&format!(
                    "store_unavailable {}",
                    Loggable::new(&error.0)
                ))
            })?;
            let scopes: Vec<String> = stored
                .and_then(|stored| serde_json::from_slice(&stored.value).ok())
                .unwrap_or_default();
            let agreed = !scopes.is_empty() && covers(&scopes, &transaction.scopes);
            Ok(agreed.then_some(entry.user))
        }
    }
}

/// Remembers what this user has agreed to: the field to set, if there is anything to remember. That
/// it cannot be remembered is no reason to fail.
pub fn field(
    head: &RequestHead,
    subject: &str,
    (client, transaction): (&Client, &Transaction),
    call: &Call<'_>,
) -> Option<Header> {
    let party = party(client, transaction)?;
    let user = digest_of(subject, call);
    let mut entry = Entry {
        user,
        party,
        scopes: transaction.scopes.clone(),
        expires_at: call.now().saturating_add(REMEMBERED_S),
    };
    let mut entries = entries(head, call);
    match call.config.consent_memory {
        ConsentMemory::Off => return None,
        ConsentMemory::Cookie => {
            entries.retain(|known| (&known.user, &known.party) != (&entry.user, &entry.party));
            entries.insert(0, entry);
            entries.truncate(MAX_ENTRIES);
        }
        ConsentMemory::Store => {
            let value = serde_json::to_vec(&entry.scopes).ok()?;
            let ttl_s = u32::try_from(REMEMBERED_S).unwrap_or(u32::MAX);
            let key = key(&entry.user, &entry.party);
            if let Err(error) = call
                .services
                .state
                .put(&key, &value, Expect::Anything, ttl_s)
            {
                call.note(
                    Level::Warn,
                    &format!("consent_not_remembered {}", Loggable::new(&error.0)),
                );
                return None;
            }
            entry.party.clear();
            entry.scopes.clear();
            entries = vec![entry];
        }
    }
    loop {
        let sealed = call
            .seal(Purpose::Consent, "")
            .seal_json(&entries, call.services.random);
        match Cookie::new(KIND, &call.config.location).set(&sealed, REMEMBERED_S) {
            Ok(field) => return Some(field),
            Err(_) if entries.len() > 1 => entries.truncate(entries.len() / 2),
            Err(_) => return None,
        }
    }
}

/// What stands for a user.
#[must_use]
pub fn digest_of(subject: &str, call: &Call<'_>) -> String {
    digest(&[&call.config.config_url, subject])
}

/// What stands for client and redirect URI, if consent to them can be remembered at all.
fn party(client: &Client, transaction: &Transaction) -> Option<String> {
    let requested = RedirectUri::parse(&transaction.redirect_uri).ok()?;
    if client.origin != Origin::Registered || requested.kind() == Kind::Web {
        return None;
    }
    // The registered spelling, which has no port of today.
    let registered = client
        .redirect_uris
        .iter()
        .find(|uri| uri.matches(&requested))?;
    Some(digest(&[&client.id, registered.as_str()]))
}

fn covers(agreed: &[String], asked: &[String]) -> bool {
    asked.iter().all(|scope| agreed.contains(scope))
}

fn entries(head: &RequestHead, call: &Call<'_>) -> Vec<Entry> {
    let cookie = Cookie::new(KIND, &call.config.location);
    let opened = cookie
        .value(&head.headers)
        .and_then(|value| call.seal(Purpose::Consent, "").open_json(value).ok());
    let mut entries: Vec<Entry> = opened.unwrap_or_default();
    entries.retain(|entry| call.now() < entry.expires_at);
    entries
}

fn key(user: &str, party: &str) -> String {
    format!("consent/{user}/{party}")
}

/// 128 bits of a digest of texts, each behind its length.
fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let digest = hash.finalize();
    URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())
}
