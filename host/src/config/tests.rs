//! Configurations as operators write them, and what becomes of them.

mod allowed;
mod auth;
mod defaults;
mod documents;
mod faults;
mod grants;
mod image_apis;
mod kinds;
mod places;
mod raw;
mod secrets;
mod signing_key;
mod tls;
mod tokens;

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

/// 128 bits, as `openssl rand -hex 16` makes them.
const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const PROVIDER: &str = "https://idp.example/.well-known/openid-configuration";

/// A machine with a home directory of its own and nothing in its environment.
struct Machine {
    home: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    cli: CliOverrides,
}

/// A machine with these settings, without prefix.
fn machine(settings: &[(&str, &str)]) -> Machine {
    let mut machine = Machine {
        home: tempfile::tempdir().unwrap(),
        variables: BTreeMap::new(),
        cli: CliOverrides::default(),
    };
    let home = machine.home.path().to_str().unwrap().to_owned();
    machine.set("HOME", &home);
    machine.set("USERPROFILE", &home);
    for (name, value) in settings {
        machine.set(&format!("{}{name}", settings::PREFIX), value);
    }
    machine
}

impl Machine {
    /// Sets a variable by its whole name.
    fn set(&mut self, variable: &str, value: &str) -> &mut Self {
        self.variables.insert(variable.to_owned(), value.to_owned());
        self
    }

    /// Sets a setting to the path of a new file.
    fn set_file(&mut self, setting: &str, text: &str) -> &mut Self {
        let path = self.home.path().join(setting);
        std::fs::write(&path, text).unwrap();
        let variable = format!("{}{setting}", settings::PREFIX);
        self.set(&variable, path.to_str().unwrap())
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    fn load(&self) -> Result<Config, Faults> {
        Config::load(&self.variables, &self.cli)
    }

    fn config(&self) -> Config {
        self.load().unwrap_or_else(|faults| panic!("{faults}"))
    }

    /// The faults, each with its hints, without the prefix of variables.
    fn faults(&self) -> Vec<String> {
        let faults = self.load().expect_err("a configuration with faults");
        let lines = faults.as_slice().iter().map(ToString::to_string);
        lines
            .map(|line| line.replace(settings::PREFIX, "_"))
            .collect()
    }

    /// The only fault, without its hints.
    fn fault(&self) -> String {
        let faults = self.faults();
        assert_eq!(faults.len(), 1, "{faults:#?}");
        faults[0].lines().next().unwrap().to_owned()
    }

    fn warnings(&self) -> Vec<String> {
        let warnings = self.config().warnings;
        let lines = warnings.iter();
        lines
            .map(|line| line.replace(settings::PREFIX, "_"))
            .collect()
    }
}

impl Config {
    fn tenant(&self) -> &Tenant {
        self.tenants.first().unwrap()
    }
}
