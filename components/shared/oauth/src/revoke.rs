//! `/revoke` (RFC 7009): a client does not need its tokens any more.
//!
//! A refresh token takes its whole session with it, at the provider too; an access token only itself.
//! Tokens that are unknown, over, revoked already or somebody else's get the same answer: they are
//! of no use to who presents them, and nothing happens (section 2.2).

use policy::loggable::Loggable;
use policy::types::{HttpRequest, HttpResponse};

use crate::access_token::AccessToken;
use crate::answer::{OAuthError, header};
use crate::call::{Call, store_unavailable};
use crate::client_authentication;
use crate::form::Parameters;
use crate::grant::RefreshToken;
use crate::log::Level;
use crate::revocation;
use crate::seal::Purpose;
use crate::session::Session;
use crate::token::{self, method_not_allowed};

/// Answers a request.
///
/// # Errors
/// Any OAuth error, ready to be sent.
pub fn serve(request: &HttpRequest, call: &Call<'_>) -> Result<HttpResponse, OAuthError> {
    if request.head.method != "POST" {
        return Err(method_not_allowed());
    }
    call.admit(token::RATE, &request.head)
        .map_err(|seconds| OAuthError::too_many_requests(seconds, "rate_limited bucket=token"))?;
    let parameters = Parameters::of_body(request)
        .map_err(|error| OAuthError::bad_request(error.code(), error.to_string()))?;
    let client = client_authentication::authenticate(
        &call.config.clients,
        request,
        &parameters,
        call.services,
    )?;
    let unverified = parameters
        .value("token")
        .ok_or_else(|| OAuthError::bad_request("invalid_request", "`token` is missing"))?;
    revoke(unverified, &client.id, call)?;
    Ok(HttpResponse {
        status: 200,
        headers: vec![header("cache-control", "no-store")],
        body: Vec::new(),
    })
}

fn revoke(unverified: &str, client_id: &str, call: &Call<'_>) -> Result<(), OAuthError> {
    let state = call.services.state;
    let refresh_token: Option<RefreshToken> = call
        .seal(Purpose::RefreshToken, client_id)
        .open_json(unverified)
        .ok();
    if let Some(token) = refresh_token {
        let session = &token.grant.session;
        revocation::revoke_session(&session.sid, call.config.lifetimes.longest_s(), state)
            .map_err(|error| store_unavailable(&error))?;
        call.note(Level::Info, "session_revoked");
        revoke_at_provider(session, call);
        return Ok(());
    }
    let access_token =
        AccessToken::verify(unverified, call.parties(), &call.config.keys, call.now());
    if let Ok(token) = access_token
        && token.client_id == client_id
    {
        revocation::revoke_token(&token, call.now(), state)
            .map_err(|error| store_unavailable(&error))?;
        call.note(Level::Info, "access_token_revoked");
    }
    Ok(())
}

/// The session is over here whatever the provider says.
fn revoke_at_provider(session: &Session, call: &Call<'_>) {
    let Some(refresh_token) = &session.refresh_token else {
        return;
    };
    let outcome = call.provider().and_then(|provider| {
        provider.revoke(&call.config.credentials, refresh_token, call.services.http)
    });
    if let Err(error) = outcome {
        let detail = Loggable::new(&error.to_string());
        call.note(Level::Warn, &format!("provider_revocation_failed {detail}"));
    }
}
