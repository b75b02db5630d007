//! Replaces a refresh token (RFC 6749, section 6): the provider is asked whether the session goes on.
//!
//! An outage there is an outage here, and the token stays good. Only `invalid_grant`, an ID token of
//! somebody else, or a user who is not welcome any more ends the session.

use super::{Asked, invalid_grant};
use crate::answer::OAuthError;
use crate::call::{Call, store_unavailable};
use crate::family::{self, Lease, Presented, Turn};
use crate::grant::{Grant, RefreshToken};
use crate::issue::Issuance;
use crate::log::Level;
use crate::proof;
use crate::provider::{ProviderError, RETRY_AFTER_SECONDS};
use crate::resource;
use crate::revocation;
use crate::scope;
use crate::seal::Purpose;
use crate::session::Session;
use crate::sign_in::{self, SignInError};

/// When to ask again while somebody else is at it, in seconds.
const BUSY_RETRY_AFTER_SECONDS: u32 = 2;

/// The tokens for a refresh token.
pub fn refresh(asked: Asked<'_>, call: &Call<'_>) -> Result<Vec<u8>, OAuthError> {
    let unverified = asked.required("refresh_token")?;
    let parameters = asked.parameters;
    let token: RefreshToken = call
        .seal(Purpose::RefreshToken, asked.client_id)
        .open_json(unverified)
        .map_err(|_| invalid_grant("refresh_token_unknown"))?;
    if call.now() >= token.expires_at {
        return Err(invalid_grant("refresh_token_expired"));
    }
    if resource::judge(parameters.value("resource"), call.config).is_err() {
        return Err(OAuthError::bad_request(
            "invalid_target",
            "the refresh token is not for that resource",
        ));
    }
    let scopes = scope::narrowed(
        parameters.value("scope"),
        &token.grant.scopes,
        &call.config.scopes,
    )
    .ok_or_else(|| {
        OAuthError::bad_request(
            "invalid_scope",
            "the refresh token does not cover every scope",
        )
    })?;
    let sid = token.grant.session.sid.clone();
    if revocation::is_session_revoked(&sid, call.services.state)
        .map_err(|error| store_unavailable(&error))?
    {
        return Err(invalid_grant("session_revoked"));
    }
    // Tokens that are bound to no key stay so: the answer is the same for everybody who waits for it.
    if token.bound_to.is_some() {
        proof::spent(proof::of_key(asked.proof, token.bound_to.as_deref())?, call)?;
    }
    let presented = Presented {
        sid: &sid,
        generation: token.generation,
        token: unverified,
    };
    match family::enter(presented, call).map_err(|error| store_unavailable(&error))? {
        Turn::Answered(body) => Ok(body),
        Turn::Busy => Err(OAuthError::unavailable(
            BUSY_RETRY_AFTER_SECONDS,
            "refresh_busy",
        )),
        Turn::Reused => {
            end(&sid, call)?;
            call.note(
                Level::Warn,
                "refresh_token_reused: everything of its session is revoked",
            );
            Err(invalid_grant("refresh_token_reused"))
        }
        Turn::Lead(lease) => {
            let leading = Leading {
                presented,
                lease,
                client_id: asked.client_id,
                scopes,
            };
            leading.replace(token, call)
        }
    }
}

/// The one instance that asks the provider.
struct Leading<'a> {
    presented: Presented<'a>,
    lease: Lease,
    client_id: &'a str,
    scopes: Vec<String>,
}

impl Leading<'_> {
    fn replace(self, token: RefreshToken, call: &Call<'_>) -> Result<Vec<u8>, OAuthError> {
        let session = match renewed(&token.grant.session, call) {
            Ok(session) => session,
            Err(Ending::Outage(retry_after_seconds, reason)) => {
                family::give_back(self.presented, &self.lease, call)
                    .map_err(|error| store_unavailable(&error))?;
                return Err(OAuthError::unavailable(retry_after_seconds, reason));
            }
            Err(Ending::Over(reason)) => {
                end(self.presented.sid, call)?;
                return Err(invalid_grant(reason));
            }
        };
        let issuance = Issuance {
            client_id: self.client_id,
            grant: Grant {
                scopes: token.grant.scopes,
                session,
            },
            scopes: self.scopes,
            generation: token.generation.saturating_add(1),
            bound_to: token.bound_to,
        };
        let body = issuance.body(call);
        match family::complete(self.presented, &self.lease, &body, call) {
            Ok(true) => Ok(body),
            Ok(false) => Err(OAuthError::unavailable(
                BUSY_RETRY_AFTER_SECONDS,
                "refresh_lease_lost",
            )),
            // The provider has replaced its token: to keep ours back would end the session. What
            // is lost is the answer for duplicates, and the provider notices reuse.
            Err(error) => {
                call.note(Level::Error, &store_unavailable(&error).reason);
                Ok(body)
            }
        }
    }
}

/// Why a session is not renewed.
enum Ending {
    /// It may be, later: in how many seconds, and why.
    Outage(u32, String),
    /// Never: the text is the reason.
    Over(String),
}

/// The session as the provider now sees it.
fn renewed(session: &Session, call: &Call<'_>) -> Result<Session, Ending> {
    let provider = call.provider().map_err(ending)?;
    let Some(refresh_token) = &session.refresh_token else {
        return Err(Ending::Over("session_without_refresh_token".to_owned()));
    };
    let parameters = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose()),
    ];
    let credentials = &call.config.credentials;
    let answer = provider
        .tokens(credentials, &parameters, call.services.http)
        .map_err(ending)?;
    let mut renewed = session.clone();
    if let Some(rotated) = &answer.refresh_token {
        renewed.refresh_token = Some(rotated.clone());
    }
    match sign_in::identify_again(&provider, &answer, &session.subject, call) {
        Ok(Some(user)) if user.subject != session.subject => {
            return Err(Ending::Over("id_token_mismatch name=sub".to_owned()));
        }
        Ok(Some(user)) => renewed.claims = user.claims,
        // There need not be one (OpenID Connect Core 1.0, section 12.2).
        Ok(None) => {}
        // The provider has already replaced its token: what cannot be had now is no reason to lose it.
        Err(SignInError::Provider(error)) => call.note(Level::Warn, &error.to_string()),
        Err(error) => return Err(Ending::Over(error.to_string())),
    }
    Ok(renewed)
}

fn ending(error: ProviderError) -> Ending {
    let reason = error.to_string();
    match error {
        ProviderError::InvalidGrant => Ending::Over(reason),
        ProviderError::Unavailable {
            retry_after_seconds,
            ..
        } => Ending::Outage(retry_after_seconds, reason),
        // A mistake of ours or of the provider, not of the user.
        ProviderError::Refused(_) | ProviderError::Invalid(_) => {
            Ending::Outage(RETRY_AFTER_SECONDS, reason)
        }
    }
}

fn end(sid: &str, call: &Call<'_>) -> Result<(), OAuthError> {
    revocation::revoke_session(sid, call.config.lifetimes.longest_s(), call.services.state)
        .map_err(|error| store_unavailable(&error))
}
