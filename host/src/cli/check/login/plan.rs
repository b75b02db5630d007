//! What to ask the provider for: by the configuration, as this server or its clients would.

use url::Url;

use super::report::Report;
use crate::config::{AuthMode, Secret, Tenant, settings};

/// What the check is going to do.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) config_url: String,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    /// The listener of this check.
    pub(super) redirect_uri: String,
    /// The one that the provider has to know when the server runs.
    pub(super) redirect_uri_of_server: Option<String>,
    /// Scopes from the configuration; `None` for the usual ones.
    pub(super) scopes: Option<String>,
    /// Scopes that tokens have to have in any case.
    pub(super) required_scopes: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) resource: Option<String>,
    /// The public URL of the MCP endpoint.
    pub(super) endpoint_url: String,
    pub(super) mode: AuthMode,
    /// Settings that let in by a claim, with the claim.
    pub(super) allowed_by: Vec<(&'static str, &'static str)>,
}

impl Plan {
    pub(super) fn of(tenant: &Tenant, port: u16, report: &mut Report) -> Option<Self> {
        let Some(oidc) = &tenant.oidc else {
            report.problem(
                "no OpenID provider is configured",
                "set `OIDC_CONFIG_URL` and what goes with it",
            );
            return None;
        };
        let setting = |setting: &settings::Setting| {
            let value = tenant.policy_settings.get(setting.name);
            value.map(|value| value.expose().to_owned())
        };
        let (id, secret) = match &oidc.introspection {
            Some(client) => (Some(client.id.clone()), Some(client.secret.clone())),
            None => (
                setting(&settings::OIDC_CLIENT_ID),
                setting(&settings::OIDC_CLIENT_SECRET).map(Secret::new),
            ),
        };
        let (Some(client_id), Some(client_secret)) = (id, secret) else {
            report.problem(
                "there is no client to sign in with",
                "set `OIDC_CLIENT_ID` and `OIDC_CLIENT_SECRET`, next to `AUTH_MODE=remote` when clients get their tokens from the provider themselves",
            );
            return None;
        };
        let mode = tenant.auth.mode;
        let endpoint_url = tenant.endpoint_url().unwrap_or_default();
        let base = tenant.base_url.as_ref().map(Url::as_str);
        let redirect_uri_of_server = base
            .filter(|_| mode == AuthMode::OidcProxy)
            .map(|base| format!("{}/auth/callback", base.trim_end_matches('/')));
        let resource = match mode {
            // What a client of this server would ask for (RFC 8707).
            AuthMode::Remote => Some(endpoint_url.clone()).filter(|url| !url.is_empty()),
            _ => setting(&settings::OIDC_PROVIDER_RESOURCE),
        };
        let allowed_by = [
            (&settings::OIDC_ALLOWED_EMAILS, "email"),
            (&settings::OIDC_ALLOWED_DOMAINS, "email"),
            (&settings::OIDC_ALLOWED_GROUPS, "groups"),
        ];
        let allowed_by = allowed_by
            .into_iter()
            .filter(|(allowed, _)| setting(allowed).is_some())
            .map(|(allowed, claim)| (allowed.name, claim));
        Some(Self {
            config_url: oidc.config_url.to_string(),
            client_id,
            client_secret,
            redirect_uri: format!("http://127.0.0.1:{port}/auth/callback"),
            redirect_uri_of_server,
            scopes: setting(&settings::OIDC_PROVIDER_SCOPES),
            required_scopes: setting(&settings::OIDC_REQUIRED_SCOPES),
            prompt: setting(&settings::OIDC_PROVIDER_PROMPT),
            resource,
            endpoint_url,
            mode,
            allowed_by: allowed_by.collect(),
        })
    }
}
