//! `imagegen:keys/introspector`: what the provider says of a token, asked with the host's client.

use std::sync::Arc;

use super::verifier::failure;
use crate::bindings::keys::Failure;
use crate::bindings::policy::imagegen::keys::introspector::Host;
use crate::keys;

/// The provider of one tenant, when its policy may ask it.
#[derive(Clone, Default)]
pub struct Introspector(Option<Arc<keys::Introspector>>);

impl Introspector {
    /// Grants this provider, or none.
    #[must_use]
    pub fn new(introspector: Option<Arc<keys::Introspector>>) -> Self {
        Self(introspector)
    }
}

impl Host for Introspector {
    async fn introspect(&mut self, config_url: String, token: String) -> Result<String, Failure> {
        match &self.0 {
            Some(introspector) => introspector
                .introspect(&config_url, &token)
                .await
                .map_err(failure),
            None => Err(Failure::NotGranted("introspection".to_owned())),
        }
    }
}
