//! The policy of one tenant as warm instances: a policy is pure over plain values, so an instance
//! can answer many requests, one at a time.
//!
//! Judging requests and serving the policy's own routes have permits of their own: an OAuth server
//! waits for its provider, and callers with a token must not wait with it.
//!
//! A trap, a time-out or an invalid answer costs the instance its life and the request a 503.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use wasmtime::Store;

use crate::bindings::auth::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};
use crate::bindings::policy::{Capabilities as Policy, CapabilitiesPre as PolicyPre};
use crate::engine::link::{LinkedPolicy, PolicyState};
use crate::error::PolicyError;

/// Longest time to judge a request. Verification may wait for a key fetch of five seconds.
const JUDGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time to serve a route: a request to the provider of ten seconds, and waiting for
/// another instance that makes the same one.
const SERVE_TIMEOUT: Duration = Duration::from_secs(25);
/// Longest time to wait for a free instance.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);
/// Instances that judge requests at a time. A call takes microseconds, or seconds while keys are
/// fetched; then others wait.
const JUDGES: usize = 16;
/// Instances that serve routes at a time.
const SERVERS: usize = 32;
/// Instances of one policy.
pub const INSTANCES: usize = JUDGES + SERVERS;
/// Calls after which an instance is replaced, so that a leak in a policy stays small.
const MAX_CALLS: u32 = 100_000;

/// Warm instances of the policy of one tenant.
pub struct PolicyPool {
    linked: LinkedPolicy,
    idle: Mutex<Vec<Instance>>,
    permits: Permits,
}

/// How many calls of each kind may be under way.
struct Permits {
    judges: Semaphore,
    servers: Semaphore,
}

struct Instance {
    store: Store<PolicyState>,
    policy: Policy,
    calls: u32,
}

impl PolicyPool {
    /// A pool of at most [`INSTANCES`] instances, made when they are needed.
    #[must_use]
    pub fn new(linked: LinkedPolicy) -> Self {
        Self {
            linked,
            idle: Mutex::new(Vec::new()),
            permits: Permits::new(),
        }
    }

    /// Whether it is one of ours: its `authorize` judges the identity and the operation alone.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.linked.is_default
    }

    /// `authorizer.authenticate`.
    ///
    /// # Errors
    ///
    /// When the policy could not answer.
    pub async fn authenticate(
        &self,
        request_id: &Arc<str>,
        head: &RequestHead,
    ) -> Result<Result<Identity, Denial>, PolicyError> {
        let _permit = self.permits.judge().await?;
        let mut instance = self.checkout(request_id).await?;
        let call = instance
            .policy
            .imagegen_auth_authorizer()
            .call_authenticate(&mut instance.store, head);
        let verdict = within(JUDGE_TIMEOUT, call).await?;
        self.give_back(instance);
        Ok(verdict)
    }

    /// `authorizer.authorize`.
    ///
    /// # Errors
    ///
    /// When the policy could not answer.
    pub async fn authorize(
        &self,
        request_id: &Arc<str>,
        who: &Identity,
        what: &Operation,
    ) -> Result<Result<(), Denial>, PolicyError> {
        let _permit = self.permits.judge().await?;
        let mut instance = self.checkout(request_id).await?;
        let call = instance.policy.imagegen_auth_authorizer().call_authorize(
            &mut instance.store,
            who,
            what,
        );
        let verdict = within(JUDGE_TIMEOUT, call).await?;
        self.give_back(instance);
        Ok(verdict)
    }

    /// `authorizer.serve`. Goes on to its end when the caller stops waiting: a client that hangs up
    /// while the provider hands out a new refresh token must not make it be lost.
    ///
    /// # Errors
    ///
    /// When the policy could not answer.
    pub async fn serve(
        self: &Arc<Self>,
        request_id: &Arc<str>,
        request: HttpRequest,
    ) -> Result<Option<HttpResponse>, PolicyError> {
        let (pool, request_id) = (Arc::clone(self), Arc::clone(request_id));
        let serving = tokio::spawn(async move { pool.serve_here(&request_id, &request).await });
        // A panic in the host, or a runtime that ends.
        let lost = |error: tokio::task::JoinError| {
            Err(PolicyError::Trap(wasmtime::Error::msg(error.to_string())))
        };
        serving.await.unwrap_or_else(lost)
    }

    async fn serve_here(
        &self,
        request_id: &Arc<str>,
        request: &HttpRequest,
    ) -> Result<Option<HttpResponse>, PolicyError> {
        let _permit = self.permits.serve().await?;
        let mut instance = self.checkout(request_id).await?;
        let call = instance
            .policy
            .imagegen_auth_authorizer()
            .call_serve(&mut instance.store, request);
        let response = within(SERVE_TIMEOUT, call).await?;
        self.give_back(instance);
        Ok(response)
    }

    async fn checkout(&self, request_id: &Arc<str>) -> Result<Instance, PolicyError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut instance = match idle {
            Some(instance) => instance,
            None => self.instantiate().await?,
        };
        instance.calls = instance.calls.saturating_add(1);
        instance.store.data_mut().log.begin(Arc::clone(request_id));
        Ok(instance)
    }

    async fn instantiate(&self) -> Result<Instance, PolicyError> {
        let pre: &PolicyPre<PolicyState> = &self.linked.pre;
        let mut store = self.linked.new_store();
        let policy = within(JUDGE_TIMEOUT, pre.instantiate_async(&mut store)).await?;
        Ok(Instance {
            store,
            policy,
            calls: 0,
        })
    }

    fn give_back(&self, instance: Instance) {
        if instance.calls < MAX_CALLS {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(instance);
        }
    }
}

impl Permits {
    fn new() -> Self {
        Self {
            judges: Semaphore::new(JUDGES),
            servers: Semaphore::new(SERVERS),
        }
    }

    async fn judge(&self) -> Result<SemaphorePermit<'_>, PolicyError> {
        soon(&self.judges).await
    }

    async fn serve(&self) -> Result<SemaphorePermit<'_>, PolicyError> {
        soon(&self.servers).await
    }
}

async fn soon(permits: &Semaphore) -> Result<SemaphorePermit<'_>, PolicyError> {
    match timeout(QUEUE_TIMEOUT, permits.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(PolicyError::Busy),
    }
}

async fn within<T>(
    limit: Duration,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<T, PolicyError> {
    match timeout(limit, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(trap)) => Err(PolicyError::Trap(trap)),
        Err(_) => Err(PolicyError::Timeout(limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_provider_that_hangs_keeps_nobody_from_being_judged() {
        let permits = Permits::new();
        let mut waiting_for_the_provider = Vec::new();
        for _ in 0..SERVERS {
            waiting_for_the_provider.push(permits.serve().await.unwrap());
        }
        assert!(matches!(permits.serve().await, Err(PolicyError::Busy)));
        assert!(permits.judge().await.is_ok());
    }
}
