//! One call of an instance as a future that outlives the request when it has to.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, Response};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::input::Input;
use super::warm::{Instance, SubjectKey, WarmPool};
use crate::engine::link::ToolsState;
use crate::error::ToolsError;

/// What the guest passes to `response-outparam.set`.
type Head = Result<Response<HyperOutgoingBody>, ErrorCode>;
type Work = Pin<Box<dyn Future<Output = Result<(), ToolsError>> + Send>>;

/// Everything that one call needs; it owns the instance.
pub struct Call {
    pub instance: Instance,
    pub request: Request<Input>,
    pub sender: oneshot::Sender<Head>,
    pub permit: OwnedSemaphorePermit,
    pub pre: ProxyPre<ToolsState>,
    /// Where the instance goes afterwards, if it did well.
    pub warm: Option<(Arc<WarmPool>, SubjectKey)>,
}

impl Call {
    async fn run(self) -> Result<(), ToolsError> {
        let Self {
            mut instance,
            request,
            sender,
            permit,
            pre,
            warm,
        } = self;
        let outcome = call_handle(&mut instance, &pre, request, sender).await;
        match (outcome, warm) {
            (Ok(()), Some((pool, subject))) => pool.give_back(subject, instance, Instant::now()),
            (Ok(()), None) => {}
            (Err(source), _) => {
                return Err(ToolsError::Trap {
                    source,
                    stderr: instance.store.data().stderr(),
                });
            }
        }
        drop(permit);
        Ok(())
    }
}

async fn call_handle(
    instance: &mut Instance,
    pre: &ProxyPre<ToolsState>,
    request: Request<Input>,
    sender: oneshot::Sender<Head>,
) -> wasmtime::Result<()> {
    let store = &mut instance.store;
    let request = store
        .data_mut()
        .http()
        .new_incoming_request(Scheme::Http, request)?;
    let out = store.data_mut().http().new_response_outparam(sender)?;
    if instance.proxy.is_none() {
        instance.proxy = Some(pre.instantiate_async(&mut *store).await?);
    }
    let Some(proxy) = &instance.proxy else {
        return Ok(());
    };
    proxy
        .wasi_http_incoming_handler()
        .call_handle(store, request, out)
        .await
}

/// A call in progress. Dropping it does not end the guest: a client that goes away does not undo
/// what it asked for; the guest learns it when it writes to a stream that nobody reads.
pub struct Running {
    work: Option<Work>,
    background: Duration,
    request_id: Arc<str>,
}

impl Running {
    /// Prepares a call; it runs while it is polled, or detached.
    pub fn start(call: Call, background: Duration, request_id: Arc<str>) -> Self {
        Self {
            work: Some(Box::pin(call.run())),
            background,
            request_id,
        }
    }

    /// Runs the guest until it has set its response head.
    pub async fn head(
        &mut self,
        receiver: &mut oneshot::Receiver<Head>,
    ) -> Result<Response<HyperOutgoingBody>, ToolsError> {
        let head = tokio::select! {
            biased;
            failed = self.failure() => return Err(failed),
            head = &mut *receiver => head,
        };
        match head {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(code)) => Err(ToolsError::InvalidAnswer(format!("{code:?}"))),
            Err(_) => Err(self.failure_or(ToolsError::NoAnswer).await),
        }
    }

    /// Runs the guest; ready only when it fails. A guest that ends well leaves this pending.
    pub async fn failure(&mut self) -> ToolsError {
        if let Some(work) = self.work.as_mut() {
            let outcome = work.await;
            self.work = None;
            if let Err(error) = outcome {
                return error;
            }
        }
        pending().await
    }

    /// Why the body broke off: the failure of the guest, if there is one.
    pub async fn broken_body(&mut self, error: &wasmtime_wasi_http::Error) -> ToolsError {
        self.failure_or(ToolsError::InvalidAnswer(format!(
            "the body broke off: {error:?}"
        )))
        .await
    }

    /// The failure of a guest that is about to end, or `otherwise`.
    async fn failure_or(&mut self, otherwise: ToolsError) -> ToolsError {
        match self.work.take() {
            None => otherwise,
            Some(work) => match work.await {
                Ok(()) => otherwise,
                Err(error) => error,
            },
        }
    }

    /// Stops the guest now.
    pub fn kill(mut self) {
        self.work = None;
    }

    /// Lets the guest go on in the background, within its budget.
    pub fn detach(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (background, request_id) = (self.background, Arc::clone(&self.request_id));
        runtime.spawn(async move {
            match tokio::time::timeout(background, work).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%request_id, %error, "the tools failed after their answer"),
                Err(_) => tracing::warn!(%request_id, ?background, "background work was stopped: its time is over"),
            }
        });
    }
}
