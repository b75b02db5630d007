//! The access token: its kind, and whether the policy of this server takes it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::report::Report;
use super::story::Login;
use super::tokens::Tokens;
use crate::bindings::auth::{Denial, RequestHead};

/// Says what kind of token it is, and has the policy judge it where it takes such tokens.
pub(super) async fn judge(login: &Login, tokens: &Tokens, report: &mut Report) {
    let token = tokens.text("access_token").unwrap_or_default();
    report.note(if is_jwt(token) {
        "the access token is a JWT"
    } else {
        "the access token is opaque"
    });
    let Some(policy) = &login.policy else {
        return;
    };
    let head = RequestHead {
        method: "POST".to_owned(),
        scheme: "https".to_owned(),
        authority: "localhost".to_owned(),
        path_with_query: "/mcp".to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
        client_address: None,
        now: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
    };
    let request_id: Arc<str> = "check".into();
    match policy.authenticate(&request_id, &head).await {
        Ok(Ok(identity)) => report.fine(format!(
            "this server takes the access token: subject `{}`, scopes `{}`",
            identity.subject,
            identity.scopes.join(" ")
        )),
        Ok(Err(denial)) => report.problem(
            format!("this server refuses the access token: {}", reason(&denial)),
            remedy(&denial, &login.plan.endpoint_url),
        ),
        Err(error) => report.problem(
            format!("the policy gave no answer: {error}"),
            "the log above says more",
        ),
    }
}

fn reason(denial: &Denial) -> String {
    format!("{} ({})", denial.description, denial.reason)
}

/// The reason begins with a stable code.
fn remedy(denial: &Denial, endpoint_url: &str) -> String {
    let code = denial.reason.split([' ', ':']).next().unwrap_or_default();
    match code {
        "aud_mismatch" => format!(
            "have the provider issue access tokens for `{endpoint_url}` (a resource or an audience of the client), or put into `OIDC_AUDIENCE` what it writes into `aud`"
        ),
        "token_opaque" => "have the provider issue JWTs as access tokens to this client, or set `OIDC_CLIENT_ID` and `OIDC_CLIENT_SECRET` next to `AUTH_MODE=remote`, so that it can be asked about them".to_owned(),
        "token_inactive" => "let the client `OIDC_CLIENT_ID` introspect tokens of other clients".to_owned(),
        "iss_mismatch" => "set `OIDC_CONFIG_URL` to the discovery document of the issuer that the token names".to_owned(),
        "token_expired" | "token_not_yet_valid" => "set the clocks of both machines by NTP".to_owned(),
        "typ_refused" | "not_an_access_token" => "have the provider mark access tokens as such (`typ` is `at+jwt`, RFC 9068), and not hand out ID tokens in their place".to_owned(),
        "alg_refused" | "key_unknown" | "signature_invalid" => "have the provider sign access tokens with a key of its published key set".to_owned(),
        _ if denial.code == "insufficient_scope" => "let the client have the scopes of `OIDC_REQUIRED_SCOPES`".to_owned(),
        _ if denial.status == 403 => "this user is on none of the lists `OIDC_ALLOWED_EMAILS`, `_DOMAINS`, `_GROUPS`, `_SUBJECTS`, or the access token does not tell the claim".to_owned(),
        _ if denial.status == 503 => "the provider must answer questions about tokens: let the client `OIDC_CLIENT_ID` introspect them".to_owned(),
        _ => "the reason is also what the log of the server says".to_owned(),
    }
}

/// Three parts, of which the first is a JSON object with `alg`.
fn is_jwt(token: &str) -> bool {
    let mut parts = token.split('.');
    let header = parts.next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).unwrap_or_default();
    header.get("alg").is_some() && parts.count() == 2
}
