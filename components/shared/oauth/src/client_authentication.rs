//! How a client proves who it is at `/token` and `/revoke` (RFC 6749, section 2.3; RFC 7523, section
//! 3): not at all, by a secret, or by an assertion that it has signed.

mod assertion;
mod presented;

use policy::types::HttpRequest;

use crate::answer::OAuthError;
use crate::client::{Authentication, Client, ClientError, Clients, Occasion};
use crate::form::Parameters;
use crate::services::Services;

use presented::{Presented, Proof};

const RETRY_AFTER_SECONDS: u32 = 30;

/// How this server lets clients authenticate, for the metadata (RFC 8414, section 2).
#[must_use]
pub fn methods(clients: &Clients) -> Vec<&'static str> {
    let mut methods = vec!["none"];
    if clients.has_secrets() {
        methods.extend(["client_secret_basic", "client_secret_post"]);
    }
    if clients.reads_documents() {
        methods.push("private_key_jwt");
    }
    methods
}

/// Algorithms for `private_key_jwt`, for the metadata.
#[must_use]
pub const fn signing_algorithms() -> &'static [&'static str] {
    crate::client::signing_algorithms()
}

/// The client that makes a request, as far as it can prove it.
///
/// # Errors
/// `invalid_request` for a request that can be read in two ways, `invalid_client` for a client that
/// is not known or not authenticated, 503 while that cannot be said.
pub fn authenticate(
    clients: &Clients,
    request: &HttpRequest,
    parameters: &Parameters,
    services: &Services<'_>,
) -> Result<Client, OAuthError> {
    let presented = Presented::read(request, parameters)?;
    let client = clients
        .resolve(&presented.unverified_id, Occasion::Token, services)
        .map_err(|error| refusal(error, &presented))?;
    let refuse = |reason: &str| Err(invalid_client(reason, &presented));
    match (&client.authentication, &presented.proof) {
        (Authentication::None, Proof::None) => {}
        (Authentication::None, _) => return refuse("public_client_with_a_proof"),
        (Authentication::Secret(secret), Proof::Secret { unverified, .. }) => {
            if !secret.is(unverified) {
                return refuse("secret_wrong");
            }
        }
        (Authentication::Secret(_), _) => return refuse("secret_missing"),
        (Authentication::PrivateKey { keys, .. }, Proof::Assertion(unverified)) => {
            let judge = assertion::Judge {
                client_id: &client.id,
                audiences: &clients.audiences(),
                keys,
            };
            judge
                .judge(unverified, services)
                .map_err(|error| match error {
                    assertion::AssertionError::Refused(reason) => {
                        invalid_client(&format!("assertion_refused {reason}"), &presented)
                    }
                    assertion::AssertionError::Unavailable(reason) => {
                        OAuthError::unavailable(RETRY_AFTER_SECONDS, reason)
                    }
                })?;
        }
        (Authentication::PrivateKey { is_optional, .. }, Proof::None) => {
            if !is_optional {
                return refuse("assertion_missing");
            }
        }
        (Authentication::PrivateKey { .. }, Proof::Secret { .. }) => {
            return refuse("secret_of_a_client_that_has_none");
        }
    }
    Ok(client)
}

fn refusal(error: ClientError, presented: &Presented) -> OAuthError {
    match error {
        ClientError::Unknown(_) => invalid_client(&error.to_string(), presented),
        ClientError::Unavailable(_) => {
            OAuthError::unavailable(RETRY_AFTER_SECONDS, error.to_string())
        }
    }
}

fn invalid_client(reason: &str, presented: &Presented) -> OAuthError {
    OAuthError {
        challenge: presented.challenge(),
        ..OAuthError::invalid_client(reason)
    }
}
