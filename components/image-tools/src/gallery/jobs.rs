//! Generations under way, in the state store, so that every instance and the next process see
//! them. A job is held by a lease: whoever works renews it, and a job whose holder is gone reads as
//! `failed: interrupted` from then on, under the same id.

use guest::Capabilities;
use guest::store::{Expect, NewValue, Outcome, StoreError};
use serde::{Deserialize, Serialize};

use super::id::ImageId;
use super::owner::Owner;
use crate::text::shortened;
use crate::time::millis;

/// How long a lease holds without being renewed.
const LEASE_MS: u64 = 30_000;

/// A lease is renewed when this much of it is gone.
const RENEW_MS: u64 = 10_000;

/// Progress is written at most this often.
const PROGRESS_MS: u64 = 1000;

/// How long a record is kept after its last change.
const RECORD_TTL_SECONDS: u32 = 24 * 60 * 60;

/// How long a wish to stop is kept: longer than any work can go on.
const CANCEL_TTL_SECONDS: u32 = 24 * 60 * 60;

/// Characters of a prompt that a record keeps: it only serves listings, and a value of the store
/// is at most 64 KiB.
const PROMPT_CHARS: usize = 2000;

/// Keys are `job/<owner>/<id>`.
const PREFIX: &str = "job";

/// One generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// How far it is.
    pub status: Status,
    /// What was asked for, possibly shortened.
    pub prompt: String,
    /// Who generates.
    pub provider: String,
    /// The other parameters of the request.
    pub params: Params,
    /// 0 to 1.
    pub progress: f64,
    /// What the provider is doing.
    pub message: String,
    /// Why it failed.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// Milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    /// The process that works on it.
    pub owner: String,
    /// Until when the owner holds it, milliseconds since the Unix epoch.
    pub lease_until_ms: u64,
    /// The first of the images that are made together; `None` for that one itself.
    #[serde(default)]
    pub leader: Option<ImageId>,
}

/// Status of a job record. There is no `completed`: the sidecar of the image says that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Somebody works on it.
    Generating,
    /// It ended without an image.
    Failed,
}

/// Parameters of a generation that listings may show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// The aspect ratio.
    pub aspect_ratio: String,
    /// The quality.
    pub quality: String,
    /// The background.
    pub background: String,
    /// The model, when one was named.
    #[serde(default)]
    pub model: Option<String>,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable machine code.
    pub code: String,
    /// One sentence for the client.
    pub message: String,
}

/// The jobs of an owner.
#[derive(Clone, Copy)]
pub struct Jobs<'a> {
    capabilities: Capabilities<'a>,
    owner: Owner,
}

/// The right to work on a job. Whoever holds it is the only one who writes the record.
pub struct Lease<'a> {
    jobs: Jobs<'a>,
    id: ImageId,
    job: Job,
    written_at_ms: u64,
}

impl Failure {
    /// A failure with a code and a sentence.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    fn interrupted() -> Self {
        Self::new(
            "interrupted",
            "the server stopped while the image was being generated\nhint: generate it again",
        )
    }
}

impl<'a> Jobs<'a> {
    /// Jobs in the state store of these capabilities.
    pub fn new(capabilities: Capabilities<'a>, owner: Owner) -> Self {
        Self {
            capabilities,
            owner,
        }
    }

    /// Records that work begins, before any of it is done; `None` when the id is taken.
    ///
    /// # Errors
    /// When the store fails.
    pub fn start(self, id: &ImageId, request: NewJob) -> Result<Option<Lease<'a>>, StoreError> {
        let now = self.now_ms();
        let job = Job {
            status: Status::Generating,
            prompt: shortened(&request.prompt, PROMPT_CHARS),
            provider: request.provider,
            params: request.params,
            progress: 0.0,
            message: "starting".to_owned(),
            failure: None,
            created_at_ms: now,
            owner: self.run_id(),
            lease_until_ms: now.saturating_add(LEASE_MS),
            leader: request.leader,
        };
        let lease = Lease {
            jobs: self,
            id: id.clone(),
            job,
            written_at_ms: now,
        };
        Ok(match self.write(id, &lease.job, Expect::Absent)? {
            Outcome::Done(_) => Some(lease),
            Outcome::Conflict => None,
        })
    }

    /// The job of that id as of now: one whose holder is gone reads as failed.
    ///
    /// # Errors
    /// When the store fails, or the record cannot be read.
    pub fn find(self, id: &ImageId) -> Result<Option<Job>, StoreError> {
        let Some(stored) = self.capabilities.state.get(&self.key(id))? else {
            return Ok(None);
        };
        let job: Job = serde_json::from_slice(&stored.value)
            .map_err(|error| StoreError::Damaged(format!("job {id}: column {}", error.column())))?;
        Ok(Some(self.as_of_now(job)))
    }

    /// Every id with a record, in order. Records of finished generations are among them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn ids(self) -> Result<Vec<ImageId>, StoreError> {
        let prefix = self.prefix();
        let mut ids = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let keys = self.capabilities.state.keys(&prefix, after.as_deref())?;
            ids.extend(
                keys.iter()
                    .filter_map(|key| ImageId::parse(key.strip_prefix(&prefix)?)),
            );
            // A store that repeats itself must not keep us here for ever.
            match keys
                .into_iter()
                .next_back()
                .filter(|last| after.as_ref() < Some(last))
            {
                Some(last) => after = Some(last),
                None => return Ok(ids),
            }
        }
    }

    /// Removes the record.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget(self, id: &ImageId) -> Result<(), StoreError> {
        let _ = self
            .capabilities
            .state
            .delete(&self.key(id), Expect::Anything)?;
        Ok(())
    }

    /// Asks whoever works on the images of this leader to stop.
    ///
    /// # Errors
    /// When the store fails.
    pub fn cancel(self, leader: &ImageId) -> Result<(), StoreError> {
        let value = NewValue {
            bytes: b"1",
            ttl_seconds: Some(CANCEL_TTL_SECONDS),
        };
        let state = self.capabilities.state;
        let _ = state.put(&self.cancel_key(leader), value, Expect::Anything)?;
        Ok(())
    }

    /// Whether somebody has asked to stop.
    ///
    /// # Errors
    /// When the store fails.
    pub fn is_cancelled(self, leader: &ImageId) -> Result<bool, StoreError> {
        let found = self.capabilities.state.get(&self.cancel_key(leader))?;
        Ok(found.is_some())
    }

    fn cancel_key(self, leader: &ImageId) -> String {
        format!("cancel/{}/{leader}", self.owner.key())
    }

    fn as_of_now(self, mut job: Job) -> Job {
        let abandoned = || job.owner != self.run_id() || job.lease_until_ms < self.now_ms();
        if job.status == Status::Generating && abandoned() {
            job.status = Status::Failed;
            job.failure = Some(Failure::interrupted());
        }
        job
    }

    fn write(self, id: &ImageId, job: &Job, expected: Expect) -> Result<Outcome, StoreError> {
        let bytes =
            serde_json::to_vec(job).map_err(|error| StoreError::Other(error.to_string()))?;
        let value = NewValue {
            bytes: &bytes,
            ttl_seconds: Some(RECORD_TTL_SECONDS),
        };
        self.capabilities.state.put(&self.key(id), value, expected)
    }

    fn prefix(self) -> String {
        format!("{PREFIX}/{}/", self.owner.key())
    }

    fn key(self, id: &ImageId) -> String {
        format!("{}{id}", self.prefix())
    }

    /// Names this run of the host. Where a host has no such name, leases alone decide.
    fn run_id(self) -> String {
        self.capabilities
            .settings
            .setting("RUN_ID")
            .unwrap_or_default()
    }

    fn now_ms(self) -> u64 {
        millis(self.capabilities.clock.now())
    }
}

/// What a job is about.
#[derive(Clone, Debug, Default)]
pub struct NewJob {
    /// What was asked for.
    pub prompt: String,
    /// Who generates.
    pub provider: String,
    /// The other parameters.
    pub params: Params,
    /// The first of the images that are made together; `None` for that one itself.
    pub leader: Option<ImageId>,
}

impl Lease<'_> {
    /// Reports progress and renews the lease; writes only when it is time to. `progress` is 0 to 1.
    ///
    /// # Errors
    /// When the store fails. Worth a log line only: the next report tries again.
    pub fn report(&mut self, progress: f64, message: &str) -> Result<(), StoreError> {
        let changed = self.job.progress != progress || self.job.message != message;
        self.job.progress = progress;
        message.clone_into(&mut self.job.message);
        let now = self.jobs.now_ms();
        let age = now.saturating_sub(self.written_at_ms);
        if age >= RENEW_MS || (changed && age >= PROGRESS_MS) {
            self.write(now)
        } else {
            Ok(())
        }
    }

    /// Removes the record after the image was stored: its sidecar says all there is to say.
    ///
    /// # Errors
    /// When the store fails; the record then goes when its time is over.
    pub fn complete(self) -> Result<(), StoreError> {
        self.jobs.forget(&self.id)
    }

    /// Records that the work ended without an image.
    ///
    /// # Errors
    /// When the store fails; the lease then runs out, and the job reads as interrupted.
    pub fn fail(mut self, failure: Failure) -> Result<(), StoreError> {
        self.job.status = Status::Failed;
        self.job.failure = Some(failure);
        let now = self.jobs.now_ms();
        self.write(now)
    }

    fn write(&mut self, now: u64) -> Result<(), StoreError> {
        self.job.lease_until_ms = now.saturating_add(LEASE_MS);
        // Nobody else writes the record, so there is nothing to compare with.
        let _ = self.jobs.write(&self.id, &self.job, Expect::Anything)?;
        self.written_at_ms = now;
        Ok(())
    }
}
