//! `check --login`: signs in at the provider as this server would, and says in plain words where it
//! breaks and what to change.
//!
//! The redirect leads to a listener on loopback, which has to be registered at the provider for the
//! time of the check. Nothing that is printed can be used by anybody: no code, no token, no secret.

mod access;
mod authorization;
mod callback;
mod claims;
mod plan;
mod report;
mod story;
#[cfg(test)]
mod tests;
mod tokens;
mod user;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use wasmtime::Engine;

use self::plan::Plan;
use self::report::Report;
use self::story::Login;
use crate::app::{self, PolicyGround};
use crate::auth::PolicyPool;
use crate::config::{AuthMode, Config, Tenant};
use crate::store::{State, WallClock};

/// What the command line says.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Arguments {
    /// The port of the listener.
    pub(in crate::cli) port: u16,
    /// How long to wait for somebody to sign in.
    pub(in crate::cli) wait: Duration,
}

/// Signs in. `false` when something is to be mended.
pub(super) async fn run(
    config: &Config,
    tenant: &Tenant,
    engine: &Engine,
    arguments: Arguments,
) -> Result<bool> {
    let mut report = Report::new(super::say);
    let address = ("127.0.0.1", arguments.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on 127.0.0.1:{}", arguments.port))?;
    let port = listener.local_addr()?.port();
    let Some(plan) = Plan::of(tenant, port, &mut report) else {
        return Ok(false);
    };
    let keys = Arc::new(app::keys(tenant)?);
    let ground = PolicyGround {
        config,
        described: tenant,
        engine,
        keys: &keys,
    };
    // The policy of this server says itself whether it takes a token of the provider.
    let policy = judge(&ground)?;
    let login = Login {
        plan,
        keys: Arc::clone(&keys),
        http: crate::keys::http_client()?,
        policy,
        wait: arguments.wait,
    };
    login.run(listener, &mut report).await;
    Ok(report.conclude())
}

/// The policy, where it takes tokens of the provider. It keeps nothing of this check.
fn judge(ground: &PolicyGround<'_>) -> Result<Option<PolicyPool>> {
    let takes_them = matches!(
        ground.described.auth.mode,
        AuthMode::Remote | AuthMode::Custom
    );
    if !takes_them {
        return Ok(None);
    }
    let (policy, _) = app::components(ground.engine, ground.described)?;
    let values = State::in_memory(WallClock::system()).namespace("check", "auth");
    Ok(Some(app::policy(ground, &policy, values)?))
}
