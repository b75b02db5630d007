//! The steps of signing in, one after the other, until one of them makes the next impossible.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

use super::authorization::{Asked, Probe, judge_probe, remedy_of_refusal};
use super::callback::{self, Answer};
use super::plan::Plan;
use super::report::Report;
use super::tokens::{ClientAuthentication, Tokens};
use super::{access, claims, user};
use crate::auth::PolicyPool;
use crate::keys::{Keys, lacks};

/// One attempt to sign in.
pub(super) struct Login {
    pub(super) plan: Plan,
    pub(super) keys: Arc<Keys>,
    pub(super) http: reqwest::Client,
    /// The policy of this server, where it takes tokens of the provider.
    pub(super) policy: Option<PolicyPool>,
    pub(super) wait: Duration,
}

/// What the provider says about itself.
pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) document: Value,
}

impl Login {
    /// Walks through everything. What goes wrong is in the report.
    pub(super) async fn run(&self, listener: TcpListener, report: &mut Report) {
        let Some(provider) = self.discover(report).await else {
            return;
        };
        let Some(asked) = self.ask(&provider, report).await else {
            return;
        };
        report.ask(format!(
            "the listener of this check is {}: register it at the provider, for as long as you check",
            self.plan.redirect_uri
        ));
        report.ask(format!("sign in at {}", asked.url));
        let answered = callback::wait(listener, self.wait).await;
        let Some(code) = self.code(answered, (&asked, &provider), report) else {
            return;
        };
        let Some(tokens) = self.redeem(&code, (&asked, &provider), report).await else {
            return;
        };
        let nonce = Some(asked.nonce.as_str());
        let identity = claims::id_token(self, &provider, (&tokens, nonce), report).await;
        access::judge(self, &tokens, report).await;
        let more = user::info(self, &provider, (&tokens, identity.as_ref()), report).await;
        let known = [identity.as_ref(), more.as_ref()];
        user::is_allowed(&self.plan, &known, report);
        self.refresh(&provider, &tokens, report).await;
    }

    async fn discover(&self, report: &mut Report) -> Option<Provider> {
        let provider = match self.keys.provider(&self.plan.config_url).await {
            Ok(provider) => provider,
            Err(failure) => {
                report.problem(
                    format!("discovery: {failure}"),
                    "`OIDC_CONFIG_URL` must answer with the discovery document of the provider, from this machine",
                );
                return None;
            }
        };
        let document = serde_json::from_str(&provider.metadata).unwrap_or_default();
        report.fine(format!("discovery: issuer {}", provider.issuer));
        for lacking in lacks(&document) {
            report.note(format!("the provider: {lacking}"));
        }
        Some(Provider {
            issuer: provider.issuer,
            document,
        })
    }

    /// Whether the provider takes the request at all. It would say so to the browser only.
    async fn ask(&self, provider: &Provider, report: &mut Report) -> Option<Asked> {
        let Some(endpoint) = provider.endpoint("authorization_endpoint") else {
            report.problem(
                "the discovery document names no usable `authorization_endpoint`",
                "use a provider with the authorization code flow",
            );
            return None;
        };
        let mut asked = Asked::new(&self.plan, provider, &endpoint);
        let mut probe = self.probe(&asked.url).await;
        let knows_no_resource =
            matches!(&probe, Ok(Probe::Refused { code, .. }) if code == "invalid_target");
        if knows_no_resource && let Some(resource) = &self.plan.resource {
            report.problem(
                format!("the provider knows no resource `{resource}`, which clients ask for"),
                "register that URL at the provider as a resource or audience which this client may ask for",
            );
            let plan = Plan {
                resource: None,
                ..self.plan.clone()
            };
            asked = Asked::new(&plan, provider, &endpoint);
            probe = self.probe(&asked.url).await;
        }
        if !judge_probe(probe, &self.plan.redirect_uri, report) {
            return None;
        }
        if let Some(own) = &self.plan.redirect_uri_of_server {
            let plan = Plan {
                redirect_uri: own.clone(),
                ..self.plan.clone()
            };
            let asked_by_server = Asked::new(&plan, provider, &endpoint);
            let probe = self.probe(&asked_by_server.url).await;
            judge_probe(probe, own, report);
        }
        Some(asked)
    }

    fn code(
        &self,
        answered: Option<Answer>,
        (asked, provider): (&Asked, &Provider),
        report: &mut Report,
    ) -> Option<String> {
        let Some(answer) = answered else {
            report.problem(
                format!("nobody came back within {} s", self.wait.as_secs()),
                "sign in at the URL above with a browser on this machine; when the provider shows an error there, it says what it lacks",
            );
            return None;
        };
        if answer.get("state") != Some(asked.state.as_str()) {
            report.problem(
                "the answer does not belong to this check: `state` differs",
                "start the check again and use the URL that it prints",
            );
            return None;
        }
        let says_iss = "authorization_response_iss_parameter_supported";
        let must_say = provider.document.get(says_iss) == Some(&Value::Bool(true));
        match answer.get("iss") {
            Some(iss) if iss != provider.issuer => report.problem(
                format!("the answer is from another issuer: `{iss}`"),
                "the provider must say `iss` exactly as in its discovery document (RFC 9207)",
            ),
            None if must_say => report.problem(
                "the answer says no `iss`, although the provider promises it",
                "update the provider, or stop it from promising it (RFC 9207)",
            ),
            _ => {}
        }
        if let Some(code) = answer.get("error") {
            let description = answer.get("error_description").unwrap_or_default();
            report.problem(
                format!("the provider refused: {code}: {description}"),
                remedy_of_refusal(code),
            );
            return None;
        }
        let code = answer.get("code").filter(|code| !code.is_empty());
        if code.is_none() {
            report.problem(
                "the answer has neither a code nor an error",
                "the provider must answer to `response_type=code`",
            );
        }
        code.map(str::to_owned)
    }

    async fn redeem(
        &self,
        code: &str,
        (asked, provider): (&Asked, &Provider),
        report: &mut Report,
    ) -> Option<Tokens> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.plan.redirect_uri),
            ("code_verifier", &asked.verifier),
        ];
        let client = ClientAuthentication::of(&self.plan, &provider.document);
        let answered = client.post(self, provider, &form).await;
        match answered {
            Ok(tokens) => {
                report.fine("the code was exchanged for tokens");
                claims::clock_of(&tokens, report);
                Some(tokens)
            }
            Err(fault) => {
                fault.tell("exchanging the code", report);
                None
            }
        }
    }

    async fn refresh(&self, provider: &Provider, tokens: &Tokens, report: &mut Report) {
        let Some(refresh_token) = tokens.text("refresh_token") else {
            report.problem(
                "the provider gave no refresh token: users have to sign in again whenever an access token ends",
                "let the client have the grant `refresh_token` and the scope `offline_access`; some providers give one only with `prompt=consent` (`OIDC_PROVIDER_PROMPT`)",
            );
            return;
        };
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        let client = ClientAuthentication::of(&self.plan, &provider.document);
        let refreshed = match client.post(self, provider, &form).await {
            Ok(refreshed) => refreshed,
            Err(fault) => {
                fault.tell("refreshing", report);
                return;
            }
        };
        let rotated = refreshed.text("refresh_token");
        report.fine(match rotated {
            Some(new) if new != refresh_token => {
                "refreshing works, with a new refresh token each time"
            }
            _ => "refreshing works, and the refresh token stays the same",
        });
        if refreshed.text("id_token").is_some() {
            claims::id_token(self, provider, (&refreshed, None), report).await;
        }
        self.revoke(provider, rotated.unwrap_or(refresh_token))
            .await;
    }

    /// Leaves no session behind. What becomes of it is of no interest to the check.
    async fn revoke(&self, provider: &Provider, refresh_token: &str) {
        if let Some(endpoint) = provider.endpoint("revocation_endpoint") {
            let client = ClientAuthentication::of(&self.plan, &provider.document);
            let form = [
                ("token", refresh_token),
                ("token_type_hint", "refresh_token"),
            ];
            let _ = client.request(&self.http, endpoint, &form).send().await;
        }
    }

    async fn probe(&self, url: &Url) -> Result<Probe, String> {
        Probe::of(&self.http, url).await
    }
}

impl Provider {
    /// An endpoint to which tokens and secrets can be sent.
    pub(super) fn endpoint(&self, name: &str) -> Option<Url> {
        let url = Url::parse(self.document.get(name)?.as_str()?).ok()?;
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        (url.scheme() == "https" || url.scheme() == "http" && is_local).then_some(url)
    }
}
