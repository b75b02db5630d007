//! `/token` (RFC 6749, section 3.2): codes and refresh tokens become tokens.
//!
//! Whatever is wrong with a code or a refresh token, the answer is the same (row 72 of the attacks):
//! the cause is for the log.

mod code;
mod refresh;

use policy::dpop::Proof;
use policy::rates::Rate;
use policy::types::{HttpRequest, HttpResponse};

use crate::answer::{OAuthError, header};
use crate::call::Call;
use crate::client_authentication;
use crate::form::Parameters;
use crate::proof;

pub(crate) const RATE: Rate = Rate {
    bucket: "token",
    burst: 300,
    per_minute: 300,
};

/// A request whose client is known.
struct Asked<'a> {
    parameters: &'a Parameters,
    client_id: &'a str,
    proof: Option<Proof>,
}

/// Answers a request.
///
/// # Errors
/// Any OAuth error, ready to be sent.
pub fn serve(request: &HttpRequest, call: &Call<'_>) -> Result<HttpResponse, OAuthError> {
    if request.head.method != "POST" {
        return Err(method_not_allowed());
    }
    call.admit(RATE, &request.head)
        .map_err(|seconds| OAuthError::too_many_requests(seconds, "rate_limited bucket=token"))?;
    let parameters = Parameters::of_body(request)
        .map_err(|error| OAuthError::bad_request(error.code(), error.to_string()))?;
    let grant_type = parameters
        .value("grant_type")
        .ok_or_else(|| OAuthError::bad_request("invalid_request", "`grant_type` is missing"))?;
    let client = client_authentication::authenticate(
        &call.config.clients,
        request,
        &parameters,
        call.services,
    )?;
    let asked = Asked {
        parameters: &parameters,
        client_id: &client.id,
        proof: proof::presented(&request.head, call)?,
    };
    let body = match grant_type {
        "authorization_code" => code::redeem(asked, call)?,
        "refresh_token" => refresh::refresh(asked, call)?,
        _ => {
            return Err(OAuthError::bad_request(
                "unsupported_grant_type",
                "the grant type is neither `authorization_code` nor `refresh_token`",
            ));
        }
    };
    Ok(json(body))
}

impl<'a> Asked<'a> {
    /// A parameter without which the request makes no sense.
    fn required(&self, name: &str) -> Result<&'a str, OAuthError> {
        self.parameters.value(name).ok_or_else(|| {
            OAuthError::bad_request("invalid_request", format!("`{name}` is missing"))
        })
    }
}

/// One answer for everything that is wrong with a grant.
fn invalid_grant(reason: impl Into<String>) -> OAuthError {
    OAuthError::bad_request(
        "invalid_grant",
        "the code or the refresh token is invalid, expired, used or revoked",
    )
    .because(reason)
}

pub(crate) fn method_not_allowed() -> OAuthError {
    OAuthError {
        status: 405,
        ..OAuthError::bad_request("invalid_request", "only POST is allowed here")
    }
}

fn json(body: Vec<u8>) -> HttpResponse {
    let fields = [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ];
    HttpResponse {
        status: 200,
        headers: fields.map(|(name, value)| header(name, value)).to_vec(),
        body,
    }
}
