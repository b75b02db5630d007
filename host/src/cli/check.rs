//! `check`: the configuration, the components, the store and the provider, in plain words.

mod login;

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::app;
use crate::config::{
    AuthMode, CliOverrides, Config, Environment, SigningKeyState, StateStore, Tenant,
};
use crate::keys::{ProviderStatus, lacks};
use crate::store::{OpenError, State, WallClock};

pub(super) use login::Arguments as LoginArguments;

/// Prints what was found. The exit code is 1 when the server would start and not be ready, or when
/// signing in, which is tried with `login`, does not work as it should.
pub(super) fn run(login: Option<LoginArguments>) -> Result<ExitCode> {
    let config = Config::load(&Environment, &CliOverrides::default())?;
    say("configuration: ok");
    say(&config.summary());
    let engine = app::engine(&config)?;
    for tenant in &config.tenants {
        let (policy, tools) = app::components(&engine, tenant)?;
        for component in [policy, tools] {
            let (name, sha256) = (&component.name, &component.sha256);
            say(&format!(
                "component `{name}`: ok, {} bytes, sha256 {sha256}",
                component.size
            ));
        }
    }
    for tenant in &config.tenants {
        signing_key(tenant)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let ready = runtime.block_on(async {
        store(&config).await?;
        let mut ready = true;
        for tenant in &config.tenants {
            ready &= providers(tenant).await?;
        }
        anyhow::Ok(ready)
    })?;
    if let Some(arguments) = login {
        let mut works = ready;
        for tenant in &config.tenants {
            let attempt = login::run(&config, tenant, &engine, arguments);
            works &= runtime.block_on(attempt)?;
        }
        return Ok(if works {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    if ready {
        say("the server is ready to start");
        return Ok(ExitCode::SUCCESS);
    }
    say("the server would start and answer protected requests with 503");
    Ok(ExitCode::FAILURE)
}

async fn store(config: &Config) -> Result<()> {
    let opened = match &config.storage.state {
        StateStore::Memory => {
            say("state in memory: it ends with the process");
            return Ok(());
        }
        StateStore::Database => State::open(&config.storage.data_dir, WallClock::system()).await,
        StateStore::Directory(path) => State::open_shared(path.clone(), WallClock::system()).await,
    };
    let directory = match &config.storage.state {
        StateStore::Directory(path) => path.display(),
        _ => config.storage.data_dir.display(),
    };
    match opened {
        Ok(_) => say(&format!("state in {directory}: ok")),
        Err(OpenError::InUse { .. }) => {
            say(&format!("state in {directory}: in use by a running server"))
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Makes no key: that is for the start.
fn signing_key(tenant: &Tenant) -> Result<()> {
    let Some(file) = &tenant.signing_key else {
        return Ok(());
    };
    let path = file.path().display();
    say(&match file.inspect().map_err(app::BuildError::from)? {
        SigningKeyState::Present => format!("signing key {path}: ok"),
        SigningKeyState::Absent => format!(
            "signing key {path}: not there; the start makes one, since `OIDC_JWT_SIGNING_KEY` is not set"
        ),
    });
    Ok(())
}

async fn providers(tenant: &Tenant) -> Result<bool> {
    let keys = app::keys(tenant)?;
    keys.prefetch().await;
    let providers = keys.status();
    providers
        .iter()
        .for_each(|provider| say(&describe(provider)));
    if tenant.auth.mode == AuthMode::OidcProxy {
        for provider in &providers {
            let known = keys.provider(&provider.config_url).await;
            let document =
                known.map(|known| serde_json::from_str(&known.metadata).unwrap_or_default());
            for lacking in document.iter().flat_map(lacks) {
                say(&format!("provider {}: {lacking}", provider.config_url));
            }
        }
    }
    Ok(providers.iter().all(|provider| provider.ready))
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
    lines.extend(
        provider
            .skipped_keys
            .iter()
            .map(|key| format!("provider {url}: key skipped: {key}")),
    );
    lines.join("\n")
}

#[allow(clippy::print_stdout, reason = "the output of the command")]
fn say(text: &str) {
    println!("{text}");
}
