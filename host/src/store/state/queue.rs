//! Writes waiting for a transaction.
//!
//! A commit costs a flush of the disk, whether it carries one write or a hundred. So writes that
//! arrive while a commit is under way wait, and the next commit carries all of them: alone a
//! write costs one flush, and under load the flushes are shared. Each is answered after the
//! commit that holds it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::super::clock::WallClock;
use super::super::error::Error;
use super::Outcome;
use super::database::Database;
use super::operation::Operation;

/// The most writes in one transaction: 256 of the largest are 16 MiB.
const MAX_BATCH: usize = 256;

/// The writes of the process, in the order of their arrival.
pub(super) struct Queue {
    database: Arc<Database>,
    clock: WallClock,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    writes: VecDeque<Write>,
    /// Whether a thread is committing and will come back for what has arrived meanwhile.
    committing: bool,
}

struct Write {
    operation: Operation,
    answer: oneshot::Sender<Result<Outcome, Error>>,
}

impl Queue {
    pub(super) fn new(database: Arc<Database>, clock: WallClock) -> Self {
        Self {
            database,
            clock,
            waiting: Mutex::default(),
        }
    }

    /// Carries out a write and waits until it is durable.
    pub(super) async fn submit(self: &Arc<Self>, operation: Operation) -> Result<Outcome, Error> {
        let (answer, answered) = oneshot::channel();
        let idle = {
            let mut waiting = self.waiting();
            waiting.writes.push_back(Write { operation, answer });
            !std::mem::replace(&mut waiting.committing, true)
        };
        if idle {
            let queue = self.clone();
            tokio::task::spawn_blocking(move || queue.commit_all());
        }
        let lost = || Error::Damaged("the database failed in the middle of a write".to_owned());
        answered.await.unwrap_or_else(|_| Err(lost()))
    }

    /// Waits for the writes that have been submitted.
    pub(super) async fn finish(self: &Arc<Self>) {
        if let Err(error) = self.submit(Operation::Barrier).await {
            tracing::warn!(%error, "state database not closed in good order");
        }
    }

    fn commit_all(self: Arc<Self>) {
        let mut guard = Committing {
            queue: &self,
            panicked: true,
        };
        while let Some(batch) = self.next_batch() {
            let operations: Vec<&Operation> = batch.iter().map(|write| &write.operation).collect();
            let outcome = self.database.write(&operations, self.clock.now_ms());
            match outcome {
                Ok(outcomes) => {
                    for (write, outcome) in batch.into_iter().zip(outcomes) {
                        // A caller that has left does not want to know.
                        let _ = write.answer.send(Ok(outcome));
                    }
                }
                Err(error) => {
                    for write in batch {
                        let _ = write.answer.send(Err(error.clone()));
                    }
                }
            }
        }
        guard.panicked = false;
    }

    /// Takes what is waiting, or ends the turn of this thread.
    fn next_batch(&self) -> Option<Vec<Write>> {
        let mut waiting = self.waiting();
        let count = waiting.writes.len().min(MAX_BATCH);
        waiting.committing = count > 0;
        (count > 0).then(|| waiting.writes.drain(..count).collect())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// redb may panic over a damaged file. Those who wait then get an error, and the next write a new
/// turn: without this they would wait forever.
struct Committing<'a> {
    queue: &'a Queue,
    panicked: bool,
}

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        if self.panicked {
            let mut waiting = self.queue.waiting();
            waiting.committing = false;
            waiting.writes.clear();
        }
    }
}
