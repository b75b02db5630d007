//! The policy of one tenant as warm instances: a policy is pure over plain values, so an instance
//! can answer many requests, one at a time.
//!
//! A trap, a time-out or an invalid answer costs the instance its life and the request a 503.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use wasmtime::Store;

use crate::bindings::auth::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};
use crate::bindings::policy::{Policy, PolicyPre};
use crate::engine::link::{LinkedPolicy, PolicyState};
use crate::error::PolicyError;

/// Longest time for one call. Verification may wait for a key fetch of five seconds.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time to wait for a free instance.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);
/// Calls after which an instance is replaced, so that a leak in a policy stays small.
const MAX_CALLS: u32 = 100_000;

/// Warm instances of the policy of one tenant.
pub struct PolicyPool {
    linked: LinkedPolicy,
    idle: Mutex<Vec<Instance>>,
    permits: Semaphore,
}

struct Instance {
    store: Store<PolicyState>,
    policy: Policy,
    calls: u32,
}

impl PolicyPool {
    /// A pool of at most `size` instances, made when they are needed.
    #[must_use]
    pub fn new(linked: LinkedPolicy, size: usize) -> Self {
        Self {
            linked,
            idle: Mutex::new(Vec::new()),
            permits: Semaphore::new(size),
        }
    }

    /// Whether a positive result may be kept by the digest of the token alone.
    #[must_use]
    pub fn judges_only_the_token(&self) -> bool {
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
        let _permit = self.permit().await?;
        let mut instance = self.checkout(request_id).await?;
        let call = instance
            .policy
            .imagegen_auth_authorizer()
            .call_authenticate(&mut instance.store, head);
        let verdict = finished(timeout(CALL_TIMEOUT, call).await)?;
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
        let _permit = self.permit().await?;
        let mut instance = self.checkout(request_id).await?;
        let call = instance.policy.imagegen_auth_authorizer().call_authorize(
            &mut instance.store,
            who,
            what,
        );
        let verdict = finished(timeout(CALL_TIMEOUT, call).await)?;
        self.give_back(instance);
        Ok(verdict)
    }

    /// `authorizer.serve`.
    ///
    /// # Errors
    ///
    /// When the policy could not answer.
    pub async fn serve(
        &self,
        request_id: &Arc<str>,
        request: &HttpRequest,
    ) -> Result<Option<HttpResponse>, PolicyError> {
        let _permit = self.permit().await?;
        let mut instance = self.checkout(request_id).await?;
        let call = instance
            .policy
            .imagegen_auth_authorizer()
            .call_serve(&mut instance.store, request);
        let response = finished(timeout(CALL_TIMEOUT, call).await)?;
        self.give_back(instance);
        Ok(response)
    }

    async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, PolicyError> {
        match timeout(QUEUE_TIMEOUT, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(PolicyError::Busy),
        }
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
        let policy = match timeout(CALL_TIMEOUT, pre.instantiate_async(&mut store)).await {
            Ok(instantiated) => instantiated.map_err(PolicyError::Trap)?,
            Err(_) => return Err(PolicyError::Timeout(CALL_TIMEOUT)),
        };
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

fn finished<T>(
    outcome: Result<wasmtime::Result<T>, tokio::time::error::Elapsed>,
) -> Result<T, PolicyError> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(trap)) => Err(PolicyError::Trap(trap)),
        Err(_) => Err(PolicyError::Timeout(CALL_TIMEOUT)),
    }
}
