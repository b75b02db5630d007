//! What the fake remembers: requests, charges, cancellations, jobs and how often a fault struck.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::fault::{Faults, Refusal};
use crate::record::Recorded;

/// Everything that happened.
#[derive(Default)]
pub struct Ledger {
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    requests: Vec<Recorded>,
    charges: BTreeMap<String, Charge>,
    cancellations: BTreeMap<String, u64>,
    strikes: BTreeMap<String, u64>,
    standing: Faults,
    jobs: BTreeMap<String, Job>,
    files: BTreeMap<String, Vec<u8>>,
}

/// What one key was charged at one backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// Requests that were charged.
    pub requests: u64,
    /// Images in them.
    pub images: u64,
}

/// Work that is polled for.
#[derive(Clone)]
pub(crate) struct Job {
    pub backend: &'static str,
    pub faults: Faults,
    pub started: Instant,
    pub cancelled: bool,
    /// What the request asked for.
    pub request: Value,
    /// The image files, made at the start.
    pub images: Vec<Vec<u8>>,
}

impl Job {
    /// 0 to 1, by the clock.
    pub fn progress(&self) -> f64 {
        let whole = self.faults.duration();
        if self.faults.has("never") {
            return 0.5;
        }
        if whole.is_zero() {
            return 1.0;
        }
        (self.started.elapsed().as_secs_f64() / whole.as_secs_f64()).min(1.0)
    }
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.book().requests.clone()
    }

    /// Requests to a path that begins so, in order.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> Vec<Recorded> {
        let book = self.book();
        let some = book
            .requests
            .iter()
            .filter(|one| one.path.starts_with(path));
        some.cloned().collect()
    }

    /// What was charged, by `<backend>/<key>`.
    #[must_use]
    pub fn charges(&self) -> BTreeMap<String, Charge> {
        self.book().charges.clone()
    }

    /// Images charged at a backend, whoever pays.
    #[must_use]
    pub fn images_charged(&self, backend: &str) -> u64 {
        let book = self.book();
        let own = book
            .charges
            .iter()
            .filter(|(name, _)| name.split('/').next() == Some(backend));
        own.map(|(_, charge)| charge.images).sum()
    }

    /// How often work was cancelled, by backend.
    #[must_use]
    pub fn cancellations(&self, backend: &str) -> u64 {
        self.book()
            .cancellations
            .get(backend)
            .copied()
            .unwrap_or_default()
    }

    /// Waits until work at the backend has been cancelled; `false` when that does not happen.
    #[must_use]
    pub fn wait_for_cancellation(&self, backend: &str) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while self.cancellations(backend) == 0 {
            if Instant::now() > end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Sets the directives that hold for every prompt.
    pub fn set_faults(&self, text: &str) {
        self.book().standing = Faults::of(text);
    }

    /// Forgets everything.
    pub fn reset(&self) {
        *self.book() = Book::default();
    }

    pub(crate) fn all_cancellations(&self) -> BTreeMap<String, u64> {
        self.book().cancellations.clone()
    }

    pub(crate) fn record(&self, request: Recorded) {
        self.book().requests.push(request);
    }

    pub(crate) fn charge(&self, backend: &str, key: &str, images: u64) {
        let mut book = self.book();
        let charge = book.charges.entry(format!("{backend}/{key}")).or_default();
        charge.requests += 1;
        charge.images += images;
    }

    pub(crate) fn cancel(&self, backend: &str) {
        *self
            .book()
            .cancellations
            .entry(backend.to_owned())
            .or_default() += 1;
    }

    /// The directives for a prompt.
    pub(crate) fn faults(&self, prompt: &str) -> Faults {
        Faults::of(prompt).and(self.book().standing.clone())
    }

    /// The refusal that is due for this prompt now.
    pub(crate) fn refusal(&self, prompt: &str, faults: &Faults) -> Option<Refusal> {
        let due = |name: &str| {
            if !faults.has(name) {
                return false;
            }
            let Some(times) = faults.number(name, 0) else {
                return true;
            };
            let mut book = self.book();
            let strikes = book.strikes.entry(format!("{name}/{prompt}")).or_default();
            *strikes += 1;
            *strikes <= times
        };
        if due("429") {
            return Some(Refusal::RateLimited(faults.number("429", 1).unwrap_or(1)));
        }
        let simple = [
            ("500", Refusal::Broken),
            ("503", Refusal::Unavailable),
            ("401", Refusal::Unauthorized),
            ("402", Refusal::Payment),
            ("403", Refusal::Forbidden),
            ("404", Refusal::Gone),
            ("422", Refusal::Invalid),
            ("quota", Refusal::Quota),
        ];
        if let Some((_, refusal)) = simple.into_iter().find(|(name, _)| due(name)) {
            return Some(refusal);
        }
        (faults.argument("moderation") == Some("")).then_some(Refusal::Moderated)
    }

    pub(crate) fn start_job(&self, job: Job) -> String {
        let mut book = self.book();
        let id = format!("{}-{:04}", job.backend, book.jobs.len() + 1);
        book.jobs.insert(id.clone(), job);
        id
    }

    pub(crate) fn job(&self, id: &str) -> Option<Job> {
        self.book().jobs.get(id).cloned()
    }

    /// The job of a backend that runs now.
    pub(crate) fn running(&self, backend: &str) -> Vec<(String, Job)> {
        let book = self.book();
        let own = book
            .jobs
            .iter()
            .filter(|(_, job)| job.backend == backend && !job.cancelled && job.progress() < 1.0);
        own.map(|(id, job)| (id.clone(), job.clone())).collect()
    }

    /// Stops a job; `false` when it is not running.
    pub(crate) fn cancel_job(&self, id: &str) -> bool {
        let mut book = self.book();
        let Some(job) = book.jobs.get_mut(id) else {
            return false;
        };
        if job.cancelled || job.progress() >= 1.0 {
            return false;
        }
        job.cancelled = true;
        let backend = job.backend.to_owned();
        *book.cancellations.entry(backend).or_default() += 1;
        true
    }

    /// Puts a file where `/delivery/<name>` finds it.
    pub(crate) fn keep(&self, bytes: Vec<u8>, extension: &str) -> String {
        let mut book = self.book();
        let name = format!("{:04}.{extension}", book.files.len() + 1);
        book.files.insert(name.clone(), bytes);
        name
    }

    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.book().files.get(name).cloned()
    }
}
