//! The rules for the provider's access token, where an operator wants them
//! (`OIDC_VERIFY_ACCESS_TOKEN`): those of `auth-remote`, for the same settings.

use policy::Remote;
use policy::keys::{Failure, Introspector, ProviderMetadata, VerifiedJws, Verifier};
use policy::settings::{Reader, Settings};
use policy::state::{Entry, Expect, Outcome, State, StateError};
use policy::types::RequestHead;

use crate::call::Call;
use crate::provider::{ProviderError, RETRY_AFTER_SECONDS};
use crate::secret::Secret;
use crate::sign_in::SignInError;

const NAME: &str = "OIDC_VERIFY_ACCESS_TOKEN";

/// The rules.
#[derive(Debug)]
pub struct AccessTokenRules(Remote);

impl AccessTokenRules {
    /// The rules, if they are wanted.
    pub(crate) fn read(settings: &impl Settings, reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.flag(NAME) {
            return None;
        }
        let rules = Remote::new(settings);
        if let Some(faults) = rules.faults().filter(|_| !reader.has_faults()) {
            reader.fault(NAME, faults.to_string());
        }
        Some(Self(rules))
    }

    /// Who the token is about, if it passes.
    pub(crate) fn subject_of(
        &self,
        token: &Secret,
        call: &Call<'_>,
    ) -> Result<String, SignInError> {
        let head = RequestHead {
            headers: vec![(
                "authorization".to_owned(),
                format!("Bearer {}", token.expose()),
            )],
            now: call.now(),
            ..RequestHead::default()
        };
        match self.0.authenticate(&head, &World(call)) {
            Ok(identity) => Ok(identity.subject),
            Err(denial) if denial.status == 503 => {
                Err(SignInError::Provider(ProviderError::Unavailable {
                    reason: denial.reason,
                    retry_after_seconds: denial.retry_after_seconds.unwrap_or(RETRY_AFTER_SECONDS),
                }))
            }
            Err(denial) => Err(SignInError::AccessToken(denial.reason)),
        }
    }
}

/// The world as those rules know it. They get to see neither a proof of possession nor a token that
/// the provider would have to read.
struct World<'a>(&'a Call<'a>);

impl Verifier for World<'_> {
    fn provider(&self, config_url: &str) -> Result<ProviderMetadata, Failure> {
        self.0.services.verifier.provider(config_url)
    }

    fn verify(
        &self,
        issuer: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        self.0.services.verifier.verify(issuer, jws, algorithms)
    }

    fn verify_with(
        &self,
        key_set: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        let verifier = self.0.services.verifier;
        verifier.verify_with(key_set, jws, algorithms)
    }
}

impl Introspector for World<'_> {
    fn introspect(&self, _: &str, _: &str) -> Result<String, Failure> {
        Err(Failure::Malformed("opaque".to_owned()))
    }
}

impl State for World<'_> {
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError> {
        self.0.services.state.value(key)
    }

    #[allow(clippy::too_many_arguments, reason = "those of the contract")]
    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError> {
        let state = self.0.services.state;
        state.put(key, value, expected, ttl_seconds)
    }

    fn delete(&self, key: &str, expected: Expect) -> Result<Outcome, StateError> {
        self.0.services.state.delete(key, expected)
    }
}
