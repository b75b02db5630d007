//! Calling the tools: an instance, the request, the answer.
//!
//! An instance may go on after its answer is complete; it is never shared between subjects.

mod input;
mod run;
mod warm;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{timeout, timeout_at};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::auth::{Authenticated, PolicyPool};
use crate::capabilities::authorizer::Authorizer;
use crate::engine::link::LinkedTools;
use crate::error::ToolsError;
use crate::respond::Body;
pub use input::{Filling, Input};
use run::{Call, Running};
pub use warm::WarmBounds;
use warm::{Instance, SubjectKey, WarmPool};

/// Longest time to wait for a free instance.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer that is not a stream, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// How instances are shared.
#[derive(Clone, Copy, Debug)]
pub enum Isolation {
    /// A fresh instance, with fresh memory, for every request.
    Request,
    /// An instance serves one request at a time of one subject, within bounds.
    Subject(WarmBounds),
}

/// Time that a request and its instance may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Until the answer is there, or its stream has begun.
    pub answer: Duration,
    /// Until the instance must have ended, background work included.
    pub background: Duration,
}

/// What the instances of one tenant may use together.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Instances at once.
    pub instances: usize,
    /// Whether they are reused.
    pub isolation: Isolation,
    /// Time for each request.
    pub budget: Budget,
}

/// The tools of one tenant.
pub struct Tools {
    linked: LinkedTools,
    policy: Arc<PolicyPool>,
    permits: Arc<Semaphore>,
    share: Share,
    warm: Option<Arc<WarmPool>>,
}

impl Tools {
    /// The tools of a tenant, which ask this policy.
    #[must_use]
    pub fn new(linked: LinkedTools, policy: Arc<PolicyPool>, share: Share) -> Self {
        let warm = match share.isolation {
            Isolation::Request => None,
            Isolation::Subject(bounds) => Some(Arc::new(WarmPool::new(bounds))),
        };
        Self {
            linked,
            policy,
            permits: Arc::new(Semaphore::new(share.instances)),
            share,
            warm,
        }
    }

    /// Passes one request of an authenticated caller to the tools.
    ///
    /// # Errors
    ///
    /// See [`ToolsError`].
    pub async fn call(
        &self,
        caller: Authenticated,
        request_id: &Arc<str>,
        request: Request<Bytes>,
    ) -> Result<Response<Body>, ToolsError> {
        let deadline = tokio::time::Instant::now() + self.share.budget.answer;
        let permit = self.permit().await?;
        let (instance, subject) = self.instance(caller, request_id);
        let (sender, mut head) = tokio::sync::oneshot::channel();
        let call = Call {
            instance,
            request: request.map(Input::whole),
            sender,
            permit,
            pre: self.linked.pre.clone(),
            warm: self.warm.clone().zip(subject),
        };
        let mut running =
            Running::start(call, self.share.budget.background, Arc::clone(request_id));

        let answer = timeout_at(deadline, async {
            let response = running.head(&mut head).await?;
            if is_stream(response.headers()) {
                return Ok(response.map(Body::Stream));
            }
            let (parts, body) = response.into_parts();
            let bytes = collect(body, &mut running).await?;
            Ok(Response::from_parts(parts, Body::full(bytes)))
        });
        match answer.await {
            Ok(Ok(response)) => {
                running.detach();
                Ok(response)
            }
            Ok(Err(error)) => {
                running.kill();
                Err(error)
            }
            Err(_) => {
                running.kill();
                Err(ToolsError::Timeout(self.share.budget.answer))
            }
        }
    }

    /// Passes a request to a transfer link to the tools: the token in its path is the credential,
    /// and no policy is asked. The instance belongs to nobody, and the answer goes out as it comes.
    ///
    /// # Errors
    ///
    /// See [`ToolsError`].
    pub async fn transfer(
        &self,
        request_id: &Arc<str>,
        request: Request<Input>,
    ) -> Result<Response<Body>, ToolsError> {
        let deadline = tokio::time::Instant::now() + self.share.budget.answer;
        let permit = self.permit().await?;
        let authorizer = Authorizer::nobody(Arc::clone(&self.policy), Arc::clone(request_id));
        let store = self.linked.new_store(authorizer, Arc::clone(request_id));
        let (sender, mut head) = tokio::sync::oneshot::channel();
        let call = Call {
            instance: Instance::fresh(store),
            request,
            sender,
            permit,
            pre: self.linked.pre.clone(),
            warm: None,
        };
        let mut running =
            Running::start(call, self.share.budget.background, Arc::clone(request_id));
        match timeout_at(deadline, running.head(&mut head)).await {
            Ok(Ok(response)) => {
                running.detach();
                Ok(response.map(Body::Stream))
            }
            Ok(Err(error)) => {
                running.kill();
                Err(error)
            }
            Err(_) => {
                running.kill();
                Err(ToolsError::Timeout(self.share.budget.answer))
            }
        }
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, ToolsError> {
        let permit = timeout(QUEUE_TIMEOUT, Arc::clone(&self.permits).acquire_owned());
        match permit.await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(ToolsError::Busy),
        }
    }

    /// Ready when no instance works any more, in the background either.
    pub async fn idle(&self) {
        let all = u32::try_from(self.share.instances).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let _ = self.permits.acquire_many(all).await;
    }

    /// Drops warm instances that have been idle or alive for too long.
    pub fn sweep(&self) {
        if let Some(warm) = &self.warm {
            warm.sweep(Instant::now());
        }
    }

    fn instance(
        &self,
        caller: Authenticated,
        request_id: &Arc<str>,
    ) -> (Instance, Option<SubjectKey>) {
        let subject = self
            .warm
            .as_ref()
            .map(|_| SubjectKey::of(caller.identity()));
        let authorizer = Authorizer::new(caller, Arc::clone(&self.policy), Arc::clone(request_id));
        if let (Some(warm), Some(subject)) = (&self.warm, &subject)
            && let Some(mut instance) = warm.take(subject, Instant::now())
        {
            instance.begin(authorizer, Arc::clone(request_id));
            return (instance, Some(subject.clone()));
        }
        (
            Instance::fresh(self.linked.new_store(authorizer, Arc::clone(request_id))),
            subject,
        )
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

/// Reads the whole body while the guest goes on writing it, so that head and body go out together.
async fn collect(mut body: HyperOutgoingBody, running: &mut Running) -> Result<Bytes, ToolsError> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let frame = tokio::select! {
            biased;
            failed = running.failure() => return Err(failed),
            frame = body.frame() => frame,
        };
        let data = match frame {
            None => break,
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => return Err(running.broken_body(&error).await),
        };
        if rest
            .len()
            .saturating_add(first.len())
            .saturating_add(data.len())
            > MAX_ANSWER_BYTES
        {
            return Err(ToolsError::InvalidAnswer(format!(
                "a body of more than {MAX_ANSWER_BYTES} bytes"
            )));
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
                first = Bytes::new();
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}
