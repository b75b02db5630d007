//! The authorization request, and what the provider makes of it before anybody signs in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::LOCATION;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::plan::Plan;
use super::report::Report;
use super::story::Provider;

/// Most characters of an error page that are shown.
const SHOWN: usize = 300;

/// A request, with what is needed to recognise its answer.
pub(super) struct Asked {
    pub(super) url: Url,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// What the provider does with a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// It goes on: to a page where users sign in.
    SignIn,
    /// It sends the user back with an error.
    Refused { code: String, description: String },
    /// It shows a page with an error, since it trusts neither client nor redirect URI.
    Page { status: u16, text: String },
}

impl Asked {
    pub(super) fn new(plan: &Plan, provider: &Provider, endpoint: &Url) -> Self {
        let (state, nonce, verifier) = (random(), random(), random());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let scopes = scopes(plan, provider);
        let offline = scopes.split(' ').any(|scope| scope == "offline_access");
        let prompt = plan.prompt.as_deref().or(offline.then_some("consent"));
        let mut url = endpoint.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &plan.client_id)
                .append_pair("redirect_uri", &plan.redirect_uri)
                .append_pair("scope", &scopes)
                .append_pair("state", &state)
                .append_pair("nonce", &nonce)
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
            if let Some(prompt) = prompt {
                query.append_pair("prompt", prompt);
            }
            if let Some(resource) = &plan.resource {
                query.append_pair("resource", resource);
            }
        }
        Self {
            url,
            state,
            nonce,
            verifier,
        }
    }
}

impl Probe {
    /// Sends the request without any cookie. An error tells why there is no answer.
    pub(super) async fn of(http: &reqwest::Client, url: &Url) -> Result<Self, String> {
        let answer = http.get(url.clone()).timeout(super::tokens::TIMEOUT);
        let answer = answer.send().await.map_err(super::tokens::reason)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Self::SignIn);
        }
        if status.is_redirection() {
            let location = answer.headers().get(LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            let target = location.and_then(|location| url.join(location).ok());
            return Ok(target.as_ref().and_then(refusal).unwrap_or(Self::SignIn));
        }
        let text = super::tokens::text_of(answer).await.unwrap_or_default();
        Ok(Self::Page {
            status: status.as_u16(),
            text: words_of(&text),
        })
    }
}

fn refusal(target: &Url) -> Option<Probe> {
    let value = |name: &str| {
        let mut pairs = target.query_pairs();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    };
    Some(Probe::Refused {
        code: value("error")?,
        description: value("error_description").unwrap_or_default(),
    })
}

/// What the configuration says, or what signing in and staying signed in need, as far as the
/// provider lists it.
fn scopes(plan: &Plan, provider: &Provider) -> String {
    if let Some(scopes) = &plan.scopes {
        return scopes.clone();
    }
    let listed = provider.document.get("scopes_supported");
    let listed = listed.and_then(|listed| listed.as_array());
    let has = |scope: &str| listed.is_some_and(|listed| listed.iter().any(|one| one == scope));
    let mut scopes = vec!["openid"];
    scopes.extend(
        ["profile", "email", "groups", "offline_access"]
            .into_iter()
            .filter(|scope| has(scope)),
    );
    let required = plan.required_scopes.as_deref().unwrap_or_default();
    for scope in required.split_ascii_whitespace() {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes.join(" ")
}

/// 256 bits that nobody can guess.
fn random() -> String {
    use aws_lc_rs::rand::SecureRandom as _;
    let mut bytes = [0; 32];
    // A system without randomness cannot speak TLS either; zeroes then only make this check weak.
    let _ = aws_lc_rs::rand::SystemRandom::new().fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The words of a page, without its tags, styles and scripts.
fn words_of(html: &str) -> String {
    let mut words = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        words.push(' ');
        let lower = tag.get(..6).unwrap_or(tag).to_ascii_lowercase();
        let end = match lower.as_str() {
            "style " | "style>" => "</style",
            "script" => "</script",
            _ => "",
        };
        let tag = if end.is_empty() {
            tag
        } else {
            tag.split_once(end).map_or("", |(_, after)| after)
        };
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").chars().take(SHOWN).collect()
}

/// Tells what the provider makes of a request. `true` when users can sign in.
pub(super) fn judge_probe(
    probe: Result<Probe, String>,
    redirect_uri: &str,
    report: &mut Report,
) -> bool {
    match probe {
        Ok(Probe::SignIn) => {
            report.fine(format!(
                "the provider lets users sign in and sends them to {redirect_uri}"
            ));
            true
        }
        Ok(Probe::Refused { code, description }) => {
            report.problem(
                format!("the provider refuses the request: {code}: {description}"),
                remedy_of_refusal(&code),
            );
            false
        }
        Ok(Probe::Page { status, text }) => {
            let lower = text.to_ascii_lowercase();
            let remedy = if lower.contains("redirect") {
                format!(
                    "register the redirect URI `{redirect_uri}` at the provider, exactly as it is written here"
                )
            } else if lower.contains("client") {
                "check `OIDC_CLIENT_ID`: the provider seems not to know it".to_owned()
            } else {
                format!(
                    "check at the provider that the client `OIDC_CLIENT_ID` exists and that `{redirect_uri}` is one of its redirect URIs"
                )
            };
            report.problem(
                format!(
                    "the provider shows an error page for {redirect_uri} (status {status}): {text}"
                ),
                remedy,
            );
            false
        }
        Err(reason) => {
            report.problem(
                format!("the authorization endpoint cannot be reached: {reason}"),
                "users and this machine need to reach the provider",
            );
            false
        }
    }
}

/// What to do about an error code of RFC 6749, section 4.1.2.1, and its relatives.
pub(super) fn remedy_of_refusal(code: &str) -> &'static str {
    match code {
        "access_denied" => {
            "the user or a rule of the provider said no: let this user use the client"
        }
        "invalid_scope" => {
            "let the client have the scopes that are asked for, or say which ones to ask for in `OIDC_PROVIDER_SCOPES`"
        }
        "invalid_target" => {
            "register the resource at the provider, or leave `OIDC_PROVIDER_RESOURCE` out"
        }
        "unauthorized_client" | "unsupported_response_type" => {
            "let the client have the grant `authorization_code` and the response type `code`"
        }
        "invalid_request" => {
            "the description says what the provider misses; often it is the redirect URI or PKCE"
        }
        "login_required" | "consent_required" | "interaction_required" => {
            "leave `none` out of `OIDC_PROVIDER_PROMPT`"
        }
        _ => "the log of the provider says more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_pages() {
        for (html, words) in [
            ("", ""),
            ("plain text", "plain text"),
            (
                "<html><style>p { a: b }</style><h1>oops</h1><p>redirect_uri\n did not match</p>",
                "oops redirect_uri did not match",
            ),
            ("<script>alert(1)</script>a<br>b", "a b"),
            ("a <b", "a"),
            ("<script>never ends", ""),
        ] {
            assert_eq!(words_of(html), words, "{html}");
        }
        assert_eq!(words_of(&"ä".repeat(1000)).chars().count(), SHOWN);
    }
}
