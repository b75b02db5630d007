//! `serve`: configuration, logging, components, listen, serve, drain.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;

use crate::config::{CliOverrides, Config, Environment, Transport};
use crate::server::{ConnectionLimits, Listening};
use crate::{app, server, shutdown, stdio, telemetry};

/// Serves until a signal, or until standard input ends.
pub fn run(overrides: &CliOverrides, verbose: bool) -> Result<ExitCode> {
    let config = Config::load(&Environment, overrides)?;
    let level = if verbose {
        tracing::Level::DEBUG
    } else {
        config.logging.level
    };
    telemetry::init(level, config.logging.format)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // A guest that computes holds its thread for a whole epoch. Looking for new requests only
        // after 61 such turns, the default, would make everybody wait for it.
        .event_interval(8)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let outcome = runtime.block_on(serve(config));
    // Guests that still work in the background end here; their jobs read as interrupted.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn serve(config: Config) -> Result<()> {
    let app = Arc::new(app::build(&config).await?);
    app::announce(&config, &app);
    let housekeeping = tokio::spawn(app::housekeeping(Arc::clone(&app)));
    match config.listener.transport {
        Transport::Stdio => {
            for tenant in app.tenants.iter() {
                stdio::serve(Arc::clone(tenant), config.limits.max_body_bytes).await?;
            }
        }
        Transport::Http => http(&config, Arc::clone(&app)).await?,
    }
    app::finish_background_work(&app, config.listener.shutdown_grace).await;
    housekeeping.abort();
    app.state.close().await;
    Ok(())
}

async fn http(config: &Config, app: Arc<app::App>) -> Result<()> {
    let listener = &config.listener;
    let tls = match &config.tls {
        Some(tls) => Some(server::acceptor(tls).map_err(app::BuildError::Tls)?),
        None => None,
    };
    let socket = TcpListener::bind(listener.address)
        .await
        .with_context(|| format!("cannot listen on {}", listener.address))?;
    let bound = socket
        .local_addr()
        .context("the listening socket has no address")?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let path = config
        .tenants
        .first()
        .map_or("", |tenant| &tenant.http_path);
    say(&format!("listening on {scheme}://{bound}{path}"));
    let limits = ConnectionLimits {
        max_connections: listener.max_connections,
        max_header_bytes: listener.max_header_bytes,
        max_headers: listener.max_headers,
        head_time: listener.header_timeout,
        grace: listener.shutdown_grace,
    };
    let listening = Listening {
        socket,
        tls,
        limits,
    };
    server::serve(app, listening, shutdown::requested()).await;
    Ok(())
}

/// The line that scripts wait for; not a log line, so that no log setting can hide or change it.
#[allow(
    clippy::print_stderr,
    reason = "an API for scripts, see docs/ARCHITECTURE.md"
)]
fn say(line: &str) {
    eprintln!("{line}");
}
