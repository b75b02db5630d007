//! Issues tokens for a grant (RFC 6749, section 5.1).

use serde::Serialize;

use crate::access_token::AccessToken;
use crate::call::Call;
use crate::grant::{Grant, RefreshToken};
use crate::random;
use crate::seal::Purpose;

/// The answer of the token endpoint.
#[derive(Serialize)]
struct Tokens<'a> {
    access_token: String,
    token_type: &'a str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
}

/// Who gets tokens, and which.
#[derive(Clone, Debug)]
pub struct Issuance<'a> {
    /// The client.
    pub client_id: &'a str,
    /// What was granted.
    pub grant: Grant,
    /// What the access token may do: all of the grant, or less.
    pub scopes: Vec<String>,
    /// How many refresh tokens came before in the session.
    pub generation: u64,
    /// The key that must come along with the tokens.
    pub bound_to: Option<String>,
}

impl Issuance<'_> {
    /// The body of the answer. There is a refresh token only if the provider gave us one: without
    /// it nobody would notice that the user is not welcome there any more.
    #[must_use]
    pub fn body(self, call: &Call<'_>) -> Vec<u8> {
        let now = call.now();
        let session = &self.grant.session;
        let ends_at = session.ends_at.unwrap_or(u64::MAX);
        let expires_at = now
            .saturating_add(call.config.lifetimes.access_token_s)
            .min(ends_at);
        let access_token = AccessToken {
            subject: session.subject.clone(),
            client_id: self.client_id.to_owned(),
            scopes: self.scopes.clone(),
            sid: session.sid.clone(),
            id: random::id(call.services.random),
            issued_at: now,
            expires_at,
            auth_time: session.auth_time,
            claims: session.claims.clone(),
            bound_to: self.bound_to.clone(),
        };
        let token_type = if self.bound_to.is_some() {
            "DPoP"
        } else {
            "Bearer"
        };
        let refresh_token = session.refresh_token.is_some().then(|| {
            let token = RefreshToken {
                generation: self.generation,
                expires_at: now
                    .saturating_add(call.config.lifetimes.refresh_token_s)
                    .min(ends_at),
                bound_to: self.bound_to.clone(),
                grant: self.grant.clone(),
            };
            call.seal(Purpose::RefreshToken, self.client_id)
                .seal_json(&token, call.services.random)
        });
        let tokens = Tokens {
            access_token: access_token.mint(call.parties(), &call.config.keys),
            token_type,
            expires_in: expires_at.saturating_sub(now),
            refresh_token,
            scope: self.scopes.join(" "),
        };
        // Texts and numbers always are JSON.
        serde_json::to_vec(&tokens).unwrap_or_default()
    }
}
