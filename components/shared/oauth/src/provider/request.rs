//! The requests to the provider. A secret goes into a header or a body and nowhere else.

use std::fmt::{self, Debug, Formatter};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy::http::{Client, Destination, Error, Request, Response};
use policy::json;
use policy::loggable::Loggable;
use serde_json::{Map, Value};

use super::{Provider, ProviderError};
use crate::form;
use crate::secret::Secret;

/// The host gives a request of ours 25 seconds: the token endpoint may be asked twice, and then for
/// claims.
const TIMEOUT_MS: u32 = 8_000;
const USERINFO_TIMEOUT_MS: u32 = 5_000;
const MAX_RESPONSE_BYTES: u32 = 256 * 1024;
/// Longest token of the provider that is of use, in bytes: ours have to hold one.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Longest advice of the provider that is followed, in seconds.
const MAX_RETRY_AFTER_SECONDS: u32 = 300;

/// The client that we are at the provider.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: Secret,
}

/// A successful answer of the token endpoint (RFC 6749, section 5.1).
#[derive(Clone)]
pub struct TokenAnswer {
    /// The access token of the provider. It is used for `at_hash` and the user's claims only.
    pub access_token: Secret,
    /// The ID token, not verified.
    pub unverified_id_token: Option<Secret>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
}

impl Debug for TokenAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("id_token", &self.unverified_id_token.is_some())
            .field("refresh_token", &self.refresh_token.is_some())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SecretMethod {
    Basic,
    Post,
}

impl Provider {
    /// Asks for tokens. `parameters` are those of the grant.
    ///
    /// # Errors
    /// Any [`ProviderError`].
    pub fn tokens(
        &self,
        credentials: &Credentials,
        parameters: &[(&str, &str)],
        client: &dyn Client,
    ) -> Result<TokenAnswer, ProviderError> {
        let response = self.post((&self.token_endpoint, parameters), credentials, client)?;
        let members = object(&response.body, "token endpoint")?;
        let token = |name: &'static str| token(&members, name);
        Ok(TokenAnswer {
            access_token: token("access_token")?.ok_or(ProviderError::Invalid("access_token"))?,
            unverified_id_token: token("id_token")?,
            refresh_token: token("refresh_token")?,
        })
    }

    /// Tells the provider that a refresh token is not needed any more (RFC 7009). `Ok(false)` when
    /// it has no endpoint for that.
    ///
    /// # Errors
    /// Any [`ProviderError`].
    pub fn revoke(
        &self,
        credentials: &Credentials,
        refresh_token: &Secret,
        client: &dyn Client,
    ) -> Result<bool, ProviderError> {
        let Some(endpoint) = &self.revocation_endpoint else {
            return Ok(false);
        };
        let parameters = [
            ("token", refresh_token.expose()),
            ("token_type_hint", "refresh_token"),
        ];
        self.post((endpoint, &parameters), credentials, client)
            .map(|_| true)
    }

    /// What the provider says of the user (OpenID Connect Core 1.0, section 5.3). `None` when it has
    /// no endpoint for that, or answers with anything but plain JSON.
    ///
    /// # Errors
    /// Any [`ProviderError`].
    pub fn userinfo(
        &self,
        access_token: &Secret,
        client: &dyn Client,
    ) -> Result<Option<Map<String, Value>>, ProviderError> {
        let Some(endpoint) = &self.userinfo_endpoint else {
            return Ok(None);
        };
        let request = Request {
            method: "GET".to_owned(),
            url: endpoint.clone(),
            headers: fields([
                ("accept", "application/json".to_owned()),
                ("authorization", format!("Bearer {}", access_token.expose())),
            ]),
            body: Vec::new(),
            max_response_bytes: MAX_RESPONSE_BYTES,
            timeout_ms: USERINFO_TIMEOUT_MS,
        };
        let response = judged(client.send(Destination::Provider, &request))?;
        Ok(object(&response.body, "userinfo").ok())
    }

    /// A form to one of the endpoints that know our secret. Most providers accept it in one place
    /// only, and some advertise both: a refused client is tried once in the other place.
    fn post(
        &self,
        (endpoint, parameters): (&str, &[(&str, &str)]),
        credentials: &Credentials,
        client: &dyn Client,
    ) -> Result<Response, ProviderError> {
        let (first, second) = self.secret_methods();
        let send = |method| {
            let request = form_request(endpoint, credentials, (parameters, method));
            judged(client.send(Destination::Provider, &request))
        };
        match (send(first), second) {
            (Err(ProviderError::Refused(code)), Some(second)) if is_invalid_client(&code) => {
                send(second)
            }
            (result, _) => result,
        }
    }

    /// Basic is what a provider must support, and the default (RFC 6749, section 2.3.1).
    fn secret_methods(&self) -> (SecretMethod, Option<SecretMethod>) {
        let has = |name: &str| self.secret_methods.iter().any(|method| method == name);
        match (has("client_secret_basic"), has("client_secret_post")) {
            (false, true) => (SecretMethod::Post, None),
            (true, true) => (SecretMethod::Basic, Some(SecretMethod::Post)),
            (_, false) => (SecretMethod::Basic, None),
        }
    }
}

fn form_request(
    endpoint: &str,
    credentials: &Credentials,
    (parameters, method): (&[(&str, &str)], SecretMethod),
) -> Request {
    let (id, secret) = (
        credentials.client_id.as_str(),
        credentials.client_secret.expose(),
    );
    let mut headers = fields([
        ("accept", "application/json".to_owned()),
        (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ]);
    let mut pairs = parameters.to_vec();
    match method {
        SecretMethod::Basic => {
            let pair = format!("{}:{}", urlencoded(id), urlencoded(secret));
            let value = format!("Basic {}", STANDARD.encode(pair));
            headers.push(("authorization".to_owned(), value));
        }
        SecretMethod::Post => pairs.extend([("client_id", id), ("client_secret", secret)]),
    }
    Request {
        method: "POST".to_owned(),
        url: endpoint.to_owned(),
        headers,
        body: form::encode(&pairs).into_bytes(),
        max_response_bytes: MAX_RESPONSE_BYTES,
        timeout_ms: TIMEOUT_MS,
    }
}

/// Both parts are encoded before they are joined (RFC 6749, section 2.3.1).
fn urlencoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Only a clear refusal is one; everything that may pass is an outage.
fn judged(result: Result<Response, Error>) -> Result<Response, ProviderError> {
    let response = result.map_err(|error| {
        ProviderError::unavailable(match error {
            Error::Timeout => "timeout".to_owned(),
            Error::TooLarge => "answer_too_large".to_owned(),
            Error::NotGranted(detail) => format!("not_granted {}", Loggable::new(&detail)),
            Error::Invalid(detail) => format!("request_invalid {}", Loggable::new(&detail)),
            Error::AddressRefused(detail) => format!("address_refused {}", Loggable::new(&detail)),
            Error::Connection(detail) => format!("connection {}", Loggable::new(&detail)),
        })
    })?;
    match response.status {
        200..=299 => Ok(response),
        400..=499 if !matches!(response.status, 408 | 425 | 429) => Err(refusal(&response)),
        status => Err(ProviderError::Unavailable {
            reason: format!("status={status}"),
            retry_after_seconds: retry_after(&response).unwrap_or(super::RETRY_AFTER_SECONDS),
        }),
    }
}

fn refusal(response: &Response) -> ProviderError {
    let status = response.status;
    let error = object(&response.body, "error")
        .ok()
        .and_then(|members| members.get("error")?.as_str().map(str::to_owned));
    match error.as_deref() {
        Some("invalid_grant") => ProviderError::InvalidGrant,
        Some("temporarily_unavailable" | "server_error" | "slow_down") => {
            ProviderError::unavailable(format!("status={status}"))
        }
        Some(code) => ProviderError::Refused(Loggable::new(code)),
        None => ProviderError::Refused(Loggable::new(&format!("status {status}"))),
    }
}

fn is_invalid_client(code: &Loggable) -> bool {
    *code == Loggable::new("invalid_client")
}

fn retry_after(response: &Response) -> Option<u32> {
    let (_, value) = response
        .headers
        .iter()
        .find(|(name, _)| name == "retry-after")?;
    let seconds: u32 = value.trim().parse().ok()?;
    Some(seconds.clamp(1, MAX_RETRY_AFTER_SECONDS))
}

fn object(body: &[u8], what: &'static str) -> Result<Map<String, Value>, ProviderError> {
    std::str::from_utf8(body)
        .ok()
        .and_then(|text| json::object(text).ok())
        .ok_or(ProviderError::Invalid(what))
}

/// A token of the answer: absent, or a printable text of a usable size.
fn token(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Secret>, ProviderError> {
    let usable = |text: &&str| {
        !text.is_empty()
            && text.len() <= MAX_TOKEN_BYTES
            && text.bytes().all(|b| matches!(b, b' '..=b'~'))
    };
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Some(text.as_str())
            .filter(usable)
            .map(|text| Some(Secret::new(text)))
            .ok_or(ProviderError::Invalid(name)),
        Some(_) => Err(ProviderError::Invalid(name)),
    }
}

fn fields<const N: usize>(fields: [(&str, String); N]) -> Vec<(String, String)> {
    let owned = fields.into_iter();
    owned
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
