//! `wit-check <wit folder> [<world>=<component.wasm>]...`: prints each fault on a line of its own
//! and exits with 1 when there is one. `cargo xtask lint` and `cargo xtask components` call it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use wit_check::contracts::Contracts;
use wit_check::{component, documentation, layout};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((wit, components)) = arguments.split_first() else {
        eprintln!("usage: wit-check <wit folder> [<world>=<component.wasm>]...");
        return ExitCode::from(64);
    };
    match faults(Path::new(wit), components) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn faults(wit: &Path, components: &[String]) -> Result<Vec<String>> {
    let mut faults = layout::faults(wit)?;
    faults.extend(documentation::faults(&Contracts::load(wit)?));
    for argument in components {
        let (world, path) = argument
            .split_once('=')
            .with_context(|| format!("expected `<world>=<file>`: `{argument}`"))?;
        let wasm = fs::read(path).with_context(|| format!("cannot read `{path}`"))?;
        if let Err(error) = component::check(Contracts::load(wit)?, world, &wasm) {
            faults.push(format!("{path}: world `{world}`: {error:#}"));
        }
    }
    Ok(faults)
}
