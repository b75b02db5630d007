//! Which settings each component can read, by the owner that the table names.

use std::collections::BTreeMap;

use super::auth::{Auth, AuthMode, Oidc};
use super::secret::Secret;
use super::settings::{self, Owner, Setting, Status};
use super::values::Values;

/// The name under which a policy reads the text of `BEARER_TOKENS_FILE`.
const BEARER_TOKENS: &str = "BEARER_TOKENS";

/// The name under which a policy reads the text of `OIDC_CLIENTS_FILE`.
const OIDC_CLIENTS: &str = "OIDC_CLIENTS";

/// The name under which the tools read the text of `PROVIDER_CATALOG_FILE`.
const PROVIDER_CATALOG: &str = "PROVIDER_CATALOG";

/// The name under which a policy learns that the host can ask the provider about opaque tokens.
/// Nobody sets it: it follows from the client that the host is given for that.
const OIDC_INTROSPECTION: &str = "OIDC_INTROSPECTION";

/// What the policy can read: the settings of the credentials that its mode knows.
pub(super) fn policy(values: &Values, auth: &Auth) -> BTreeMap<String, Secret> {
    let grants = |setting: &Setting| match setting.owner {
        Owner::Policy(credential) => auth.mode.admits(credential),
        Owner::Host | Owner::Tools => false,
    };
    // A component that is not ours gets what somebody set, and has its own defaults.
    let defaults = auth.mode != AuthMode::Custom;
    let mut granted = granted(values, grants, defaults);
    // A path is of no use to a component that has no files.
    granted.remove(settings::BEARER_TOKENS_FILE.name);
    granted.remove(settings::OIDC_CLIENTS_FILE.name);
    if let Some(text) = &auth.clients_file
        && auth.mode.admits(settings::Credential::OidcProxy)
    {
        granted.insert(OIDC_CLIENTS.to_owned(), text.clone());
    }
    if let Some(text) = &auth.tokens_file
        && auth.mode.admits(settings::Credential::Static)
    {
        granted.remove(settings::BEARER_TOKEN.name);
        granted.insert(BEARER_TOKENS.to_owned(), text.clone());
    }
    let oidc = Oidc::resolve(auth.mode, values);
    if oidc.is_some_and(|oidc| oidc.introspection.is_some()) {
        granted.insert(OIDC_INTROSPECTION.to_owned(), Secret::new("true"));
    }
    granted
}

/// What the tools can read.
pub(super) fn tools(values: &Values, catalog: Option<Secret>) -> BTreeMap<String, Secret> {
    let mut granted = granted(values, |setting| setting.owner == Owner::Tools, true);
    granted.extend(catalog.map(|text| (PROVIDER_CATALOG.to_owned(), text)));
    granted
}

fn granted(
    values: &Values,
    grants: impl Fn(&Setting) -> bool,
    defaults: bool,
) -> BTreeMap<String, Secret> {
    let effective = settings::all().filter(|setting| setting.status == Status::Effective);
    effective
        .filter(|setting| setting.shared || grants(setting))
        .filter_map(|setting| {
            let wanted = defaults || setting.shared || values.is_set(setting);
            let text = values.text(setting).filter(|_| wanted)?;
            Some((setting.name.to_owned(), Secret::new(text)))
        })
        .collect()
}
