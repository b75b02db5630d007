//! The policy of `auth-remote`: an OAuth 2.1 resource server in front of an OpenID provider.
//!
//! [`Remote::authenticate`] is the story of a token; each step gets what only the step before makes.
//! A token is a JWT, whose signature the host verifies, or it is opaque, and the host asks the
//! provider about it (see `remote/introspection.rs` for when).

mod audience;
mod binding;
mod claims;
mod config;
mod error;
mod granted;
mod identity;
mod introspection;
mod kind;
mod lifetime;
mod metadata;
mod presented;

use crate::bearer::static_identity;
use crate::credential::UnverifiedToken;
use crate::keys::{Failure, Introspector, ProviderMetadata, VerifiedJws, Verifier};
use crate::loggable::Loggable;
use crate::refusal::{Advice, unavailable};
use crate::settings::{Faults, Settings};
use crate::state::State;
use crate::types::{
    Denial, HttpRequest, HttpResponse, Identity, MAX_REUSABLE_SECONDS, Operation, RequestHead,
};

use claims::Claims;
use config::Config;
use error::TokenError;
use presented::{Presented, proof_denial};

/// When to ask again if the host does not say, in seconds.
const RETRY_AFTER_SECONDS: u32 = 30;

/// The policy, configured. A faulty configuration refuses every request with 503.
#[derive(Debug)]
pub struct Remote {
    config: Result<Config, Faults>,
    notes: Vec<String>,
}

impl Remote {
    /// Reads the settings. This is the only time that they are read.
    #[must_use]
    pub fn new(settings: &impl Settings) -> Self {
        match Config::read(settings) {
            Ok((config, notes)) => Self {
                config: Ok(config),
                notes,
            },
            Err(faults) => Self {
                config: Err(faults),
                notes: Vec::new(),
            },
        }
    }

    /// What is wrong with the configuration.
    #[must_use]
    pub fn faults(&self) -> Option<&Faults> {
        self.config.as_ref().err()
    }

    /// What an operator should know and that is not wrong.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The identity behind the token of a request.
    ///
    /// # Errors
    /// 400 for a request that can be read in two ways, 401 for a missing or refused token or proof,
    /// 403 for a user who may not call or a token that lacks a scope that everything needs, 503
    /// while the provider, its keys or the state cannot be had or the configuration is faulty.
    pub fn authenticate(
        &self,
        head: &RequestHead,
        services: &(impl Verifier + Introspector + State),
    ) -> Result<Identity, Denial> {
        let config = self.config()?;
        let presented = match Presented::of(head, config) {
            Ok(presented) => presented,
            // Who has no token yet would now look for the provider: say at once that it is not there.
            Err(denial) if denial.status == 401 => {
                return Err(provider(config, services).err().unwrap_or(denial));
            }
            Err(denial) => return Err(denial),
        };
        if let Some(token) = presented.as_static()
            && let Some(subject) = config.static_tokens.subject_of(token)
        {
            return Ok(static_identity(subject, config.scopes.all()));
        }
        let advice = presented.advice(config);
        let (claims, reusable_seconds) =
            config.claims(presented.unverified_token, (&advice, head.now), services)?;
        let proof = presented.proof(&claims, head, (config, services))?;
        config
            .allowed
            .admit(claims.all())
            .map_err(|error| error.denial())?;
        let identity = identity::identity(&claims, &config.scopes)
            .map_err(|error| advice.invalid_token(&error))?;
        config.scopes.permit_request(&identity, &advice)?;
        // Last, since what is spent takes up room.
        let reusable_seconds = match proof {
            None => reusable_seconds,
            Some(proof) => proof
                .spend(services)
                .map(|_| 0)
                .map_err(|error| proof_denial(&error, &advice))?,
        };
        Ok(Identity {
            reusable_seconds,
            ..identity
        })
    }

    /// Whether an identity has all scopes that an operation needs.
    ///
    /// # Errors
    /// 403 with all scopes of the operation in one challenge.
    pub fn authorize(&self, who: &Identity, what: &Operation) -> Result<(), Denial> {
        let config = self.config()?;
        config.scopes.permit_operation(who, what, &config.advice)
    }

    /// The metadata documents (RFC 9728, and the provider's own for clients that skip it).
    pub fn serve(&self, request: &HttpRequest, verifier: &impl Verifier) -> Option<HttpResponse> {
        metadata::serve(self.config.as_ref().ok(), &request.head, verifier)
    }

    fn config(&self) -> Result<&Config, Denial> {
        let faulty =
            |faults: &Faults| unavailable(None, &format_args!("configuration_faulty {faults}"));
        self.config.as_ref().map_err(faulty)
    }
}

impl Config {
    /// The claims of a token, judged but for its key, its user and its scopes, and for how many
    /// seconds they may be taken for granted.
    fn claims(
        &self,
        unverified_token: UnverifiedToken<'_>,
        (advice, now): (&Advice, u64),
        services: &(impl Verifier + Introspector),
    ) -> Result<(Claims, u32), Denial> {
        let refuse = |error: TokenError| advice.invalid_token(&error);
        let token = unverified_token.expose();
        let (claims, most) = match is_compact_jws(unverified_token) {
            Ok(()) => {
                let provider = provider(self, services)?;
                let jws = services
                    .verify(&provider.issuer, token, &self.algorithms)
                    .map_err(|failure| denial_of(failure, advice))?;
                let claims = judge(&jws, &provider, self, now).map_err(refuse)?;
                (claims, MAX_REUSABLE_SECONDS)
            }
            Err(TokenError::Opaque) if self.introspection => {
                let provider = provider(self, services)?;
                let claims =
                    introspection::claims(token, &provider, (self, advice, now), services)?;
                (claims, introspection::MAX_REUSABLE_SECONDS)
            }
            Err(error) => return Err(refuse(error)),
        };
        let left = claims.expires_at().unwrap_or(now).saturating_sub(now);
        Ok((claims, u32::try_from(left).unwrap_or(most).min(most)))
    }
}

/// Refuses what is not three non-empty base64url segments, before any cryptography.
fn is_compact_jws(unverified_token: UnverifiedToken<'_>) -> Result<(), TokenError> {
    let segments: Vec<&str> = unverified_token.expose().split('.').collect();
    let base64url = |segment: &&str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match segments.len() {
        3 if segments.iter().all(base64url) => Ok(()),
        3 => Err(TokenError::Segments),
        5 => Err(TokenError::Encrypted),
        _ => Err(TokenError::Opaque),
    }
}

/// Judges everything about a token but its key, its user and its scopes.
fn judge(
    jws: &VerifiedJws,
    provider: &ProviderMetadata,
    config: &Config,
    now: u64,
) -> Result<Claims, TokenError> {
    let claims = Claims::parse(jws)?;
    kind::judge(&claims, config)?;
    claims.issued_by(&provider.issuer)?;
    audience::judge(&claims, &config.audience)?;
    let expires_at = lifetime::judge(&claims, &config.lifetime, now)?;
    Ok(claims.expiring_at(expires_at))
}

fn provider(config: &Config, verifier: &impl Verifier) -> Result<ProviderMetadata, Denial> {
    verifier
        .provider(&config.config_url)
        .map_err(|failure| match failure {
            Failure::Unavailable(_) | Failure::NotGranted(_) => denial_of(failure, &config.advice),
            // Without a token there is none to blame.
            _ => unavailable(Some(RETRY_AFTER_SECONDS), &"provider_unavailable"),
        })
}

/// Only the fault of a token makes a client drop its token.
fn denial_of(failure: Failure, advice: &Advice) -> Denial {
    match failure {
        Failure::Unavailable(down) => {
            let reason = format!("provider_unavailable {}", Loggable::new(&down.reason));
            unavailable(Some(down.retry_after_seconds), &reason)
        }
        Failure::NotGranted(detail) => {
            let reason = format!("provider_not_granted {}", Loggable::new(&detail));
            unavailable(Some(RETRY_AFTER_SECONDS), &reason)
        }
        Failure::Malformed(detail) => {
            advice.invalid_token(&TokenError::Malformed(Loggable::new(&detail)))
        }
        Failure::AlgorithmRefused(detail) => {
            advice.invalid_token(&TokenError::Algorithm(Loggable::new(&detail)))
        }
        Failure::KeyUnknown(detail) => {
            advice.invalid_token(&TokenError::KeyUnknown(Loggable::new(&detail)))
        }
        Failure::SignatureInvalid => advice.invalid_token(&TokenError::Signature),
    }
}
