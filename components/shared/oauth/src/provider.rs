//! The OpenID provider behind us, as its discovery document describes it, and the requests that we
//! make there: for tokens, for claims of the user, to revoke.
//!
//! What it answers is read strictly. Its texts reach the log only, and of those only the error code.

mod request;

use policy::json;
use policy::keys::{Failure, Verifier};
use policy::loggable::Loggable;
use serde_json::{Map, Value};

pub use request::{Credentials, TokenAnswer};

/// When to ask again if nobody says, in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 10;

/// Google has no scope `offline_access`; a parameter does the same there.
const GOOGLE: &str = "https://accounts.google.com";
const OFFLINE_ACCESS: &str = "offline_access";

/// Why the provider does not do what we need. The text is for the log and holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or answers that it cannot: nobody's session suffers from that.
    #[error("provider_unavailable {reason}")]
    Unavailable {
        /// What happened.
        reason: String,
        /// When to ask again.
        retry_after_seconds: u32,
    },
    /// `invalid_grant`: the code or the refresh token is not good, or not any more.
    #[error("provider_refused error=\"invalid_grant\"")]
    InvalidGrant,
    /// Another OAuth error (RFC 6749, section 5.2).
    #[error("provider_refused error={0}")]
    Refused(Loggable),
    /// An answer that breaks its specification.
    #[error("provider_answer_invalid {0}")]
    Invalid(&'static str),
}

impl ProviderError {
    fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
            retry_after_seconds: RETRY_AFTER_SECONDS,
        }
    }
}

/// What is used of a discovery document (OpenID Connect Discovery 1.0, section 3).
#[derive(Clone, Debug)]
pub struct Provider {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    secret_methods: Vec<String>,
    scopes_supported: Option<Vec<String>>,
    names_itself_in_answers: bool,
    id_token_algorithms: Option<Vec<String>>,
}

impl Provider {
    /// Asks the host for the document, which it keeps and renews.
    ///
    /// # Errors
    /// `Unavailable`, or `Invalid` when an endpoint that the flow needs is missing.
    pub fn discover(config_url: &str, verifier: &dyn Verifier) -> Result<Self, ProviderError> {
        let metadata = verifier
            .provider(config_url)
            .map_err(|failure| match failure {
                Failure::Unavailable(down) => ProviderError::Unavailable {
                    reason: Loggable::new(&down.reason).to_string(),
                    retry_after_seconds: down.retry_after_seconds,
                },
                Failure::NotGranted(detail) => {
                    ProviderError::unavailable(format!("not_granted {}", Loggable::new(&detail)))
                }
                _ => ProviderError::unavailable("no discovery document"),
            })?;
        let document = json::object(&metadata.document)
            .map_err(|_| ProviderError::Invalid("discovery document"))?;
        Self::read(metadata.issuer, &document)
    }

    fn read(issuer: String, document: &Map<String, Value>) -> Result<Self, ProviderError> {
        let endpoint = |name: &str| {
            let url = document.get(name)?.as_str()?;
            is_endpoint(url).then(|| url.to_owned())
        };
        Ok(Self {
            issuer,
            authorization_endpoint: endpoint("authorization_endpoint")
                .ok_or(ProviderError::Invalid("authorization_endpoint"))?,
            token_endpoint: endpoint("token_endpoint")
                .ok_or(ProviderError::Invalid("token_endpoint"))?,
            userinfo_endpoint: endpoint("userinfo_endpoint"),
            revocation_endpoint: endpoint("revocation_endpoint"),
            secret_methods: texts(document, "token_endpoint_auth_methods_supported")
                .unwrap_or_default(),
            scopes_supported: texts(document, "scopes_supported"),
            names_itself_in_answers: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
            id_token_algorithms: texts(document, "id_token_signing_alg_values_supported"),
        })
    }

    /// `issuer`, byte for byte.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where users sign in.
    #[must_use]
    pub fn authorization_endpoint(&self) -> &str {
        &self.authorization_endpoint
    }

    /// Whether `iss` of an authorization answer is ours to accept: it must be the issuer when it is
    /// there, and must be there when the provider says that it sends it (RFC 9207, section 2.4).
    #[must_use]
    pub fn may_have_answered(&self, iss: Option<&str>) -> bool {
        match iss {
            Some(iss) => iss == self.issuer,
            None => !self.names_itself_in_answers,
        }
    }

    /// Those of `allowed` that the provider signs ID tokens with.
    #[must_use]
    pub fn id_token_algorithms(&self, allowed: &[String]) -> Vec<String> {
        let signs = |name: &&String| {
            self.id_token_algorithms
                .as_ref()
                .is_none_or(|all| all.contains(name))
        };
        allowed.iter().filter(signs).cloned().collect()
    }

    /// Whether a refresh token has to be asked for by a scope (OpenID Connect Core 1.0, section 11).
    /// A provider that does not list its scopes is asked too: unknown scopes are ignored.
    #[must_use]
    pub fn knows_offline_access(&self) -> bool {
        self.scopes_supported
            .as_ref()
            .is_none_or(|all| all.iter().any(|scope| scope == OFFLINE_ACCESS))
    }

    /// Whether it is the one that wants `access_type=offline`.
    #[must_use]
    pub fn is_google(&self) -> bool {
        self.issuer == GOOGLE
    }
}

/// An absolute URL without spaces, controls or a fragment. The host checks what it may call.
fn is_endpoint(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&b))
}

/// The texts of an array; `None` when there is none.
fn texts(document: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let values = document.get(name)?.as_array()?;
    let texts = values.iter().filter_map(Value::as_str).map(str::to_owned);
    Some(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(changes: Value) -> Result<Provider, ProviderError> {
        let mut document = serde_json::json!({
            "authorization_endpoint": "https://idp.example/auth",
            "token_endpoint": "https://idp.example/token",
        });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        Provider::read(
            "https://idp.example".to_owned(),
            document.as_object().unwrap(),
        )
    }

    #[test]
    fn an_endpoint_that_is_no_url_is_not_there() {
        for url in [
            "javascript:alert(1)",
            "//idp.example/auth",
            "https://idp.example/a b",
            "https://idp.example/\r\nx: y",
            "https://idp.example/#x",
            "",
        ] {
            let result = provider(serde_json::json!({ "authorization_endpoint": url }));
            assert!(result.is_err(), "{url}");
        }
    }

    #[test]
    fn a_provider_that_names_itself_must_do_so() {
        let silent = provider(serde_json::json!({})).unwrap();
        let naming =
            provider(serde_json::json!({ "authorization_response_iss_parameter_supported": true }))
                .unwrap();
        assert!(silent.may_have_answered(None) && !naming.may_have_answered(None));
        for provider in [silent, naming] {
            assert!(provider.may_have_answered(Some("https://idp.example")));
            for wrong in ["https://idp.example/", "https://evil.example", ""] {
                assert!(!provider.may_have_answered(Some(wrong)), "{wrong}");
            }
        }
    }

    #[test]
    fn offline_access_is_asked_for_unless_the_provider_lists_others_only() {
        let knows = |scopes| provider(scopes).unwrap().knows_offline_access();
        assert!(knows(serde_json::json!({})));
        assert!(knows(
            serde_json::json!({ "scopes_supported": ["openid", "offline_access"] })
        ));
        assert!(!knows(
            serde_json::json!({ "scopes_supported": ["openid"] })
        ));
    }

    #[test]
    fn algorithms_are_those_that_both_sides_know() {
        let allowed = ["RS256".to_owned(), "ES256".to_owned()];
        let provider =
            provider(serde_json::json!({ "id_token_signing_alg_values_supported": ["none", "HS256", "ES256"] }))
                .unwrap();
        assert_eq!(provider.id_token_algorithms(&allowed), ["ES256"]);
    }
}
