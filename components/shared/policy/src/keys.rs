//! The types of `imagegen:keys/types` (`wit/keys/types.wit`) and the service that uses them.
//!
//! The components map the WIT interface onto these types. No key material passes through here.

/// All algorithms that the host verifies: every one is asymmetric (RFC 7518, section 3.1; RFC 8037).
pub const ALGORITHMS: [&str; 10] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
];

/// An OpenID provider as its discovery document describes it (OpenID Connect Discovery 1.0,
/// section 3; RFC 8414, section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata {
    /// `issuer`, byte for byte as the document spells it.
    pub issuer: String,
    /// The whole document, JSON.
    pub document: String,
}

/// A JWS whose signature was made by a key of the issuer (RFC 7515). No claim has been judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedJws {
    /// The protected header, JSON.
    pub header: String,
    /// The payload, JSON.
    pub payload: String,
}

/// The keys or the provider cannot be had at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// What happened, for the log.
    pub reason: String,
    /// When it makes sense to ask again, in seconds.
    pub retry_after_seconds: u32,
}

/// Why a token could not be verified. Only `Unavailable` is not the fault of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Not a compact JWS with a usable header.
    Malformed(String),
    /// `alg` is not among the algorithms allowed by the caller, or does not fit the key.
    AlgorithmRefused(String),
    /// The issuer has no key of that id.
    KeyUnknown(String),
    /// The key exists and did not make this signature.
    SignatureInvalid,
    /// The issuer or the configuration URL is not one granted to this component.
    NotGranted(String),
    /// The provider is down or its documents are unusable.
    Unavailable(Unavailable),
}

/// Discovery and signature verification as a service of the host.
pub trait Verifier {
    /// The provider behind a discovery URL.
    ///
    /// # Errors
    /// `NotGranted` and `Unavailable`.
    fn provider(&self, config_url: &str) -> Result<ProviderMetadata, Failure>;

    /// Verifies a compact JWS with the keys of `issuer`. Claims are not judged.
    ///
    /// # Errors
    /// Any [`Failure`].
    fn verify(
        &self,
        issuer: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure>;

    /// Verifies a compact JWS with the public keys of a JWK set that the caller brings.
    ///
    /// # Errors
    /// Any [`Failure`] but `NotGranted` and `Unavailable`.
    fn verify_with(
        &self,
        key_set: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure>;
}

impl<T: Verifier + ?Sized> Verifier for &T {
    fn provider(&self, config_url: &str) -> Result<ProviderMetadata, Failure> {
        (**self).provider(config_url)
    }

    fn verify(
        &self,
        issuer: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        (**self).verify(issuer, jws, algorithms)
    }

    fn verify_with(
        &self,
        key_set: &str,
        jws: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        (**self).verify_with(key_set, jws, algorithms)
    }
}

/// Token introspection (RFC 7662) as a service of the host.
pub trait Introspector {
    /// The JSON object that the provider behind a discovery URL answers. Nothing of it is judged.
    ///
    /// # Errors
    /// `NotGranted` and `Unavailable`.
    fn introspect(&self, config_url: &str, token: &str) -> Result<String, Failure>;
}
