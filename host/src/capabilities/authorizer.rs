//! `imagegen:auth/authorizer` for the tools: a trampoline into the policy of the tenant.
//!
//! `authenticate` returns the identity that the host has established for this request, whatever
//! the guest passes. `authorize` judges that identity too: a guest cannot claim another one.

use std::sync::Arc;

use crate::auth::{Authenticated, PolicyPool};
use crate::bindings::auth::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};
use crate::bindings::authorizer::Host;
use crate::error::PolicyError;
use crate::telemetry;

/// The caller of one request and the policy that judges what they do.
pub struct Authorizer {
    /// `None` for a request that no policy judges.
    caller: Option<Authenticated>,
    policy: Arc<PolicyPool>,
    request_id: Arc<str>,
}

impl Authorizer {
    /// The authorizer of one request.
    #[must_use]
    pub fn new(caller: Authenticated, policy: Arc<PolicyPool>, request_id: Arc<str>) -> Self {
        Self {
            caller: Some(caller),
            policy,
            request_id,
        }
    }

    /// The authorizer of a request that nobody has authenticated: it refuses everything.
    #[must_use]
    pub fn nobody(policy: Arc<PolicyPool>, request_id: Arc<str>) -> Self {
        Self {
            caller: None,
            policy,
            request_id,
        }
    }
}

impl Host for Authorizer {
    async fn authenticate(&mut self, _unverified_head: RequestHead) -> Result<Identity, Denial> {
        let caller = self.caller.as_ref().ok_or_else(unauthenticated)?;
        Ok(caller.identity().clone())
    }

    async fn authorize(
        &mut self,
        _unverified_who: Identity,
        what: Operation,
    ) -> Result<(), Denial> {
        let caller = self.caller.as_ref().ok_or_else(unauthenticated)?;
        let remembers = self.policy.is_own();
        if remembers && caller.permitted().contains(&what) {
            return Ok(());
        }
        let verdict = self
            .policy
            .authorize(&self.request_id, caller.identity(), &what)
            .await;
        let verdict = verdict.unwrap_or_else(|error| Err(unavailable(&error)));
        match &verdict {
            Ok(()) if remembers => caller.permitted().remember(what),
            Ok(()) => {}
            Err(denial) => telemetry::denied(&self.request_id, &what.method, denial),
        }
        verdict
    }

    async fn serve(&mut self, _request: HttpRequest) -> Option<HttpResponse> {
        // On this host the routes of the policy never reach the tools.
        None
    }
}

fn unauthenticated() -> Denial {
    Denial {
        status: 401,
        code: "invalid_token".to_owned(),
        description: "this request is not authenticated".to_owned(),
        challenge: None,
        retry_after_seconds: None,
        reason: "the tools asked who sent a request to a link".to_owned(),
    }
}

/// A policy that cannot answer refuses: fail closed, and do not make clients drop their tokens.
fn unavailable(error: &PolicyError) -> Denial {
    Denial {
        status: 503,
        code: "temporarily_unavailable".to_owned(),
        description: "the authorization policy is not available".to_owned(),
        challenge: None,
        retry_after_seconds: Some(1),
        reason: error.to_string(),
    }
}
