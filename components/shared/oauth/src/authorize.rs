//! `/authorize` (RFC 6749, section 4.1.1; RFC 7636; RFC 8707; RFC 9207): a client wants a user.
//!
//! First who asks and where the answer may go: until both are known, errors are pages of ours. Then
//! everything else: from here on errors go to the client. What is left is a question to the user.

use policy::rates::Rate;
use policy::types::{HttpRequest, HttpResponse};

use crate::browser::Browser;
use crate::call::Call;
use crate::client::{Client, ClientError, Consent, Occasion};
use crate::consent;
use crate::form::Parameters;
use crate::local_page::{LocalPage, too_many_requests};
use crate::log::Level;
use crate::navigation::{ReturnAddress, may_be_seen};
use crate::redirect::RedirectUri;
use crate::remembered;
use crate::resource;
use crate::scope;
use crate::transaction::{Agreement, LIFETIME_S, Transaction};
use crate::upstream;

pub(crate) const RATE: Rate = Rate {
    bucket: "authorize",
    burst: 300,
    per_minute: 300,
};
/// Longest `state` of a client that is returned, in bytes.
const MAX_STATE_BYTES: usize = 2048;
/// Length of a SHA-256 digest in base64url: a challenge (RFC 7636, section 4.2), or a thumbprint.
const DIGEST_CHARACTERS: usize = 43;
/// When a client's document may be there again, in seconds.
const DOCUMENT_RETRY_AFTER_SECONDS: u32 = 30;

/// An error for the client: code and sentence.
type Refusal = (&'static str, &'static str);

/// Answers a request.
///
/// # Errors
/// A page of ours.
pub fn serve(request: &HttpRequest, call: &Call<'_>) -> Result<HttpResponse, LocalPage> {
    call.admit(RATE, &request.head).map_err(too_many_requests)?;
    if !may_be_seen(&request.head) {
        return Err(consent::not_seen());
    }
    let parameters = parameters(request)?;
    let (client, redirect_uri) = party(&parameters, call)?;
    let state = parameters.value("state");
    if state.is_some_and(|state| state.len() > MAX_STATE_BYTES) {
        return Err(LocalPage::bad_request(
            "state_too_long",
            "The application has sent a state that is too long to be returned.",
        ));
    }
    let address = ReturnAddress {
        redirect_uri,
        state: state.map(str::to_owned),
    };
    let browser = Browser::of_or_new(&request.head, call);
    let transaction = match asked(&parameters, call) {
        Ok(asked) => Transaction {
            browser: browser.id().to_owned(),
            client_id: client.id.clone(),
            redirect_uri: address.redirect_uri.as_str().to_owned(),
            state: address.state,
            challenge: asked.challenge,
            scopes: asked.scopes,
            bound_to: asked.bound_to,
            expires_at: call.now().saturating_add(LIFETIME_S),
        },
        Err((code, description)) => {
            call.note(Level::Info, &format!("authorize_refused error={code}"));
            return Ok(address.error(code, description, call));
        }
    };
    if client.consent == Consent::Skip {
        return signed_in(
            &browser,
            upstream::sign_in(transaction, Agreement::Given, call)?,
            call,
        );
    }
    if let Some(user) = remembered::user(&request.head, (&client, &transaction), call)? {
        let agreement = Agreement::Remembered(user);
        return signed_in(
            &browser,
            upstream::sign_in(transaction, agreement, call)?,
            call,
        );
    }
    consent::page(
        (&client, &address.redirect_uri),
        &transaction,
        &browser,
        call,
    )
}

/// Adds the cookie of the browser, which has to come back with the user.
fn signed_in(
    browser: &Browser,
    mut response: HttpResponse,
    call: &Call<'_>,
) -> Result<HttpResponse, LocalPage> {
    response
        .headers
        .push(consent::browser_field(browser, call)?);
    Ok(response)
}

fn parameters(request: &HttpRequest) -> Result<Parameters, LocalPage> {
    let read = match request.head.method.as_str() {
        "GET" => Parameters::of_query(&request.head.path_with_query),
        "POST" => Parameters::of_body(request),
        _ => return Err(consent::method_not_allowed()),
    };
    read.map_err(|error| {
        LocalPage::bad_request(
            error.code(),
            "The application has sent a request that cannot be read in one way only.",
        )
        .because(format!("authorize_malformed: {error}"))
    })
}

/// Who asks, and where the answer may go.
fn party(parameters: &Parameters, call: &Call<'_>) -> Result<(Client, RedirectUri), LocalPage> {
    let unverified_id = parameters.value("client_id").ok_or_else(|| {
        LocalPage::bad_request(
            "client_missing",
            "The application has not said which one it is.",
        )
    })?;
    let client = client(unverified_id, call)?;
    let redirect_uri = client
        .redirect_uri(parameters.value("redirect_uri"))
        .ok_or_else(|| {
            LocalPage::bad_request(
                "redirect_uri_refused",
                "The application wants the answer at an address that it has not registered.",
            )
        })?;
    Ok((client, redirect_uri))
}

/// The client behind an id.
pub(crate) fn client(unverified_id: &str, call: &Call<'_>) -> Result<Client, LocalPage> {
    call.config
        .clients
        .resolve(unverified_id, Occasion::Authorization, call.services)
        .map_err(|error| {
            let reason = error.to_string();
            match error {
                ClientError::Unknown(_) => LocalPage::bad_request(
                    "client_unknown",
                    "This server does not know the application. Adding it again may help.",
                ),
                ClientError::Unavailable(_) => LocalPage::unavailable(
                    DOCUMENT_RETRY_AFTER_SECONDS,
                    "client_unavailable",
                    "The description of the application cannot be had. Please try again in a moment.",
                ),
            }
            .because(reason)
        })
}

struct Asked {
    challenge: String,
    scopes: Vec<String>,
    bound_to: Option<String>,
}

/// Everything that is the client's own fault.
fn asked(parameters: &Parameters, call: &Call<'_>) -> Result<Asked, Refusal> {
    for name in ["request", "request_uri"] {
        if parameters.value(name).is_some() {
            return Err((
                if name == "request" {
                    "request_not_supported"
                } else {
                    "request_uri_not_supported"
                },
                "request objects are not supported",
            ));
        }
    }
    match parameters.value("response_type") {
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "only `code` is supported")),
        None => return Err(("invalid_request", "`response_type` is missing")),
    }
    if parameters
        .value("response_mode")
        .is_some_and(|mode| mode != "query")
    {
        return Err((
            "invalid_request",
            "only the response mode `query` is supported",
        ));
    }
    let challenge = challenge(parameters)?;
    match resource::judge(parameters.value("resource"), call.config) {
        Ok(true) => {}
        Ok(false) => call.note(Level::Info, "resource_respelled: taken for this server"),
        Err(_) => return Err(("invalid_target", "the resource is not one of this server")),
    }
    if parameters
        .value("prompt")
        .is_some_and(|prompt| prompt.split(' ').any(|word| word == "none"))
    {
        return Err(("interaction_required", "the user has to be asked"));
    }
    let bound_to = parameters.value("dpop_jkt");
    if bound_to.is_some_and(|thumbprint| !is_digest(thumbprint)) {
        return Err(("invalid_request", "`dpop_jkt` is not a SHA-256 thumbprint"));
    }
    Ok(Asked {
        challenge,
        scopes: scope::requested(parameters.value("scope"), &call.config.scopes),
        bound_to: bound_to.map(str::to_owned),
    })
}

/// The method has to be named: without it `plain` would be meant (RFC 7636, section 4.3).
fn challenge(parameters: &Parameters) -> Result<String, Refusal> {
    if parameters.value("code_challenge_method") != Some("S256") {
        return Err(("invalid_request", "`code_challenge_method` must be `S256`"));
    }
    parameters
        .value("code_challenge")
        .filter(|challenge| is_digest(challenge))
        .map(str::to_owned)
        .ok_or((
            "invalid_request",
            "`code_challenge` is not a SHA-256 digest",
        ))
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGEST_CHARACTERS
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
