//! How the provider is asked to sign a user in: what the operator says, and what follows from the
//! provider's document where the operator says nothing.

use policy::allow::AllowLists;
use policy::scopes::is_scope;
use policy::settings::Reader;

use crate::provider::Provider;

const OFFLINE_ACCESS: &str = "offline_access";
/// The value that leaves `prompt` out.
const OFF: &str = "off";
const PROMPTS: [&str; 4] = ["consent", "login", "select_account", OFF];

/// What the operator says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderRequest {
    scopes: Vec<String>,
    prompt: Option<String>,
    resource: ProviderResource,
}

/// Which `resource` the provider is asked for (RFC 8707). Many know no such thing and refuse it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProviderResource {
    /// None.
    #[default]
    Unset,
    /// This server.
    Forward,
    /// Another one.
    Fixed(String),
}

impl ProviderRequest {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            scopes: scopes(reader),
            prompt: prompt(reader),
            resource: match reader.text("OIDC_PROVIDER_RESOURCE").as_deref() {
                None => ProviderResource::Unset,
                Some("forward") => ProviderResource::Forward,
                Some(value) => ProviderResource::Fixed(value.to_owned()),
            },
        }
    }

    /// The scopes to ask for.
    #[must_use]
    pub fn scopes(&self, provider: &Provider, allow: &AllowLists) -> Vec<String> {
        if !self.scopes.is_empty() {
            return self.scopes.clone();
        }
        let needs = allow.needs();
        let asked = [
            ("openid", true),
            (
                OFFLINE_ACCESS,
                provider.knows_offline_access() && !provider.is_google(),
            ),
            ("email", needs.contains(&"email")),
            ("groups", needs.contains(&"groups")),
        ];
        asked
            .into_iter()
            .filter(|(_, is_asked)| *is_asked)
            .map(|(scope, _)| scope.to_owned())
            .collect()
    }

    /// Everything else that is asked for: names and values.
    ///
    /// A provider that follows OpenID Connect Core 1.0, section 11, to the letter drops
    /// `offline_access` unless the user is asked; Google wants to be asked in its own way.
    #[must_use]
    pub fn further<'a>(
        &'a self,
        provider: &Provider,
        scopes: &[String],
        resource: &'a str,
    ) -> Vec<(&'a str, &'a str)> {
        let wants_refresh_token =
            provider.is_google() || scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
        let mut further = Vec::new();
        match self.prompt.as_deref() {
            Some(OFF) => {}
            Some(prompt) => further.push(("prompt", prompt)),
            None if wants_refresh_token => further.push(("prompt", "consent")),
            None => {}
        }
        if provider.is_google() {
            further.push(("access_type", "offline"));
        }
        match &self.resource {
            ProviderResource::Unset => {}
            ProviderResource::Forward => further.push(("resource", resource)),
            ProviderResource::Fixed(value) => further.push(("resource", value)),
        }
        further
    }
}

fn scopes(reader: &mut Reader<'_>) -> Vec<String> {
    const NAME: &str = "OIDC_PROVIDER_SCOPES";
    let scopes = reader.words(NAME);
    if !scopes.iter().all(|scope| is_scope(scope)) {
        reader.fault(
            NAME,
            "has a word that cannot be a scope (RFC 6749, section 3.3)",
        );
    }
    if !scopes.is_empty() && !scopes.iter().any(|scope| scope == "openid") {
        reader.fault(
            NAME,
            "lacks `openid`, without which the provider does not say who the user is",
        );
    }
    scopes
}

fn prompt(reader: &mut Reader<'_>) -> Option<String> {
    const NAME: &str = "OIDC_PROVIDER_PROMPT";
    let prompt = reader.text(NAME)?;
    if !prompt.split(' ').all(|word| PROMPTS.contains(&word)) {
        reader.fault(
            NAME,
            "is not `off`, or one or more of `consent`, `login`, `select_account`",
        );
    }
    Some(prompt)
}
