//! What backends say of themselves: whether they are there, take our key, and which models they
//! have. Asked at most every few minutes, and remembered for all instances.

use guest::Capabilities;
use guest::store::{Expect, NewValue};
use serde::{Deserialize, Serialize};

use super::Provider;
use super::error::{Code, ProviderError};
use super::model::Model;

/// How long a good answer is believed.
const GOOD_SECONDS: u32 = 300;

/// How long a bad one is: somebody may be repairing it.
const BAD_SECONDS: u32 = 60;

/// Largest record; the store takes 64 KiB. A longer list of models is asked for each time.
const MAX_RECORD_BYTES: usize = 60 * 1024;

/// What is known of a backend.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovery {
    /// Its models; when it is degraded, those that it would have.
    pub models: Vec<Model>,
    /// Why it cannot be used, if so.
    pub degraded: Option<Trouble>,
    /// When it was asked, seconds since the Unix epoch.
    pub at: u64,
}

/// Why a backend cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The code of the failure.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// As it is stored. A record of another process can be of another configuration.
#[derive(Serialize, Deserialize)]
struct Record {
    run_id: String,
    at: u64,
    models: Option<Vec<Model>>,
    trouble: Option<Trouble>,
}

impl Trouble {
    fn of(error: &ProviderError) -> Self {
        let text = error.to_string();
        Self {
            code: error.code.as_str().to_owned(),
            message: text.lines().next().unwrap_or_default().to_owned(),
        }
    }
}

/// Asks a backend, or remembers what it said; with `refresh`, asks in any case.
pub fn discover(
    capabilities: Capabilities<'_>,
    provider: &dyn Provider,
    (now, refresh): (u64, bool),
) -> Discovery {
    let plain = |models, degraded| Discovery {
        models,
        degraded,
        at: now,
    };
    if !provider.needs_network() {
        return plain(provider.models(), None);
    }
    if let Some(record) = recall(capabilities, provider.name()).filter(|_| !refresh) {
        let models = record.models;
        let is_whole = models.is_some() || record.trouble.is_some();
        if is_whole {
            return Discovery {
                models: models.unwrap_or_else(|| provider.models()),
                degraded: record.trouble,
                at: record.at,
            };
        }
    }
    match provider.discover() {
        Ok(models) => {
            remember(capabilities, provider.name(), (now, Ok(&models)));
            plain(models, None)
        }
        Err(error) => {
            remember(capabilities, provider.name(), (now, Err(&error)));
            plain(provider.models(), Some(Trouble::of(&error)))
        }
    }
}

/// Why a backend that was asked lately cannot be used.
pub fn trouble(capabilities: Capabilities<'_>, name: &str) -> Option<Trouble> {
    recall(capabilities, name)?.trouble
}

/// Remembers that a backend does not take our key, so that `auto` goes elsewhere.
pub fn refused_key(capabilities: Capabilities<'_>, error: &ProviderError) {
    if error.code == Code::Auth {
        let now = capabilities.clock.now().as_secs();
        remember(capabilities, error.provider, (now, Err(error)));
    }
}

fn recall(capabilities: Capabilities<'_>, name: &str) -> Option<Record> {
    let stored = capabilities.state.get(&key(name)).ok()??;
    let record: Record = serde_json::from_slice(&stored.value).ok()?;
    (record.run_id == run_id(capabilities)).then_some(record)
}

/// Nothing depends on its being written.
fn remember(
    capabilities: Capabilities<'_>,
    name: &str,
    (at, outcome): (u64, Result<&Vec<Model>, &ProviderError>),
) {
    let record = Record {
        run_id: run_id(capabilities),
        at,
        models: outcome.ok().cloned(),
        trouble: outcome.err().map(Trouble::of),
    };
    let Ok(bytes) = serde_json::to_vec(&record) else {
        return;
    };
    if bytes.len() > MAX_RECORD_BYTES {
        return;
    }
    let value = NewValue {
        bytes: &bytes,
        ttl_seconds: Some(if record.trouble.is_some() {
            BAD_SECONDS
        } else {
            GOOD_SECONDS
        }),
    };
    let _ = capabilities.state.put(&key(name), value, Expect::Anything);
}

fn key(name: &str) -> String {
    format!("discovery/{name}")
}

fn run_id(capabilities: Capabilities<'_>) -> String {
    capabilities.settings.setting("RUN_ID").unwrap_or_default()
}
