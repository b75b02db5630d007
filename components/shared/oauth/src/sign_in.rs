//! Who the provider says the user is, and whether that user may come in.
//!
//! The ID token is verified once, when the user has signed in, and never again: how long it lives
//! says nothing about the session. One that comes with a refresh is judged as well.

use policy::allow::NotAllowed;
use policy::keys::Failure;
use policy::loggable::Loggable;
use policy::profile::profile;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::id_token::{self, Expected, IdTokenError, Judged};
use crate::provider::{Provider, ProviderError, TokenAnswer};

/// Longest claims that our tokens carry, in bytes. Groups are the first to go: a token has to fit
/// into a header field.
const MAX_CLAIMS_BYTES: usize = 2048;

/// A user who may come in.
#[derive(Clone, Debug)]
pub struct User {
    /// `sub`.
    pub subject: String,
    /// Further claims of bounded size, one JSON object.
    pub claims: String,
    /// When the user signed in, if the provider says so.
    pub auth_time: Option<u64>,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The provider does not do its part.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The ID token is not the answer to our question.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// The access token of the provider does not pass the rules that were asked for.
    #[error("provider_access_token_refused {0}")]
    AccessToken(String),
    /// The user is on none of the lists.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

/// The user who has just signed in.
///
/// # Errors
/// See [`SignInError`].
pub fn identify(
    provider: &Provider,
    answer: &TokenAnswer,
    nonce: &str,
    call: &Call<'_>,
) -> Result<User, SignInError> {
    let judged = judged(provider, answer, Some(nonce), call)?.ok_or(IdTokenError::Missing)?;
    if let Some(rules) = &call.config.access_token_rules {
        let subject = rules.subject_of(&answer.access_token, call)?;
        if subject != judged.subject() {
            return Err(SignInError::AccessToken("sub_mismatch".to_owned()));
        }
    }
    admitted(provider, answer, judged, call)
}

/// The user of a session as a refresh shows them; `None` when it shows nothing new. Without an ID
/// token the provider is asked, if there are lists: who is off them is not to stay for months.
///
/// # Errors
/// See [`SignInError`].
pub fn identify_again(
    provider: &Provider,
    answer: &TokenAnswer,
    subject: &str,
    call: &Call<'_>,
) -> Result<Option<User>, SignInError> {
    if let Some(judged) = judged(provider, answer, None, call)? {
        return admitted(provider, answer, judged, call).map(Some);
    }
    let allow = &call.config.allow;
    if allow.is_empty() {
        return Ok(None);
    }
    let claims = provider.userinfo(&answer.access_token, call.services.http)?;
    let is_telling = |claims: &Map<String, Value>| {
        claims.get("sub").and_then(Value::as_str) == Some(subject)
            && allow.needs().iter().all(|name| claims.contains_key(*name))
    };
    let Some(claims) = claims.filter(is_telling) else {
        return Ok(None);
    };
    allow.admit(&claims)?;
    Ok(Some(User {
        subject: subject.to_owned(),
        auth_time: None,
        claims: bounded(&claims),
    }))
}

fn judged(
    provider: &Provider,
    answer: &TokenAnswer,
    nonce: Option<&str>,
    call: &Call<'_>,
) -> Result<Option<Judged>, SignInError> {
    let Some(unverified) = &answer.unverified_id_token else {
        return Ok(None);
    };
    let algorithms = provider.id_token_algorithms(&call.config.algorithms);
    let jws = call
        .services
        .verifier
        .verify(provider.issuer(), unverified.expose(), &algorithms)
        .map_err(of_failure)?;
    let expected = Expected {
        issuer: provider.issuer(),
        client_id: &call.config.credentials.client_id,
        algorithms: &algorithms,
        nonce,
        access_token: &answer.access_token,
        now: call.now(),
        leeway: call.config.leeway_s,
    };
    Ok(Some(id_token::judge(&jws, &expected)?))
}

fn of_failure(failure: Failure) -> SignInError {
    match failure {
        Failure::Unavailable(down) => SignInError::Provider(ProviderError::Unavailable {
            reason: Loggable::new(&down.reason).to_string(),
            retry_after_seconds: down.retry_after_seconds,
        }),
        Failure::NotGranted(_) => SignInError::Provider(ProviderError::Invalid("issuer")),
        Failure::AlgorithmRefused(_) => IdTokenError::Algorithm.into(),
        Failure::Malformed(_) | Failure::KeyUnknown(_) | Failure::SignatureInvalid => {
            IdTokenError::Signature.into()
        }
    }
}

/// Lets the user pass. The provider is asked for more only if a list needs a claim that is missing.
fn admitted(
    provider: &Provider,
    answer: &TokenAnswer,
    judged: Judged,
    call: &Call<'_>,
) -> Result<User, SignInError> {
    let allow = &call.config.allow;
    let mut claims = judged.claims().clone();
    if allow.needs().iter().any(|name| !claims.contains_key(*name)) {
        let further = provider.userinfo(&answer.access_token, call.services.http)?;
        if let Some(further) = further {
            complete(&mut claims, further);
        }
    }
    allow.admit(&claims)?;
    Ok(User {
        subject: judged.subject().to_owned(),
        auth_time: judged.auth_time(),
        claims: bounded(&claims),
    })
}

/// Adds what the ID token lacks, if both are about the same user (OpenID Connect Core 1.0, section
/// 5.3.2). Whether an address is verified is said of that address only.
fn complete(claims: &mut Map<String, Value>, further: Map<String, Value>) {
    if further.get("sub") != claims.get("sub") {
        return;
    }
    if !claims.contains_key("email") {
        claims.remove("email_verified");
    }
    let same_address = claims
        .get("email")
        .is_none_or(|email| further.get("email") == Some(email));
    for (name, value) in further {
        if name != "email_verified" || same_address {
            claims.entry(name).or_insert(value);
        }
    }
}

fn bounded(claims: &Map<String, Value>) -> String {
    let text = profile(claims);
    if text.len() <= MAX_CLAIMS_BYTES {
        return text;
    }
    let mut without_groups = claims.clone();
    without_groups.remove("groups");
    profile(&without_groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn completed(claims: Value, further: Value) -> Value {
        let Value::Object(mut claims) = claims else {
            unreachable!("an object")
        };
        let Value::Object(further) = further else {
            unreachable!("an object")
        };
        complete(&mut claims, further);
        Value::Object(claims)
    }

    #[test]
    fn claims_about_somebody_else_are_ignored() {
        let claims = json!({ "sub": "alice" });
        for further in [
            json!({ "sub": "bob", "email": "b@x" }),
            json!({ "email": "b@x" }),
        ] {
            assert_eq!(completed(claims.clone(), further), claims);
        }
    }

    #[test]
    fn an_address_is_verified_only_by_who_names_it() {
        let further = json!({ "sub": "a", "email": "new@x", "email_verified": true });
        assert_eq!(
            completed(json!({ "sub": "a", "email": "old@x" }), further.clone()),
            json!({ "sub": "a", "email": "old@x" })
        );
        assert_eq!(
            completed(
                json!({ "sub": "a", "email_verified": true }),
                json!({ "sub": "a", "email": "new@x" })
            ),
            json!({ "sub": "a", "email": "new@x" })
        );
        assert_eq!(completed(json!({ "sub": "a" }), further.clone()), further);
    }

    #[test]
    fn claims_fit_into_a_token_whatever_the_provider_says() {
        let groups: Vec<String> = (0..50).map(|n| format!("{n}{}", "g".repeat(60))).collect();
        let claims = json!({ "sub": "a", "email": "a@x", "groups": groups });
        let text = bounded(claims.as_object().unwrap());
        assert_eq!(text, r#"{"email":"a@x"}"#);
    }
}
