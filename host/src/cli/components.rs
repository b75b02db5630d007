//! `components`: what is built in and what the configuration uses.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::app;
use crate::config::{CliOverrides, ComponentSource, Config, Environment};
use crate::engine::embedded;
use crate::engine::grants::Role;
use crate::engine::load::{self, LoadError, Loaded};

/// Prints every component. The exit code is 64 when one that the configuration uses is unusable.
pub fn run(as_json: bool) -> Result<ExitCode> {
    let config = Config::load(&Environment, &CliOverrides::default())?;
    let engine = app::engine(&config)?;
    let mut rows = Vec::new();
    let mut sources: Vec<ComponentSource> =
        embedded::names().map(ComponentSource::Embedded).collect();
    for tenant in &config.tenants {
        for (source, role) in [(&tenant.policy, Role::Policy), (&tenant.tools, Role::Tools)] {
            load::load(&engine, source, role)?;
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
    }
    for source in &sources {
        let used = config
            .tenants
            .iter()
            .any(|tenant| tenant.policy == *source || tenant.tools == *source);
        match load::compile(&engine, source) {
            Ok(loaded) => rows.push((loaded, used)),
            Err(error @ LoadError::NotBuilt(_)) if !used => tracing::warn!("{error}"),
            Err(error) => return Err(error.into()),
        }
    }
    if as_json {
        print_json(&rows);
    } else {
        rows.iter()
            .for_each(|(loaded, used)| print_text(loaded, *used));
    }
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stdout, reason = "the output of the command")]
fn print_json(rows: &[(Loaded, bool)]) {
    let rows: Vec<_> = rows
        .iter()
        .map(|(loaded, used)| {
            json!({
                "name": loaded.name,
                "used": used,
                "sha256": loaded.sha256,
                "size": loaded.size,
                "imports": loaded.imports,
                "exports": loaded.exports,
            })
        })
        .collect();
    println!("{}", serde_json::Value::from(rows));
}

#[allow(clippy::print_stdout, reason = "the output of the command")]
fn print_text(loaded: &Loaded, used: bool) {
    let used = if used {
        " (used by this configuration)"
    } else {
        ""
    };
    println!("{}{used}", loaded.name);
    println!("  sha256  {}", loaded.sha256);
    println!("  size    {} bytes", loaded.size);
    for export in &loaded.exports {
        println!("  export  {export}");
    }
    for import in &loaded.imports {
        println!("  import  {import}");
    }
}
