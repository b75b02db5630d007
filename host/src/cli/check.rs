//! `check`: the configuration, the components and the provider, in plain words.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::app;
use crate::config::{CliOverrides, Config, Environment};
use crate::keys::ProviderStatus;
use crate::tenant::Tenant;

/// Prints what was found. The exit code is 1 when the server would start and not be ready.
pub fn run() -> Result<ExitCode> {
    let config = Config::load(&Environment, &CliOverrides::default())?;
    say("configuration: ok");
    say(&config.summary());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let app = app::build(&config).await?;
        let mut ready = true;
        for tenant in app.tenants.iter() {
            components(tenant);
            tenant.keys.prefetch().await;
            for provider in tenant.keys.status() {
                ready &= provider.ready;
                say(&describe(&provider));
            }
        }
        say(if ready { "the server is ready to start" } else { "the server would start and refuse protected requests with 503" });
        Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn components(tenant: &Tenant) {
    for component in &tenant.components {
        let (name, sha256) = (&component.name, &component.sha256);
        say(&format!("component `{name}`: ok, {} bytes, sha256 {sha256}", component.size));
    }
}

fn describe(provider: &ProviderStatus) -> String {
    let url = &provider.config_url;
    let mut lines = match (&provider.issuer, &provider.last_error) {
        (Some(issuer), None) => vec![format!(
            "provider {url}: ok, issuer {issuer}, {} keys, algorithms {}",
            provider.keys,
            provider.algorithms.join(" ")
        )],
        (_, Some(error)) => vec![
            format!("provider {url}: {error}"),
            "hint: the URL must answer with the discovery document of the provider, from this machine".to_owned(),
        ],
        (None, None) => vec![format!("provider {url}: not reached yet")],
    };
    lines.extend(provider.skipped_keys.iter().map(|key| format!("provider {url}: key skipped: {key}")));
    lines.join("\n")
}

#[allow(clippy::print_stdout, reason = "the output of the command")]
fn say(text: &str) {
    println!("{text}");
}
