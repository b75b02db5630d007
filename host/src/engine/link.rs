//! Linking: which capability each world gets. This is the one list that wires them.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store, StoreLimits};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::grants::Role;
use super::limits;
use super::load::{LoadError, Loaded};
use crate::bindings::policy::CapabilitiesPre as PolicyPre;
use crate::bindings::{
    authorizer, blobs, http_client, log as log_bindings, policy, settings as settings_bindings,
    state,
};
use crate::capabilities::authorizer::Authorizer;
use crate::capabilities::blobs::Blobs;
use crate::capabilities::http_client::HttpClient;
use crate::capabilities::introspector::Introspector;
use crate::capabilities::log::Log;
use crate::capabilities::outbound::Outbound;
use crate::capabilities::rates::Rates;
use crate::capabilities::settings::Settings;
use crate::capabilities::state::State;
use crate::capabilities::verifier::Verifier;

/// What a guest may write to its standard error before it is cut off; shown when it traps.
const STDERR_BYTES: usize = 4096;

/// What the policy component of a tenant is given.
#[derive(Clone)]
pub struct PolicyGrants {
    /// `imagegen:keys/verifier`.
    pub verifier: Verifier,
    /// `imagegen:keys/introspector`.
    pub introspector: Introspector,
    /// `imagegen:settings/settings`.
    pub settings: Settings,
    /// `imagegen:store/state`.
    pub state: State,
    /// `imagegen:http/client`.
    pub http: HttpClient,
    /// `imagegen:rates/limiter`.
    pub rates: Rates,
    /// `imagegen:log/log`.
    pub log: Log,
    /// Largest linear memory, in bytes.
    pub memory_bytes: usize,
}

/// What the tools component of a tenant is given, besides the caller of each request.
#[derive(Clone)]
pub struct ToolsGrants {
    /// `imagegen:settings/settings`.
    pub settings: Settings,
    /// `imagegen:store/blobs`.
    pub blobs: Blobs,
    /// `imagegen:store/state`.
    pub state: State,
    /// `wasi:http/outgoing-handler`, for the image APIs that are configured.
    pub outbound: Outbound,
    /// `imagegen:http/client`, for what strangers publish.
    pub web: HttpClient,
    /// `imagegen:log/log`.
    pub log: Log,
    /// Largest linear memory, in bytes.
    pub memory_bytes: usize,
}

/// A policy component with its capabilities, ready to be instantiated.
pub struct LinkedPolicy {
    /// The pre-instantiated component.
    pub pre: PolicyPre<PolicyState>,
    /// Whether it is one of ours.
    pub is_default: bool,
    grants: PolicyGrants,
}

/// A tools component with its capabilities, ready to be instantiated.
pub struct LinkedTools {
    /// The pre-instantiated component.
    pub pre: ProxyPre<ToolsState>,
    grants: ToolsGrants,
}

/// Links a policy.
///
/// # Errors
///
/// [`LoadError::Link`] when an import or export has the right name and another type.
pub fn policy(
    engine: &Engine,
    loaded: &Loaded,
    grants: PolicyGrants,
) -> Result<LinkedPolicy, LoadError> {
    let pre = link_policy(engine, loaded).map_err(|error| LoadError::Link {
        name: loaded.name.clone(),
        reason: format!("{error:#}"),
    })?;
    Ok(LinkedPolicy {
        pre,
        is_default: loaded.is_default,
        grants,
    })
}

/// Links tools.
///
/// # Errors
///
/// [`LoadError::Link`] when an import or export has the right name and another type.
pub fn tools(
    engine: &Engine,
    loaded: &Loaded,
    grants: ToolsGrants,
) -> Result<LinkedTools, LoadError> {
    let pre = link_tools(engine, loaded).map_err(|error| LoadError::Link {
        name: loaded.name.clone(),
        reason: format!("{error:#}"),
    })?;
    Ok(LinkedTools { pre, grants })
}

/// Whether every import and export of a component has the right type for its role.
///
/// # Errors
///
/// [`LoadError::Link`].
pub fn check(engine: &Engine, loaded: &Loaded, role: Role) -> Result<(), LoadError> {
    let outcome = match role {
        Role::Policy => link_policy(engine, loaded).map(drop),
        Role::Tools => link_tools(engine, loaded).map(drop),
    };
    outcome.map_err(|error| LoadError::Link {
        name: loaded.name.clone(),
        reason: format!("{error:#}"),
    })
}

fn link_policy(engine: &Engine, loaded: &Loaded) -> wasmtime::Result<PolicyPre<PolicyState>> {
    let mut linker = Linker::<PolicyState>::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    policy::imagegen::keys::verifier::add_to_linker::<_, HasSelf<Verifier>>(
        &mut linker,
        |state| &mut state.verifier,
    )?;
    policy::imagegen::keys::introspector::add_to_linker::<_, HasSelf<Introspector>>(
        &mut linker,
        |state| &mut state.introspector,
    )?;
    settings_bindings::add_to_linker::<_, HasSelf<Settings>>(&mut linker, |state| {
        &mut state.settings
    })?;
    state::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| &mut state.state)?;
    http_client::client::add_to_linker::<_, HasSelf<HttpClient>>(&mut linker, |state| {
        &mut state.http
    })?;
    policy::imagegen::rates::limiter::add_to_linker::<_, HasSelf<Rates>>(&mut linker, |state| {
        &mut state.rates
    })?;
    log_bindings::add_to_linker::<_, HasSelf<Log>>(&mut linker, |state| &mut state.log)?;
    PolicyPre::new(linker.instantiate_pre(&loaded.component)?)
}

fn link_tools(engine: &Engine, loaded: &Loaded) -> wasmtime::Result<ProxyPre<ToolsState>> {
    let mut linker = Linker::<ToolsState>::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    authorizer::add_to_linker::<_, HasSelf<Authorizer>>(&mut linker, |state| {
        &mut state.authorizer
    })?;
    settings_bindings::add_to_linker::<_, HasSelf<Settings>>(&mut linker, |state| {
        &mut state.settings
    })?;
    log_bindings::add_to_linker::<_, HasSelf<Log>>(&mut linker, |state| &mut state.log)?;
    blobs::add_to_linker::<_, HasSelf<Blobs>>(&mut linker, |state| &mut state.blobs)?;
    state::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| &mut state.state)?;
    http_client::client::add_to_linker::<_, HasSelf<HttpClient>>(&mut linker, |state| {
        &mut state.web
    })?;
    ProxyPre::new(linker.instantiate_pre(&loaded.component)?)
}

impl LinkedPolicy {
    /// A fresh store for one instance.
    #[must_use]
    pub fn new_store(&self) -> Store<PolicyState> {
        let grants = &self.grants;
        let state = PolicyState {
            wasi: WasiCtx::builder().build(),
            table: limits::resource_table(),
            limits: limits::store_limits(grants.memory_bytes),
            verifier: grants.verifier.clone(),
            introspector: grants.introspector.clone(),
            settings: grants.settings.clone(),
            state: grants.state.clone(),
            http: grants.http.clone(),
            rates: grants.rates.clone(),
            log: grants.log.clone(),
        };
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.limits);
        limits::slice_time(&mut store);
        store
    }
}

impl LinkedTools {
    /// A fresh store for one instance that serves this caller first.
    #[must_use]
    pub fn new_store(&self, authorizer: Authorizer, request_id: Arc<str>) -> Store<ToolsState> {
        let grants = &self.grants;
        let stderr = MemoryOutputPipe::new(STDERR_BYTES);
        let mut log = grants.log.clone();
        log.begin(request_id);
        let state = ToolsState {
            wasi: WasiCtx::builder().stderr(stderr.clone()).build(),
            http: WasiHttpCtx::new(),
            table: limits::resource_table(),
            limits: limits::store_limits(grants.memory_bytes),
            outbound: grants.outbound.clone(),
            stderr,
            authorizer,
            settings: grants.settings.clone(),
            blobs: grants.blobs.clone(),
            state: grants.state.clone(),
            web: grants.web.clone(),
            log,
        };
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.limits);
        limits::slice_time(&mut store);
        store
    }
}

/// What belongs to one instance of a policy.
pub struct PolicyState {
    wasi: WasiCtx,
    table: ResourceTable,
    limits: StoreLimits,
    verifier: Verifier,
    introspector: Introspector,
    settings: Settings,
    state: State,
    http: HttpClient,
    rates: Rates,
    /// Lines name the request that is being judged.
    pub log: Log,
}

impl WasiView for PolicyState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// What belongs to one instance of the tools.
pub struct ToolsState {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    limits: StoreLimits,
    outbound: Outbound,
    stderr: MemoryOutputPipe,
    authorizer: Authorizer,
    settings: Settings,
    blobs: Blobs,
    state: State,
    web: HttpClient,
    log: Log,
}

impl ToolsState {
    /// Makes the instance serve another request of the same subject.
    pub fn begin(&mut self, authorizer: Authorizer, request_id: Arc<str>) {
        self.authorizer = authorizer;
        self.log.begin(request_id);
    }

    /// What the instance wrote to its standard error, safe for a log line.
    #[must_use]
    pub fn stderr(&self) -> String {
        let bytes = self.stderr.contents();
        crate::capabilities::log::printable(String::from_utf8_lossy(&bytes).trim())
    }
}

impl WasiView for ToolsState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for ToolsState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outbound,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
