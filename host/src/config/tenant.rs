//! A tenant: a public URL with the policy, the tools and the files that serve it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::Url;

use super::allowed::{AllowedHosts, AllowedOrigins};
use super::auth::{self, Auth, Oidc};
use super::fault::Report;
use super::grants;
use super::image_apis;
use super::listener::Listener;
use super::places::{self, Places};
use super::secret::Secret;
use super::settings::{self, Setting};
use super::signing_key::SigningKeyFile;
use super::storage::{Galleries, Storage};
use super::values::Values;

/// The tenant that the environment describes.
const DEFAULT: &str = "default";

/// Everything that serves one public URL.
#[derive(Debug)]
pub struct Tenant {
    /// Its name in logs and in the store.
    pub name: String,
    /// The public URL, without a slash at its end unless it has no path.
    pub base_url: Option<Url>,
    /// The path of the MCP endpoint below the public URL: a slash at its start, none at its end.
    pub http_path: String,
    /// How callers prove who they are.
    pub auth: Auth,
    /// The component that decides about requests.
    pub policy: ComponentSource,
    /// The component that serves them.
    pub tools: ComponentSource,
    /// What the policy can read: all of it, by name without prefix.
    pub policy_settings: BTreeMap<String, Secret>,
    /// What the tools can read, but for `RUN_ID`, which the host makes.
    pub tools_settings: BTreeMap<String, Secret>,
    /// The provider that the policy may ask about, when there is one.
    pub oidc: Option<Oidc>,
    /// Where the key is that seals what the policy issues, when it is not among its settings.
    pub signing_key: Option<SigningKeyFile>,
    /// Where images and styles are.
    pub galleries: Galleries,
    /// Hosts from which image providers deliver, besides their own.
    pub delivery_hosts: Vec<String>,
    /// Hosts that requests may be addressed to.
    pub allowed_hosts: AllowedHosts,
    /// Web origins that may send requests.
    pub allowed_origins: AllowedOrigins,
}

/// Where a component comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentSource {
    /// The binary, by the component's name.
    Embedded(&'static str),
    /// A file.
    File(PathBuf),
}

/// What the process has that its tenants rest on.
pub(super) struct Ground<'a> {
    pub(super) places: &'a Places,
    pub(super) listener: &'a Listener,
    pub(super) storage: &'a Storage,
}

impl Tenant {
    pub(super) fn resolve(values: &Values, ground: &Ground<'_>, report: &mut Report) -> Self {
        let auth = Auth::resolve(values, ground.places, report);
        auth::check_exposure(&auth, ground.listener, values, report);
        let base_url = values.given(&settings::BASE_URL);
        let base_url = base_url.and_then(|url| Url::parse(url.expose()).ok());
        let http_path = values.text(&settings::HTTP_PATH).unwrap_or("/").to_owned();
        warn_of_doubled_path(base_url.as_ref(), &http_path, report);
        let mut component = |setting: &Setting, built_in| {
            let path = values.path(setting, ground.places, report);
            if let Some(Err(problem)) = path.as_deref().map(places::require_file) {
                report.fault(values.place(setting), problem);
            }
            path.map_or(ComponentSource::Embedded(built_in), ComponentSource::File)
        };
        Self {
            name: DEFAULT.to_owned(),
            policy: component(&settings::AUTH_COMPONENT, auth.mode.component()),
            tools: component(&settings::TOOLS_COMPONENT, "image-tools"),
            policy_settings: grants::policy(values, &auth),
            tools_settings: grants::tools(
                values,
                image_apis::catalog(values, ground.places, report),
            ),
            delivery_hosts: image_apis::delivery_hosts(values),
            oidc: Oidc::resolve(auth.mode, values),
            signing_key: SigningKeyFile::resolve(&auth, values, ground.storage, report),
            galleries: Galleries::resolve(values, ground.places, ground.storage, report),
            allowed_hosts: allowed_hosts(values, ground.listener, base_url.as_ref()),
            allowed_origins: allowed_origins(values, base_url.as_ref()),
            auth,
            base_url,
            http_path,
        }
    }

    /// The public URL of the MCP endpoint: the resource that tokens are for (RFC 8707).
    #[must_use]
    pub fn endpoint_url(&self) -> Option<String> {
        let base = self.base_url.as_ref()?.as_str().trim_end_matches('/');
        Some(format!("{base}{}", self.http_path.trim_end_matches('/')))
    }
}

fn allowed_hosts(values: &Values, listener: &Listener, base_url: Option<&Url>) -> AllowedHosts {
    let given = values.given(&settings::ALLOWED_HOSTS);
    let given = given.and_then(|hosts| AllowedHosts::parse(hosts.expose()).ok());
    let mut hosts = given.unwrap_or_else(|| AllowedHosts::local(listener.address.ip()));
    if let Some(url) = base_url {
        hosts.add(url);
    }
    hosts
}

fn allowed_origins(values: &Values, base_url: Option<&Url>) -> AllowedOrigins {
    let given = values.given(&settings::ALLOWED_ORIGINS);
    let given = given.and_then(|origins| AllowedOrigins::parse(origins.expose()).ok());
    let mut origins = given.unwrap_or_else(AllowedOrigins::local);
    if let Some(url) = base_url {
        origins.add(url);
    }
    origins
}

/// The usual slip with a server below a path: the endpoint's own path is not part of the base.
fn warn_of_doubled_path(base_url: Option<&Url>, http_path: &str, report: &mut Report) {
    let base_path = base_url.map(|url| url.path().trim_end_matches('/'));
    if http_path != "/" && base_path.is_some_and(|path| path.ends_with(http_path)) {
        report.warn(format!(
            "`BASE_URL` ends with `HTTP_PATH`: the endpoint's public path is `{}{http_path}`",
            base_path.unwrap_or_default()
        ));
    }
}
