//! Which policy decides, and whether what it needs is there.
//!
//! Nothing here falls back to less protection: settings that are incomplete or contradict each
//! other are faults, and no authentication is what remains only when nobody asked for any.

mod clients;
mod demands;
mod exposure;
mod oidc;
mod tokens;

use std::fmt;

use super::fault::Report;
use super::places::Places;
use super::secret::Secret;
use super::settings::{self, Credential, Owner, Setting, Status};
use super::values::Values;

pub(super) use exposure::check as check_exposure;
pub use oidc::{ClientCredentials, Oidc, Outbound};

/// How callers prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// They do not.
    None,
    /// By a token from the configuration.
    Bearer,
    /// By a token of an OpenID provider, or one from the configuration.
    Remote,
    /// As `Remote`, with an OAuth server of ours in front of the provider.
    OidcProxy,
    /// As the configured component says.
    Custom,
}

/// The mode, and what it rests on.
#[derive(Debug, Clone)]
pub struct Auth {
    /// How callers prove who they are.
    pub mode: AuthMode,
    /// Whether the mode follows from other settings, rather than from `AUTH_MODE`.
    pub detected: bool,
    /// How many tokens from the configuration are accepted.
    pub static_tokens: usize,
    /// The text of the token file, as the policy reads it.
    pub(super) tokens_file: Option<Secret>,
    /// The text of the file of clients, as the policy reads it.
    pub(super) clients_file: Option<Secret>,
}

impl AuthMode {
    /// The built-in policy.
    pub(super) const fn component(self) -> &'static str {
        match self {
            Self::None => "auth-none",
            Self::Bearer => "auth-bearer",
            Self::Remote => "auth-remote",
            Self::OidcProxy => "auth-oidc-proxy",
            // Never loaded: this mode comes with a file, or with a fault.
            Self::Custom => "auth-custom",
        }
    }

    /// Whether a policy of this mode may read settings about this kind of credential.
    pub(super) fn admits(self, credential: Credential) -> bool {
        match self {
            Self::None => false,
            Self::Bearer => credential == Credential::Static,
            Self::Remote => credential != Credential::OidcProxy,
            Self::OidcProxy | Self::Custom => true,
        }
    }
}

impl fmt::Display for AuthMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::Remote => "remote",
            Self::OidcProxy => "oidc-proxy",
            Self::Custom => "custom",
        })
    }
}

impl Auth {
    pub(super) fn resolve(values: &Values, places: &Places, report: &mut Report) -> Self {
        let (mode, detected) = mode(values);
        demands::check((mode, detected), values, report);
        let file = tokens::read(values, places, report);
        let single = usize::from(values.given(&settings::BEARER_TOKEN).is_some());
        let static_tokens = match &file {
            _ if !mode.admits(Credential::Static) => 0,
            Some(file) => file.count,
            None => single,
        };
        let tokens_file = file.map(|file| file.text);
        let clients_file = clients::read(values, places, report);
        Self {
            mode,
            detected,
            static_tokens,
            tokens_file,
            clients_file,
        }
    }
}

/// The mode that was asked for, or that follows from what is set.
fn mode(values: &Values) -> (AuthMode, bool) {
    let asked = match values.text(&settings::AUTH_MODE) {
        Some("none") => Some(AuthMode::None),
        Some("bearer") => Some(AuthMode::Bearer),
        Some("remote") => Some(AuthMode::Remote),
        Some("oidc-proxy") => Some(AuthMode::OidcProxy),
        // One that cannot be used is a fault already, and says nothing about what was meant.
        _ if values.is_set(&settings::AUTH_MODE) => Some(AuthMode::Custom),
        _ => None,
    };
    let follows = || {
        if values.is_set(&settings::AUTH_COMPONENT) {
            AuthMode::Custom
        } else if first_set(values, Credential::OidcProxy).is_some() {
            AuthMode::OidcProxy
        } else if first_set(values, Credential::Oidc).is_some() {
            AuthMode::Remote
        } else if first_set(values, Credential::Static).is_some() {
            AuthMode::Bearer
        } else {
            AuthMode::None
        }
    };
    (asked.unwrap_or_else(follows), asked.is_none())
}

/// The settings about one kind of credential that somebody made.
fn all_set(values: &Values, credential: Credential) -> impl Iterator<Item = &'static Setting> {
    settings::all().filter(move |setting| {
        let about = match setting.owner {
            Owner::Policy(about) => about == credential,
            // The host's own share of the provider's settings.
            Owner::Host => credential == Credential::Oidc && setting.name == "OIDC_JWKS_HOSTS",
            Owner::Tools => false,
        };
        // A switch that says what holds anyway asks for nothing.
        let asks = setting.name != "OIDC_VERIFY_ACCESS_TOKEN" || values.switch(setting);
        about && asks && setting.status != Status::Unenforced && values.is_set(setting)
    })
}

fn first_set(values: &Values, credential: Credential) -> Option<&'static Setting> {
    all_set(values, credential).next()
}
