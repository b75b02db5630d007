//! `imagegen:keys/verifier`: discovery and signature verification, natively.
//!
//! Measured: RS256 costs 0.02 ms here and 1.4 ms inside a component.

use std::sync::Arc;

use crate::bindings::keys::{Failure, ProviderMetadata, Unavailable, VerifiedJws};
use crate::bindings::policy::imagegen::keys::verifier::Host;
use crate::keys::{self, Keys};

/// The providers of one tenant.
#[derive(Clone)]
pub struct Verifier(Arc<Keys>);

impl Verifier {
    /// A verifier for the providers that the configuration grants.
    #[must_use]
    pub fn new(keys: Arc<Keys>) -> Self {
        Self(keys)
    }
}

impl Host for Verifier {
    async fn provider(&mut self, config_url: String) -> Result<ProviderMetadata, Failure> {
        let provider = self.0.provider(&config_url).await.map_err(failure)?;
        Ok(ProviderMetadata {
            issuer: provider.issuer,
            document: provider.metadata,
        })
    }

    async fn verify(
        &mut self,
        issuer: String,
        jws: String,
        algorithms: Vec<String>,
    ) -> Result<VerifiedJws, Failure> {
        let verified = self
            .0
            .verify(
                &issuer,
                &jws,
                &algorithms.iter().map(String::as_str).collect::<Vec<_>>(),
            )
            .await
            .map_err(failure)?;
        Ok(verified_jws(verified))
    }

    async fn verify_with(
        &mut self,
        key_set: String,
        jws: String,
        algorithms: Vec<String>,
    ) -> Result<VerifiedJws, Failure> {
        let algorithms: Vec<&str> = algorithms.iter().map(String::as_str).collect();
        let verified = self.0.verify_with(&key_set, &jws, &algorithms);
        verified.map(verified_jws).map_err(failure)
    }
}

fn verified_jws(verified: keys::VerifiedJws) -> VerifiedJws {
    VerifiedJws {
        header: verified.header,
        payload: verified.payload,
    }
}

pub(super) fn failure(failure: keys::Failure) -> Failure {
    match failure {
        keys::Failure::Malformed(what) => Failure::Malformed(what),
        keys::Failure::AlgorithmRefused(what) => Failure::AlgorithmRefused(what),
        keys::Failure::KeyUnknown(what) => Failure::KeyUnknown(what),
        keys::Failure::SignatureInvalid => Failure::SignatureInvalid,
        keys::Failure::NotGranted(what) => Failure::NotGranted(what),
        keys::Failure::Unavailable(unavailable) => Failure::Unavailable(Unavailable {
            reason: unavailable.reason,
            retry_after_seconds: unavailable.retry_after_seconds,
        }),
    }
}
