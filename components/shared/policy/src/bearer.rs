//! The policy of `auth-bearer`: static tokens, each with a subject, each allowed everything.

use crate::credential::{Credential, CredentialError, UnverifiedToken, credential};
use crate::refusal::{Advice, unavailable};
use crate::settings::{Faults, Reader, Settings};
use crate::static_tokens::{BEARER_TOKEN, StaticTokens};
use crate::types::{Denial, Identity, MAX_REUSABLE_SECONDS, RequestHead};

/// Protection space of the challenge; there is no provider to point to.
const REALM: &str = "image-generation-mcp";

/// What every static token may do.
const SCOPES: [&str; 2] = ["read", "write"];

/// The policy, configured. A faulty configuration refuses every request.
#[derive(Debug)]
pub struct Bearer {
    tokens: Result<StaticTokens, Faults>,
    notes: Vec<String>,
    advice: Advice,
}

impl Bearer {
    /// Reads `BEARER_TOKENS`, `BEARER_TOKEN` and `BEARER_DEFAULT_SUBJECT`.
    #[must_use]
    pub fn new(settings: &impl Settings) -> Self {
        let mut reader = Reader::new(settings);
        let tokens = StaticTokens::read(&mut reader);
        if tokens.is_empty() && !reader.has_faults() {
            reader.fault(BEARER_TOKEN, "neither this nor `BEARER_TOKENS` is set");
        }
        let advice = Advice {
            realm: REALM.to_owned(),
            ..Advice::default()
        };
        match reader.finish(tokens) {
            Ok((tokens, notes)) => Self {
                tokens: Ok(tokens),
                notes,
                advice,
            },
            Err(faults) => Self {
                tokens: Err(faults),
                notes: Vec::new(),
                advice,
            },
        }
    }

    /// What is wrong with the configuration.
    #[must_use]
    pub fn faults(&self) -> Option<&Faults> {
        self.tokens.as_ref().err()
    }

    /// What an operator should know and that is not wrong.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The identity behind the token of a request.
    ///
    /// # Errors
    /// 400, 401, or 503 when the configuration is faulty.
    pub fn authenticate(&self, head: &RequestHead) -> Result<Identity, Denial> {
        let tokens = self
            .tokens
            .as_ref()
            .map_err(|faults| unavailable(None, &format_args!("configuration_faulty {faults}")))?;
        let token = bearer_token(head, &self.advice)?;
        let subject = tokens
            .subject_of(token)
            .ok_or_else(|| self.advice.invalid_token(&"token_unknown"))?;
        Ok(static_identity(subject, SCOPES.map(str::to_owned).to_vec()))
    }
}

/// The token of a request; without one, the refusal that says how to get one.
///
/// # Errors
/// 400 or 401.
pub fn bearer_token<'a>(
    head: &'a RequestHead,
    advice: &Advice,
) -> Result<UnverifiedToken<'a>, Denial> {
    match credential(head) {
        Ok(Credential::Bearer(token)) => Ok(token),
        other => Err(credential_denial(other, advice)),
    }
}

/// The refusal of a request that presents no token of a scheme that is in use.
#[must_use]
pub fn credential_denial(
    credential: Result<Credential<'_>, CredentialError>,
    advice: &Advice,
) -> Denial {
    match credential {
        Ok(Credential::Absent) => advice.absent(&"credential_absent"),
        Ok(_) => advice.absent(&"scheme_not_in_use"),
        Err(error @ CredentialError::TooLong(_)) => advice.invalid_token(&error),
        Err(error) => advice.bad_request(&error),
    }
}

/// The identity that a static token stands for.
#[must_use]
pub fn static_identity(subject: &str, scopes: Vec<String>) -> Identity {
    Identity {
        subject: subject.to_owned(),
        issuer: None,
        client_id: None,
        scopes,
        expires_at: None,
        claims: "{}".to_owned(),
        reusable_seconds: MAX_REUSABLE_SECONDS,
    }
}
