//! Configuration: from the environment and the command line to plain, resolved structs.
//!
//! Only code below this module reads the environment or a file of the configuration. Reading goes
//! in two steps: `raw` turns text into checked values, one setting at a time, by the rows of
//! [`settings`]; then each concern resolves its own struct from those values, with the rules that
//! need more than one setting. Faults of both steps are collected and returned together.
//!
//! The environment describes one tenant, `default`. Each concern reads its values through `Values`,
//! so that another source of values for further tenants changes no concern.

mod allowed;
mod auth;
mod fault;
mod grants;
mod image_apis;
mod kind;
mod limits;
mod listener;
mod logging;
mod places;
mod proxies;
mod raw;
mod secret;
pub mod settings;
mod signing_key;
mod source;
mod storage;
mod strength;
mod suggest;
mod summary;
mod tenant;
#[cfg(test)]
mod tests;
mod tls;
mod values;

pub use allowed::{AllowedHost, AllowedHosts, AllowedOrigins};
pub use auth::{Auth, AuthMode, ClientCredentials, Oidc, Outbound};
pub use fault::{EXIT_CODE, Fault, Faults, Origin, Place, Problem};
pub use kind::Kind;
pub use limits::{Isolation, Limits, SubjectInstances};
pub use listener::{Listener, Transport};
pub use logging::{LogFormat, Logging};
pub use proxies::TrustedProxies;
pub use raw::CliOverrides;
pub use secret::Secret;
pub use signing_key::{SigningKeyError, SigningKeyFile, SigningKeyState};
pub use source::{Environment, Source};
pub use storage::{Galleries, StateStore, Storage};
pub use tenant::{ComponentSource, Tenant};
pub use tls::Tls;

use fault::Report;
use places::Places;
use tenant::Ground;

/// A configuration without faults.
#[derive(Debug)]
pub struct Config {
    /// How clients reach the server.
    pub listener: Listener,
    /// The certificate and key, when the server is to speak HTTPS itself.
    pub tls: Option<Tls>,
    /// What requests and instances may cost.
    pub limits: Limits,
    /// Whether instances are reused.
    pub isolation: Isolation,
    /// What is logged.
    pub logging: Logging,
    /// Where files are kept.
    pub storage: Storage,
    /// Whose word about the address of a client is taken.
    pub trusted_proxies: TrustedProxies,
    /// Hosts that may be fetched from for strangers against the rules.
    pub fetch_hosts: Vec<AllowedHost>,
    /// Whom the server serves; never empty.
    pub tenants: Vec<Tenant>,
    /// What the operator should know, one sentence each, without secrets.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads and resolves everything.
    ///
    /// # Errors
    ///
    /// All faults, when there is any; the process then exits with [`EXIT_CODE`].
    pub fn load(source: &dyn Source, cli: &CliOverrides) -> Result<Self, Faults> {
        let mut report = Report::default();
        let values = raw::read(source, cli, &mut report);
        let places = Places::of(source);

        let listener = Listener::resolve(&values);
        let tls = Tls::resolve(&values, &places, &mut report);
        let limits = Limits::resolve(&values, &mut report);
        let isolation = Isolation::resolve(&values, &limits, &mut report);
        let logging = Logging::resolve(&values);
        let storage = Storage::resolve(&values, &places, &mut report);
        let ground = Ground {
            places: &places,
            listener: &listener,
            storage: &storage,
        };
        let tenant = Tenant::resolve(&values, &ground, &mut report);

        let fetch_hosts = allowed::fetch_hosts(&values, &mut report);

        if !report.faults.is_empty() {
            return Err(Faults(report.faults));
        }
        Ok(Self {
            listener,
            tls,
            limits,
            isolation,
            logging,
            storage,
            trusted_proxies: TrustedProxies::resolve(&values),
            fetch_hosts,
            tenants: vec![tenant],
            warnings: report.warnings,
        })
    }
}
