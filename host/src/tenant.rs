//! A tenant: one public URL with the policy, the tools, the store and the limits that serve it.

use std::sync::Arc;

use http::uri::PathAndQuery;
use url::Url;

use crate::admit::Admission;
use crate::auth::{DecisionCache, PolicyPool};
use crate::engine::load::Loaded;
use crate::invoke::Tools;
use crate::keys::Keys;
use crate::route::Paths;
use crate::store::Blobs;

/// What serves one public URL.
pub struct Tenant {
    /// Name in logs; `default` for a configuration by environment.
    pub name: Arc<str>,
    /// Scheme and authority that the public sees, when configured.
    pub public: Option<Url>,
    /// Hosts and origins that may call.
    pub admission: Admission,
    /// Paths as they arrive.
    pub paths: Paths,
    /// Who may do what.
    pub policy: Arc<PolicyPool>,
    /// What the policy said a moment ago.
    pub decisions: DecisionCache,
    /// The MCP server.
    pub tools: Tools,
    /// Provider documents and keys; empty without OIDC.
    pub keys: Arc<Keys>,
    /// The discovery document of the provider at which the policy signs users in, if it does.
    pub signs_in_at: Option<String>,
    /// The files of its gallery.
    pub blobs: Blobs,
    /// The MCP path, as the tools see it.
    pub mcp_path: PathAndQuery,
    /// What was loaded, for `components` and the log.
    pub components: Vec<Loaded>,
}

impl Tenant {
    /// The scheme that clients use.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.public.as_ref().map_or("http", Url::scheme)
    }
}

/// All tenants of this process.
pub struct Tenants {
    all: Vec<Arc<Tenant>>,
}

impl Tenants {
    /// A table of tenants.
    #[must_use]
    pub fn new(tenants: Vec<Tenant>) -> Self {
        Self {
            all: tenants.into_iter().map(Arc::new).collect(),
        }
    }

    /// The tenant of a request: the only one, since a configuration by environment makes no other.
    #[must_use]
    pub fn pick(&self) -> Option<&Arc<Tenant>> {
        self.all.first()
    }

    /// All tenants.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.all.iter()
    }
}
