//! `idempotency_key`: the same call again gets the images of the first one, and pays nothing.

use guest::store::{Expect, NewValue, Outcome, StoreError};
use mcp::ToolReply;
use mcp::model::JsonObject;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::batch::Batch;
use super::outcome;
use crate::context::Context;
use crate::fault::{Fault, Kind};
use crate::gallery::id::ImageId;
use crate::gallery::jobs::Status;

/// How long a key is remembered.
const TTL_SECONDS: u32 = 24 * 60 * 60;

/// Arguments that do not make an order another one.
const NOT_COMPARED: [&str; 3] = ["idempotency_key", "wait_seconds", "confirm_cost"];

/// A key, and what it stands for.
pub(in crate::tools) struct Key {
    name: String,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct Record {
    fingerprint: String,
    ids: Vec<String>,
}

impl Key {
    /// The key of a call. It is stored as a hash: it can hold anything.
    pub(in crate::tools) fn new(key: &str, tool: &str, mut arguments: JsonObject) -> Self {
        for name in NOT_COMPARED {
            arguments.remove(name);
        }
        arguments.retain(|_, value| !value.is_null());
        Self {
            name: hash(key),
            fingerprint: hash(&format!("{tool}\n{}", Value::Object(arguments))),
        }
    }

    fn state_key(&self, context: Context<'_>) -> String {
        format!("idempotency/{}/{}", context.owner().key(), self.name)
    }
}

/// The answer of an earlier call with the same key, if its images are there or to come.
///
/// # Errors
/// When the key was used for another order, or the store fails.
pub(super) fn answer(context: Context<'_>, key: Option<&Key>) -> Result<Option<ToolReply>, Fault> {
    let Some(key) = key else {
        return Ok(None);
    };
    let Some(stored) = context.capabilities.state.get(&key.state_key(context))? else {
        return Ok(None);
    };
    of_record(context, key, &stored.value)
}

/// Binds the key to the images of a batch, unless somebody was faster: then that is the answer.
///
/// # Errors
/// As [`answer`].
pub(super) fn claim(
    context: Context<'_>,
    key: Option<&Key>,
    batch: &Batch<'_>,
) -> Result<Option<ToolReply>, Fault> {
    let Some(key) = key else {
        return Ok(None);
    };
    let state = context.capabilities.state;
    let state_key = key.state_key(context);
    let record = Record {
        fingerprint: key.fingerprint.clone(),
        ids: batch.ids().iter().map(ImageId::to_string).collect(),
    };
    let bytes =
        serde_json::to_vec(&record).map_err(|error| StoreError::Other(error.to_string()))?;
    let value = NewValue {
        bytes: &bytes,
        ttl_seconds: Some(TTL_SECONDS),
    };
    let mut expected = Expect::Absent;
    loop {
        if let Outcome::Done(_) = state.put(&state_key, value, expected)? {
            return Ok(None);
        }
        let Some(stored) = state.get(&state_key)? else {
            expected = Expect::Absent;
            continue;
        };
        if let Some(reply) = of_record(context, key, &stored.value)? {
            return Ok(Some(reply));
        }
        // What an earlier call began has failed: this one takes its place.
        expected = Expect::Version(stored.version);
    }
}

/// `None` when nothing came of it.
fn of_record(context: Context<'_>, key: &Key, bytes: &[u8]) -> Result<Option<ToolReply>, Fault> {
    let record: Record = serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Damaged(format!("key: column {}", error.column())))?;
    if record.fingerprint != key.fingerprint {
        return Err(Fault {
            kind: Kind::Client,
            code: "idempotency_conflict",
            message: "the `idempotency_key` was used for another request\nhint: choose a new key"
                .to_owned(),
            facts: None,
            detail: None,
        });
    }
    let ids: Vec<_> = record
        .ids
        .iter()
        .filter_map(|id| ImageId::parse(id))
        .collect();
    for id in &ids {
        if let Ok(Some(sidecar)) = context.gallery().sidecar(id) {
            return Ok(Some(outcome::of_stored(context, &sidecar)?.into()));
        }
    }
    for id in &ids {
        match context.jobs().find(id)? {
            Some(job) if job.status == Status::Generating => {
                return Ok(Some(outcome::of_job(id, &job)?.into()));
            }
            _ => {}
        }
    }
    Ok(None)
}

fn hash(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
