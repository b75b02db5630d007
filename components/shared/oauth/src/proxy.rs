//! The policy of `auth-oidc-proxy`: the OAuth authorization server that clients see, in front of an
//! OpenID provider that knows nothing of them.

use policy::refusal::unavailable;
use policy::settings::{Faults, Settings};
use policy::types::{Denial, HttpRequest, HttpResponse, Identity, Operation, RequestHead};

use crate::answer::OAuthError;
use crate::call::Call;
use crate::config::Config;
use crate::local_page::LocalPage;
use crate::location::Endpoint;
use crate::log::{Level, Log};
use crate::services::Services;
use crate::{authorize, callback, consent, protected, revoke, token};

/// The policy, configured. A faulty configuration refuses every request with 503.
#[derive(Debug)]
pub struct Proxy {
    config: Result<Config, Faults>,
    notes: Vec<String>,
}

impl Proxy {
    /// Reads the settings. This is the only time that they are read.
    #[must_use]
    pub fn new(settings: &impl Settings) -> Self {
        match Config::read(settings) {
            Ok((config, notes)) => Self {
                config: Ok(config),
                notes,
            },
            Err(faults) => Self {
                config: Err(faults),
                notes: Vec::new(),
            },
        }
    }

    /// What is wrong with the configuration.
    #[must_use]
    pub fn faults(&self) -> Option<&Faults> {
        self.config.as_ref().err()
    }

    /// What an operator should know and that is not wrong.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The identity behind the token of a request.
    ///
    /// # Errors
    /// See [`protected::authenticate`]; 503 when the configuration is faulty.
    pub fn authenticate(
        &self,
        head: &RequestHead,
        services: &Services<'_>,
        log: &dyn Log,
    ) -> Result<Identity, Denial> {
        let call = Call {
            config: self.config()?,
            services,
            log,
        };
        protected::authenticate(head, &call)
    }

    /// Whether an identity has all scopes that an operation needs.
    ///
    /// # Errors
    /// 403 with all scopes of the operation in one challenge.
    pub fn authorize(&self, who: &Identity, what: &Operation) -> Result<(), Denial> {
        let config = self.config()?;
        config.scopes.permit_operation(who, what, &config.advice)
    }

    /// The endpoints and the documents; `None` for any other path.
    pub fn serve(
        &self,
        request: &HttpRequest,
        services: &Services<'_>,
        log: &dyn Log,
    ) -> Option<HttpResponse> {
        let config = match &self.config {
            Ok(config) => config,
            Err(faults) => {
                let error = OAuthError::unavailable(
                    crate::provider::RETRY_AFTER_SECONDS,
                    format!("configuration_faulty {faults}"),
                );
                return Some(error.response());
            }
        };
        let call = Call {
            config,
            services,
            log,
        };
        let endpoint = config.location.endpoint(&request.head)?;
        Some(match endpoint {
            Endpoint::AuthorizationServerMetadata
            | Endpoint::ProtectedResourceMetadata
            | Endpoint::KeySet => return config.documents.serve(endpoint, &request.head),
            Endpoint::Registration => answered(config.clients.register(request, services), &call),
            Endpoint::Authorization => shown(authorize::serve(request, &call), &call),
            Endpoint::Consent => shown(consent::serve(request, &call), &call),
            Endpoint::Callback => shown(callback::serve(request, &call), &call),
            Endpoint::Token => answered(token::serve(request, &call), &call),
            Endpoint::Revocation => answered(revoke::serve(request, &call), &call),
        })
    }

    fn config(&self) -> Result<&Config, Denial> {
        let faulty =
            |faults: &Faults| unavailable(None, &format_args!("configuration_faulty {faults}"));
        self.config.as_ref().map_err(faulty)
    }
}

/// An answer for a client. Why it is an error goes to the log.
fn answered(result: Result<HttpResponse, OAuthError>, call: &Call<'_>) -> HttpResponse {
    result.unwrap_or_else(|error| {
        log_refusal(error.status, error.code, &error.reason, call);
        error.response()
    })
}

/// An answer for a person.
fn shown(result: Result<HttpResponse, LocalPage>, call: &Call<'_>) -> HttpResponse {
    result.unwrap_or_else(|page| {
        log_refusal(page.status, page.code, &page.reason, call);
        page.response()
    })
}

fn log_refusal(status: u16, code: &str, reason: &str, call: &Call<'_>) {
    let level = if status >= 500 {
        Level::Warn
    } else {
        Level::Info
    };
    // A reason is ours and holds no secret; what is foreign in it is quoted already.
    let line: String = reason.chars().filter(|c| !c.is_control()).collect();
    call.note(
        level,
        &format!("refused status={status} error={code} {line}"),
    );
}
