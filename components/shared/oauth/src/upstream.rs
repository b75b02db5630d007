//! Sends a user to the provider (OpenID Connect Core 1.0, section 3.1.2.1), with a nonce and a PKCE
//! pair of our own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::loggable::Loggable;
use policy::types::HttpResponse;
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::form;
use crate::local_page::{self, LocalPage};
use crate::navigation::redirect;
use crate::random;
use crate::secret::Secret;
use crate::transaction::{Agreement, SignIn, Transaction};

/// The redirect to the provider.
///
/// # Errors
/// The provider or the store cannot be had: a page that says so.
pub fn sign_in(
    transaction: Transaction,
    agreement: Agreement,
    call: &Call<'_>,
) -> Result<HttpResponse, LocalPage> {
    let provider = call
        .provider()
        .map_err(|error| local_page::of_provider(&error))?;
    let random = call.services.random;
    let sign_in = SignIn {
        id: random::id(random),
        transaction,
        verifier: Secret::new(random::secret(random)),
        nonce: Secret::new(random::id(random)),
        agreement,
    };
    let state = sign_in.send(call).map_err(|error| {
        local_page::store_unavailable(&format!("store_unavailable {}", Loggable::new(&error.0)))
    })?;
    let config = call.config;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(sign_in.verifier.expose()));
    let scopes = config.request.scopes(&provider, &config.allow);
    let scope = scopes.join(" ");
    let callback = config.callback_url();
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", config.credentials.client_id.as_str()),
        ("redirect_uri", callback.as_str()),
        ("scope", scope.as_str()),
        ("state", state.as_str()),
        ("nonce", sign_in.nonce.expose()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    parameters.extend(config.request.further(&provider, &scopes, &config.resource));
    let endpoint = provider.authorization_endpoint();
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    let url = format!("{endpoint}{separator}{}", form::encode(&parameters));
    Ok(redirect(&url, Vec::new()))
}
