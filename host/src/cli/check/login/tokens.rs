//! The token endpoint: what it is asked, what it answers, and what its errors mean.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::DATE;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::plan::Plan;
use super::report::Report;
use super::story::{Login, Provider};

/// Time for one request.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);
/// Largest answer, in bytes.
const MAX_BYTES: usize = 512 * 1024;

/// What the token endpoint gave. Never printed.
pub(super) struct Tokens {
    members: Map<String, Value>,
    /// The clock of the provider (`Date`).
    pub(super) date: Option<SystemTime>,
}

/// How the client proves who it is.
pub(super) struct ClientAuthentication {
    id: String,
    secret: crate::config::Secret,
    in_body: bool,
}

/// Why there are no tokens.
pub(super) enum TokenFault {
    NoEndpoint,
    Unreachable(String),
    Refused {
        status: u16,
        code: String,
        description: String,
    },
}

impl Tokens {
    /// A member that is a text, and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let member = self.members.get(name)?.as_str()?;
        (!member.is_empty()).then_some(member)
    }
}

impl ClientAuthentication {
    pub(super) fn of(plan: &Plan, document: &Value) -> Self {
        let methods = document.get("token_endpoint_auth_methods_supported");
        let takes = |name: &str| match methods.and_then(Value::as_array) {
            None => name == "client_secret_basic",
            Some(methods) => methods.iter().any(|method| method == name),
        };
        Self {
            id: plan.client_id.clone(),
            secret: plan.client_secret.clone(),
            in_body: !takes("client_secret_basic") && takes("client_secret_post"),
        }
    }

    pub(super) fn request(&self, http: &Client, url: Url, form: &[(&str, &str)]) -> RequestBuilder {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let request = http
            .post(url)
            .timeout(TIMEOUT)
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded");
        let secret = self.secret.expose();
        if self.in_body {
            body.append_pair("client_id", &self.id)
                .append_pair("client_secret", secret);
            return request.body(body.finish());
        }
        // RFC 6749, section 2.3.1: encoded as in a form, then as in Basic.
        let encoded =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(&self.id), encoded(secret));
        request
            .header("authorization", format!("Basic {}", STANDARD.encode(pair)))
            .body(body.finish())
    }

    /// Asks the token endpoint.
    pub(super) async fn post(
        &self,
        login: &Login,
        provider: &Provider,
        form: &[(&str, &str)],
    ) -> Result<Tokens, TokenFault> {
        let endpoint = provider
            .endpoint("token_endpoint")
            .ok_or(TokenFault::NoEndpoint)?;
        let answer = json_of(self.request(&login.http, endpoint, form)).await;
        let (status, members, date) = answer.map_err(TokenFault::Unreachable)?;
        if status == 200 && members.contains_key("access_token") {
            return Ok(Tokens { members, date });
        }
        let text = |name: &str| {
            let member = members.get(name).and_then(Value::as_str);
            member.unwrap_or_default().to_owned()
        };
        Err(TokenFault::Refused {
            status,
            code: text("error"),
            description: text("error_description"),
        })
    }
}

impl TokenFault {
    pub(super) fn tell(&self, doing: &str, report: &mut Report) {
        match self {
            Self::NoEndpoint => report.problem(
                format!("{doing}: the discovery document names no usable `token_endpoint`"),
                "use a provider with the authorization code flow",
            ),
            Self::Unreachable(reason) => report.problem(
                format!("{doing}: the token endpoint: {reason}"),
                "this machine needs to reach the token endpoint of the provider",
            ),
            Self::Refused {
                status,
                code,
                description,
            } => report.problem(
                format!("{doing} was refused (status {status}): {code}: {description}"),
                match code.as_str() {
                    "invalid_client" => "check `OIDC_CLIENT_SECRET`, and that the client is confidential and may authenticate with its secret (`client_secret_basic` or `client_secret_post`)",
                    "unauthorized_client" | "unsupported_grant_type" => "let the client have the grants `authorization_code` and `refresh_token`",
                    "invalid_grant" => "the code or refresh token is expired, used, or of another client or redirect URI: start the check again, and do it quickly",
                    "invalid_scope" => "let the client have the scopes that are asked for",
                    "invalid_target" => "register the resource at the provider, or leave `OIDC_PROVIDER_RESOURCE` out",
                    _ => "the log of the provider says more",
                },
            ),
        }
    }
}

/// A JSON object with the status and the `Date` of its answer.
pub(super) async fn json_of(
    request: RequestBuilder,
) -> Result<(u16, Map<String, Value>, Option<SystemTime>), String> {
    let answer = request.timeout(TIMEOUT).send().await.map_err(reason)?;
    let status = answer.status().as_u16();
    let date = answer.headers().get(DATE);
    let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let text = text_of(answer).await?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(members)) => Ok((status, members, date)),
        _ => Err(format!("status {status}, and no JSON object")),
    }
}

pub(super) async fn text_of(mut answer: Response) -> Result<String, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reason)? {
        if body.len().saturating_add(chunk.len()) > MAX_BYTES {
            return Err("the answer is too large".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The innermost cause of a failed request; no URL, which could hold a code.
pub(super) fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer within the time limit".to_owned();
    }
    let error = error.without_url();
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message = inner.to_string();
        cause = inner.source();
    }
    message
}
