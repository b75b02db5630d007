//! What lives as long as the process, and how it comes to be.

mod build;
mod outbound;
mod state;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::config::{AuthMode, Config, Transport, TrustedProxies};
use crate::keys::{Keys, lacks};
use crate::tenant::Tenants;

pub use build::{BuildError, PolicyGround, build, components, engine, keys, policy};
pub use state::OpenState;

/// How often warm instances are looked over.
const SWEEP: Duration = Duration::from_secs(1);
/// How often expired values and the leftovers of killed writes are removed.
const CLEANING: Duration = Duration::from_secs(600);
/// Age at which an unfinished file can belong to no write that still goes on.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// Limits of every request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest request body of the MCP endpoint, in bytes.
    pub max_body_bytes: usize,
    /// Time for reading a body, and for the answer to begin.
    pub answer_time: Duration,
}

/// The state that requests share.
pub struct App {
    /// Who serves which URL.
    pub tenants: Tenants,
    /// Jobs and other small values.
    pub state: OpenState,
    /// Whose word about the address of a client is taken.
    pub trusted_proxies: TrustedProxies,
    /// Limits of every request.
    pub limits: Limits,
}

impl App {
    /// What keeps this process from being ready, in words that may be shown to anybody.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let providers = self.tenants.iter().flat_map(|tenant| tenant.keys.status());
        providers
            .filter(|provider| !provider.ready)
            .map(|_| "the OpenID provider cannot be reached".to_owned())
            .collect()
    }
}

/// Work that goes on beside the requests, until it is dropped: keys stay fresh, idle
/// instances and expired values go.
pub async fn housekeeping(app: Arc<App>) {
    let mut tasks = JoinSet::new();
    for tenant in app.tenants.iter() {
        tasks.spawn(Arc::clone(&tenant.keys).run());
        if let Some(config_url) = &tenant.signs_in_at {
            tasks.spawn(tell_what_lacks(
                Arc::clone(&tenant.keys),
                config_url.clone(),
            ));
        }
        let tenant = Arc::clone(tenant);
        tasks.spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                tenant.tools.sweep();
            }
        });
    }
    tasks.spawn(async move {
        loop {
            for tenant in app.tenants.iter() {
                tenant.blobs.clean(LEFTOVER_AGE).await;
            }
            app.state.sweep().await;
            tokio::time::sleep(CLEANING).await;
        }
    });
    while tasks.join_next().await.is_some() {}
}

/// Says once what the provider lacks for signing users in, as soon as it can be read.
async fn tell_what_lacks(keys: Arc<Keys>, config_url: String) {
    loop {
        if let Ok(provider) = keys.provider(&config_url).await {
            let document = serde_json::from_str(&provider.metadata).unwrap_or_default();
            for lacking in lacks(&document) {
                tracing::warn!(config_url, "the OpenID provider: {lacking}");
            }
            return;
        }
        tokio::time::sleep(SWEEP).await;
    }
}

/// Lets images that are still being made in the background be finished, within the grace period.
pub async fn finish_background_work(app: &App, grace: Duration) {
    let all_idle = async {
        for tenant in app.tenants.iter() {
            tenant.tools.idle().await;
        }
    };
    if tokio::time::timeout(grace, all_idle).await.is_err() {
        tracing::warn!(
            "work in the background did not end within the grace period; its jobs read as interrupted"
        );
    }
}

/// The first lines of the log: what an operator is surprised by otherwise.
pub fn announce(config: &Config, app: &App) {
    for tenant in &config.tenants {
        let images = tenant.galleries.scratch_dir.display();
        tracing::info!(tenant = tenant.name, auth = %tenant.auth.mode, %images, "serving");
        let read_only = tenant
            .tools_settings
            .get("READ_ONLY")
            .is_none_or(|value| value.expose() != "false");
        if read_only {
            tracing::warn!(
                "read-only: tools that write are hidden; IMAGE_GENERATION_MCP_READ_ONLY=false shows them"
            );
        }
        let over_http = config.listener.transport == Transport::Http;
        if over_http && tenant.auth.mode == AuthMode::None {
            tracing::warn!("no authentication: everybody who can reach this server may use it");
        }
    }
    for tenant in app.tenants.iter() {
        for component in &tenant.components {
            tracing::info!(
                component = component.name,
                sha256 = component.sha256,
                "loaded"
            );
        }
    }
}
