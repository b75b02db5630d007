//! What the provider tells about the user, and whether the lists of users have something to go by.

use serde_json::{Map, Value};

use super::plan::Plan;
use super::report::Report;
use super::story::{Login, Provider};
use super::tokens::{self, Tokens};
use crate::config::AuthMode;

/// The claims of the userinfo endpoint, when the access token is one for it.
pub(super) async fn info(
    login: &Login,
    provider: &Provider,
    (tokens, identity): (&Tokens, Option<&Map<String, Value>>),
    report: &mut Report,
) -> Option<Map<String, Value>> {
    let endpoint = provider.endpoint("userinfo_endpoint")?;
    // A token for our resource is none for the provider's own (RFC 8707, section 2).
    if login.plan.resource.is_some() {
        report.note("userinfo was not asked: the access token is for the resource");
        return None;
    }
    let token = tokens.text("access_token")?;
    let request = login.http.get(endpoint).bearer_auth(token);
    match tokens::json_of(request).await {
        Ok((200, answer, _)) => {
            let subject = identity.and_then(|identity| identity.get("sub"));
            // OpenID Connect Core, section 5.3.2: such an answer must not be used.
            if subject.is_some() && answer.get("sub") != subject {
                report.problem(
                    "userinfo is about somebody else than the ID token: `sub` differs",
                    "the provider must use one `sub` for a user everywhere",
                );
                return None;
            }
            report.fine("userinfo answers");
            Some(answer)
        }
        Ok((status, _, _)) => {
            report.note(format!("userinfo answers with status {status}"));
            None
        }
        Err(reason) => {
            report.note(format!("userinfo: {reason}"));
            None
        }
    }
}

/// Tells of each list that lets nobody in, since its claim is not there.
pub(super) fn is_allowed(plan: &Plan, known: &[Option<&Map<String, Value>>], report: &mut Report) {
    // There the policy has judged the access token itself.
    if plan.mode == AuthMode::Remote {
        return;
    }
    let claim = |name: &str| {
        let mut sources = known.iter().flatten();
        sources.find_map(|claims| claims.get(name))
    };
    for (setting, name) in &plan.allowed_by {
        if claim(name).is_none() {
            report.problem(
                format!("`{setting}` lets nobody in: the provider tells no `{name}`"),
                format!("let the client have the scope `{name}`, or add the claim `{name}` to its ID tokens"),
            );
        } else if *name == "email" && claim("email_verified") != Some(&Value::Bool(true)) {
            report.problem(
                format!("`{setting}` does not let this user in: the provider does not say that the address is verified"),
                "have the provider set `email_verified`",
            );
        }
    }
}
