//! From a configuration to tenants: compile, check, link.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::uri::PathAndQuery;
use thiserror::Error;
use wasmtime::Engine;

use super::state::OpenState;
use super::{App, Limits, outbound};
use crate::admit::Admission;
use crate::auth::{DecisionCache, PolicyPool, pool};
use crate::capabilities::blobs::Blobs;
use crate::capabilities::log::Log;
use crate::capabilities::rates::Rates;
use crate::capabilities::settings::Settings;
use crate::capabilities::state::State;
use crate::capabilities::verifier::Verifier;
use crate::config::{self, AuthMode, Config, Isolation, Secret, SigningKeyError, Transport};
use crate::engine::grants::Role;
use crate::engine::link::{self, PolicyGrants, ToolsGrants};
use crate::engine::load::{self, LoadError, Loaded};
use crate::engine::{self, EngineConfig};
use crate::invoke::{self, Budget, Share, Tools, WarmBounds};
use crate::keys::{Clock, Keys, KeysConfig, ProviderGrant};
use crate::route::Paths;
use crate::store::{self, BlobsConfig, OpenError, StateNamespace};
use crate::tenant::{Tenant, Tenants};

/// Largest image, in bytes.
const MAX_BLOB_BYTES: u64 = 256 * 1024 * 1024;

/// Why a configuration that was read cannot be served.
#[derive(Debug, Error)]
pub enum BuildError {
    /// A component cannot be used.
    #[error(transparent)]
    Component(#[from] LoadError),
    /// The engine cannot be made.
    #[error("cannot start the WebAssembly engine: {0:#}")]
    Engine(wasmtime::Error),
    /// The provider in the configuration cannot be used.
    #[error("cannot use the OpenID provider: {0}")]
    Provider(String),
    /// The key that seals tokens cannot be used.
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    /// The state database cannot be used.
    #[error(transparent)]
    State(#[from] OpenError),
    /// The certificate and the key do not fit.
    #[error("cannot serve TLS: {0}")]
    Tls(rustls::Error),
    /// A path in the configuration is not one.
    #[error("`{0}` is not a path for HTTP")]
    Path(String),
}

/// Builds everything that serves requests.
///
/// # Errors
///
/// See [`BuildError`].
pub async fn build(config: &Config) -> Result<App, BuildError> {
    let engine = engine(config)?;
    let state = OpenState::of(config).await?;
    let mut tenants = Vec::new();
    for described in &config.tenants {
        tenants.push(tenant(config, described, &engine, &state)?);
    }
    Ok(App {
        tenants: Tenants::new(tenants),
        state,
        trusted_proxies: config.trusted_proxies.clone(),
        limits: Limits {
            max_body_bytes: config.limits.max_body_bytes,
            answer_time: config.limits.request_timeout,
        },
    })
}

/// The engine that a configuration asks for.
///
/// # Errors
///
/// [`BuildError::Engine`].
pub fn engine(config: &Config) -> Result<Engine, BuildError> {
    let limits = &config.limits;
    let warm = match &config.isolation {
        Isolation::Request => 0,
        Isolation::Subject(instances) => instances.max,
    };
    let per_tenant = limits
        .max_instances
        .saturating_add(warm)
        .saturating_add(pool::INSTANCES);
    let instances = per_tenant.saturating_mul(config.tenants.len());
    engine::build(&EngineConfig {
        instances: u32::try_from(instances).unwrap_or(u32::MAX),
        memory_bytes: limits.instance_memory_bytes,
        compile_cache: config.storage.compile_cache_dir.clone(),
    })
    .map_err(BuildError::Engine)
}

/// The components of a tenant, compiled and checked: the policy, then the tools.
///
/// # Errors
///
/// See [`LoadError`].
pub fn components(
    engine: &Engine,
    described: &config::Tenant,
) -> Result<(Loaded, Loaded), LoadError> {
    let policy = load::load(engine, &described.policy, Role::Policy)?;
    let tools = load::load(engine, &described.tools, Role::Tools)?;
    link::check(engine, &policy, Role::Policy)?;
    link::check(engine, &tools, Role::Tools)?;
    Ok((policy, tools))
}

fn tenant(
    config: &Config,
    described: &config::Tenant,
    engine: &Engine,
    state: &OpenState,
) -> Result<Tenant, BuildError> {
    let name: Arc<str> = described.name.as_str().into();
    let keys = Arc::new(keys(described)?);
    let (policy, tools) = components(engine, described)?;

    let blobs = store::Blobs::new(BlobsConfig {
        images: described.galleries.scratch_dir.clone(),
        styles: described.galleries.styles_dir.clone(),
        max_bytes: MAX_BLOB_BYTES,
        flush: true,
    });
    let tools_grants = ToolsGrants {
        settings: tools_settings(config, &described.tools_settings),
        blobs: Blobs::new(blobs.clone()),
        state: State::new(state.namespace(&name, "tools")),
        outbound: outbound::image_apis(described)?,
        web: outbound::images_of_strangers(config, described)?,
        log: Log::new(Arc::clone(&name), tools.name.as_str().into()),
        memory_bytes: config.limits.instance_memory_bytes,
    };
    let ground = PolicyGround {
        config,
        described,
        engine,
        keys: &keys,
    };
    let values = state.namespace(&name, "auth");
    let pool = Arc::new(self::policy(&ground, &policy, values)?);
    let linked = link::tools(engine, &tools, tools_grants)?;
    let base_path = described
        .base_url
        .as_ref()
        .map_or("", |url| url.path().trim_end_matches('/'));
    let mcp_path = PathAndQuery::try_from(described.http_path.as_str())
        .map_err(|_| BuildError::Path(described.http_path.clone()))?;
    let signs_in_at = (described.auth.mode == AuthMode::OidcProxy)
        .then_some(described.oidc.as_ref())
        .flatten()
        .map(|oidc| oidc.config_url.to_string());
    Ok(Tenant {
        name,
        public: described.base_url.clone(),
        admission: Admission {
            hosts: described.allowed_hosts.clone(),
            origins: described.allowed_origins.clone(),
        },
        paths: Paths::new(base_path, &described.http_path),
        tools: Tools::new(linked, Arc::clone(&pool), share(config)),
        policy: pool,
        decisions: DecisionCache::default(),
        keys,
        signs_in_at,
        blobs,
        mcp_path,
        components: vec![policy, tools],
    })
}

/// What a policy rests on.
pub struct PolicyGround<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The tenant that it belongs to.
    pub described: &'a config::Tenant,
    /// The engine.
    pub engine: &'a Engine,
    /// The keys of its provider.
    pub keys: &'a Arc<Keys>,
}

/// The policy of a tenant with everything that it is granted.
///
/// # Errors
///
/// See [`BuildError`].
pub fn policy(
    ground: &PolicyGround<'_>,
    loaded: &Loaded,
    values: StateNamespace,
) -> Result<PolicyPool, BuildError> {
    let PolicyGround {
        config,
        described,
        engine,
        keys,
    } = ground;
    let name = described.name.as_str().into();
    let grants = PolicyGrants {
        verifier: Verifier::new(Arc::clone(keys)),
        introspector: outbound::introspector(described, keys)?,
        settings: policy_settings(described)?,
        state: State::new(values),
        http: outbound::http_client(config, described, keys)?,
        rates: Rates::default(),
        log: Log::new(name, loaded.name.as_str().into()),
        memory_bytes: config.limits.instance_memory_bytes,
    };
    Ok(PolicyPool::new(link::policy(engine, loaded, grants)?))
}

/// The key service for the provider of a tenant; it fetches nothing yet.
///
/// # Errors
///
/// [`BuildError::Provider`].
pub fn keys(described: &config::Tenant) -> Result<Keys, BuildError> {
    let Some(oidc) = &described.oidc else {
        // A client reads the certificates of the system, which a start without a provider can spare.
        return Ok(Keys::none());
    };
    let grant = ProviderGrant {
        config_url: oidc.config_url.to_string(),
        extra_jwks_hosts: oidc.jwks_hosts.clone(),
    };
    let client =
        crate::keys::http_client().map_err(|error| BuildError::Provider(error.to_string()))?;
    Keys::new(vec![grant], KeysConfig::default(), client, Clock::system()).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        BuildError::Provider(faults.join("; "))
    })
}

/// The settings of the policy, with the key that seals what it issues.
fn policy_settings(described: &config::Tenant) -> Result<Settings, BuildError> {
    let mut granted = exposed(&described.policy_settings);
    if let Some(file) = &described.signing_key {
        let key = file.load_or_make()?;
        let name = config::settings::OIDC_JWT_SIGNING_KEY.name;
        granted.insert(name.to_owned(), key.expose().to_owned());
    }
    Ok(Settings::new(granted))
}

/// The settings of the tools, and an id of this run: a job of another run is one that was
/// interrupted. With a shared store it may as well be one of another replica, so there is no such
/// id, and the lease of a job says whether anybody works on it.
fn tools_settings(config: &Config, granted: &BTreeMap<String, Secret>) -> Settings {
    let mut granted = exposed(granted);
    if !config.storage.state.is_shared() {
        let run_id = crate::telemetry::request_id().to_string();
        granted.insert("RUN_ID".to_owned(), run_id);
    }
    // Links lead to this server's HTTP, which a pipe does not have.
    if config.listener.transport == Transport::Stdio {
        granted.remove("BASE_URL");
    }
    Settings::new(granted)
}

fn exposed(granted: &BTreeMap<String, Secret>) -> BTreeMap<String, String> {
    granted
        .iter()
        .map(|(name, value)| (name.clone(), value.expose().to_owned()))
        .collect()
}

fn share(config: &Config) -> Share {
    let limits = &config.limits;
    let isolation = match &config.isolation {
        Isolation::Request => invoke::Isolation::Request,
        Isolation::Subject(instances) => invoke::Isolation::Subject(WarmBounds {
            max_idle: instances.max,
            max_age: instances.max_age,
            max_idle_time: instances.idle,
            max_requests: instances.max_requests,
        }),
    };
    let budget = Budget {
        answer: limits.request_timeout,
        background: limits.background_timeout,
    };
    Share {
        instances: limits.max_instances,
        isolation,
        budget,
    }
}
