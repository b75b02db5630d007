//! The refresh tokens of one session, of which one is good at a time: a record in the store that all
//! replicas share.
//!
//! A refresh token carries its generation; the record says which generation is good. Whoever presents
//! a good one takes a lease by compare-and-set, asks the provider, and puts the answer into the
//! record, sealed under a key that is derived from the presented token: only who has that token can
//! read it. Others that present the same token meanwhile wait for the answer, and for
//! [`GRACE_SECONDS`] afterwards they get the same one. An older token that comes later has been
//! stolen, or what replaced it has: the session ends (RFC 9700, section 4.14.2).
//!
//! A record that is lost, for example with the disk, makes the presented generation the good one:
//! sessions survive, and reuse from before the loss is noticed by the provider only.

use policy::state::{Expect, Outcome, StateError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::seal::{KeyRing, Purpose};

/// For how long a rotated token gets the same answer again, in seconds.
pub const GRACE_SECONDS: u64 = 60;
/// For how long one instance may be at it, in seconds: more than two requests to the provider take.
const LEASE_SECONDS: u64 = 25;
/// For how long nobody asks a provider that has just failed, in seconds.
const BACK_OFF_SECONDS: u64 = 1;
/// How often, and in which steps, an instance looks whether the other one is ready: 9 seconds.
const LOOKS: u32 = 200;
const FIRST_PAUSE_MS: u32 = 20;
const PAUSE_MS: u32 = 45;

/// The record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Record {
    /// The generation that is good.
    #[serde(rename = "g")]
    generation: u64,
    /// Until when somebody is replacing it.
    #[serde(rename = "l", default)]
    leased_until: u64,
    /// Until when it makes no sense to try.
    #[serde(rename = "b", default)]
    back_off_until: u64,
    /// What replaced the generation before.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    #[serde(rename = "t")]
    at: u64,
    #[serde(rename = "s")]
    sealed: String,
}

/// A presented token, as far as its family is concerned.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The session.
    pub sid: &'a str,
    /// Its generation.
    pub generation: u64,
    /// The token itself.
    pub token: &'a str,
}

/// What a presented token leads to.
#[derive(Debug)]
pub enum Turn {
    /// Ask the provider, then say how it went.
    Lead(Lease),
    /// Somebody has: this is the answer.
    Answered(Vec<u8>),
    /// It was replaced, and longer ago than the grace.
    Reused,
    /// Somebody is at it and does not come to an end, or the provider has just failed.
    Busy,
}

/// The right to replace a token, for a while.
#[derive(Debug)]
pub struct Lease {
    version: u64,
    /// The record as it was found: what replaced the generation before stays known.
    found: Record,
}

/// Finds out whose turn it is, waiting if need be.
///
/// # Errors
/// The store does not answer.
pub fn enter(presented: Presented<'_>, call: &Call<'_>) -> Result<Turn, StateError> {
    let now = call.now();
    for look in 0..LOOKS {
        let (mut record, expected) = load(presented, call)?;
        if presented.generation < record.generation {
            return Ok(replaced(presented, &record, now));
        }
        // Newer than the record: the store was put back to an older state.
        record.generation = presented.generation;
        if record.back_off_until > now {
            return Ok(Turn::Busy);
        }
        if record.leased_until > now {
            let pause_ms = if look == 0 { FIRST_PAUSE_MS } else { PAUSE_MS };
            call.services.pause.pause(pause_ms);
            continue;
        }
        let found = record.clone();
        record.leased_until = now.saturating_add(LEASE_SECONDS);
        if let Outcome::Done(version) = save(presented, &record, (expected, call))? {
            return Ok(Turn::Lead(Lease { version, found }));
        }
    }
    Ok(Turn::Busy)
}

/// The token was replaced: this is the answer that everybody gets who presents it during the grace.
/// `false` when the lease was lost and somebody else has replaced it.
///
/// # Errors
/// The store does not answer.
pub fn complete(
    presented: Presented<'_>,
    lease: &Lease,
    answer: &[u8],
    call: &Call<'_>,
) -> Result<bool, StateError> {
    let sealed = key_of(presented.token).map(|key| {
        key.seal(Purpose::RefreshAnswer, &[presented.sid])
            .seal(answer, call.services.random)
    });
    let record = Record {
        generation: presented.generation.saturating_add(1),
        leased_until: 0,
        back_off_until: 0,
        answer: sealed.map(|sealed| Answer {
            at: call.now(),
            sealed,
        }),
    };
    let expected = Expect::Version(lease.version);
    let outcome = save(presented, &record, (expected, call))?;
    Ok(matches!(outcome, Outcome::Done(_)))
}

/// The token was not replaced, and stays good.
///
/// # Errors
/// The store does not answer.
pub fn give_back(
    presented: Presented<'_>,
    lease: &Lease,
    call: &Call<'_>,
) -> Result<(), StateError> {
    let record = Record {
        leased_until: 0,
        back_off_until: call.now().saturating_add(BACK_OFF_SECONDS),
        ..lease.found.clone()
    };
    let expected = Expect::Version(lease.version);
    save(presented, &record, (expected, call)).map(|_| ())
}

/// Only the token that was replaced last, and only for a while, gets the answer again.
fn replaced(presented: Presented<'_>, record: &Record, now: u64) -> Turn {
    let is_last = presented.generation.saturating_add(1) == record.generation;
    let answer = record
        .answer
        .as_ref()
        .filter(|answer| is_last && now <= answer.at.saturating_add(GRACE_SECONDS))
        .and_then(|answer| {
            key_of(presented.token)?
                .seal(Purpose::RefreshAnswer, &[presented.sid])
                .open(&answer.sealed)
                .ok()
        });
    answer.map_or(Turn::Reused, Turn::Answered)
}

/// A key that only who has the token can make.
fn key_of(token: &str) -> Option<KeyRing> {
    let digest = Sha256::digest(token);
    let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    KeyRing::parse(&text).ok()
}

fn load(presented: Presented<'_>, call: &Call<'_>) -> Result<(Record, Expect), StateError> {
    let Some(entry) = call.services.state.value(&key(presented.sid))? else {
        return Ok((Record::default(), Expect::Absent));
    };
    let record = serde_json::from_slice(&entry.value)
        .map_err(|_| StateError("the record of a session is damaged".to_owned()))?;
    Ok((record, Expect::Version(entry.version)))
}

fn save(
    presented: Presented<'_>,
    record: &Record,
    (expected, call): (Expect, &Call<'_>),
) -> Result<Outcome, StateError> {
    let value = serde_json::to_vec(record).unwrap_or_default();
    let ttl_s = u32::try_from(call.config.lifetimes.refresh_token_s).unwrap_or(u32::MAX);
    call.services
        .state
        .put(&key(presented.sid), &value, expected, ttl_s)
}

fn key(sid: &str) -> String {
    format!("family/{sid}")
}
