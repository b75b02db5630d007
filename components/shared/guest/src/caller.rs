//! Who calls, as the policy says. Everything that asks the policy is here.

use mcp::{Denial, Operation};

use crate::HOST;
use crate::bindings::imagegen::auth::authorizer;
use crate::bindings::imagegen::auth::types;
pub(crate) use crate::bindings::imagegen::auth::types::RequestHead;
use crate::log::Log;

/// What a server needs of the policy, so that tests can play one.
pub trait Access {
    /// Asks whether the caller may do this. Fit for [`mcp::Server::authorize`].
    ///
    /// # Errors
    /// The refusal, ready to be sent.
    fn authorize(&self, operation: &Operation<'_>) -> Result<(), Denial>;

    /// Who it is: the same text only for the same issuer and subject. Fit for
    /// [`mcp::Server::principal`].
    fn principal(&self) -> String;

    /// Whether the policy knows who it is, so that something can belong to them. `false` for a
    /// policy that asks nobody.
    fn is_known(&self) -> bool;
}

/// A caller whom the policy has admitted. Only the policy makes one.
#[derive(Clone, Debug)]
pub struct Caller {
    identity: types::Identity,
}

impl Caller {
    /// Asks the policy who sent the request.
    pub(crate) fn authenticate(head: &RequestHead) -> Result<Self, Denial> {
        authorizer::authenticate(head)
            .map(|identity| Self { identity })
            .map_err(denial)
    }

    /// `sub` of the token, or the name that the policy gives.
    pub fn subject(&self) -> &str {
        &self.identity.subject
    }
}

impl Access for Caller {
    fn authorize(&self, operation: &Operation<'_>) -> Result<(), Denial> {
        let operation = types::Operation {
            method: operation.method.to_owned(),
            target: Some(operation.target.to_owned()),
            writes: operation.writes,
        };
        authorizer::authorize(&self.identity, &operation).map_err(denial)
    }

    fn principal(&self) -> String {
        // A line break cannot be in an issuer, which is a URL, so no two pairs look alike.
        let issuer = self.identity.issuer.as_deref().unwrap_or_default();
        format!("{issuer}\n{}", self.identity.subject)
    }

    fn is_known(&self) -> bool {
        // What a policy says of everybody: no issuer, no client, no end, and this name.
        let types::Identity {
            subject,
            issuer,
            client_id,
            expires_at,
            ..
        } = &self.identity;
        let is_anybody = subject == "anonymous"
            && issuer.is_none()
            && client_id.is_none()
            && expires_at.is_none();
        !is_anybody
    }
}

fn denial(denial: types::Denial) -> Denial {
    let log: &dyn Log = HOST.log;
    log.info(&format!(
        "policy: refused: {}: {}",
        denial.code, denial.reason
    ));
    Denial {
        status: denial.status,
        code: denial.code,
        description: denial.description,
        challenge: denial.challenge,
        retry_after_seconds: denial.retry_after_seconds,
    }
}
