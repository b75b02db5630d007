//! TLS with the certificate of the configuration.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;

/// An acceptor that shows the configured certificate chain.
///
/// # Errors
///
/// When the key does not belong to the certificate.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS")?
        .with_no_client_auth()
        .with_single_cert(tls.certificates.clone(), tls.key.clone_key())
        .context("the TLS certificate and its key do not fit")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
