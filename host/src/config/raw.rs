//! From the environment and the command line to checked values, one setting at a time.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::fault::{Origin, Place, Problem, Report, quoted};
use super::kind::switch;
use super::secret::Secret;
use super::settings::{self, Meaning, PREFIX, Setting, Status};
use super::source::Source;
use super::suggest;
use super::values::{Given, Values};

/// What the command line says; it wins over the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CliOverrides {
    /// `--transport`.
    pub transport: Option<String>,
    /// `--host`.
    pub host: Option<String>,
    /// `--port`.
    pub port: Option<u16>,
    /// `--http-path`.
    pub http_path: Option<String>,
}

impl CliOverrides {
    fn value(&self, setting: &Setting) -> Option<(&'static str, String)> {
        let (argument, value) = match setting.name {
            "TRANSPORT" => ("--transport", self.transport.clone()),
            "HOST" => ("--host", self.host.clone()),
            "PORT" => ("--port", self.port.map(|port| port.to_string())),
            "HTTP_PATH" => ("--http-path", self.http_path.clone()),
            _ => return None,
        };
        value.map(|value| (argument, value))
    }
}

/// Reads every setting, and reports unknown names, unusable values and settings without effect.
pub(super) fn read(source: &dyn Source, cli: &CliOverrides, report: &mut Report) -> Values {
    let variables = variables(source);
    refuse_unknown(&variables, report);
    let mut values = Values::default();
    for setting in settings::all() {
        if let Some(found) = find(setting, cli, &variables, report) {
            keep(setting, found, &mut values, report);
        }
    }
    values
}

/// A trimmed value that is not blank, before it is checked.
struct Found {
    place: Place,
    meaning: Meaning,
    value: Secret,
}

fn variables(source: &dyn Source) -> BTreeMap<String, OsString> {
    let named = |(name, value): (OsString, OsString)| {
        let name = name.to_string_lossy().into_owned();
        // Windows does not distinguish case in names.
        let name = if cfg!(windows) {
            name.to_ascii_uppercase()
        } else {
            name
        };
        (name, value)
    };
    source.variables().into_iter().map(named).collect()
}

fn find(
    setting: &Setting,
    cli: &CliOverrides,
    variables: &BTreeMap<String, OsString>,
    report: &mut Report,
) -> Option<Found> {
    if let Some((argument, value)) = cli.value(setting) {
        let place = Place {
            name: argument.into(),
            origin: Origin::CommandLine,
        };
        if let Some(value) = trimmed(&value) {
            return Some(Found {
                place,
                meaning: Meaning::Same,
                value,
            });
        }
    }
    let aliases = setting.aliases.iter();
    let aliases = aliases.map(|alias| (alias.variable.to_owned(), alias.meaning));
    for (name, meaning) in std::iter::once((setting.variable(), Meaning::Same)).chain(aliases) {
        let Some(value) = variables.get(&name) else {
            continue;
        };
        let place = Place {
            name,
            origin: Origin::Environment,
        };
        let Some(value) = value.to_str() else {
            report.fault(place, Problem::new("not valid UTF-8"));
            continue;
        };
        if let Some(value) = trimmed(value) {
            return Some(Found {
                place,
                meaning,
                value,
            });
        }
    }
    None
}

fn trimmed(value: &str) -> Option<Secret> {
    let value = value.trim();
    (!value.is_empty()).then(|| Secret::new(value))
}

fn keep(setting: &'static Setting, found: Found, values: &mut Values, report: &mut Report) {
    let Found {
        place,
        meaning,
        value,
    } = found;
    let checked = match (setting.status, meaning) {
        (Status::Inert, _) => {
            report.warn(format!("{place}: no effect in this version"));
            Ok(value.expose().to_owned())
        }
        (Status::Unenforced, _) => Err(Problem::new(
            "restricts who may do what, and this version does not enforce it",
        )
        .hint("remove it once you have protected the server in another way")),
        (Status::Effective, Meaning::Same) => setting.kind.check(value.expose()),
        (Status::Effective, Meaning::Switch { on, off }) => {
            switch(value.expose()).map(|set| if set { on } else { off }.to_owned())
        }
    };
    match checked {
        Ok(text) => {
            let value = Secret::new(text);
            values.insert(setting, Given { place, value });
        }
        Err(problem) => {
            let kubernetes = setting.name == "PORT" && value.expose().starts_with("tcp://");
            let problem = if kubernetes {
                service_links(problem)
            } else {
                problem
            };
            report.fault(place.clone(), problem);
            values.refuse(setting, place);
        }
    }
}

fn refuse_unknown(variables: &BTreeMap<String, OsString>, report: &mut Report) {
    for variable in variables.keys() {
        let Some(name) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        if known(variable) {
            continue;
        }
        let mut problem = Problem::new("no such setting");
        if ["SERVICE_", "PORT_"]
            .iter()
            .any(|link| name.starts_with(link))
        {
            problem = service_links(problem);
        } else if let Some(meant) = suggest::nearest(name, settings::all().map(|s| s.name)) {
            problem = problem.hint(format!("did you mean `{PREFIX}{meant}`?"));
        }
        let shown = quoted(variable);
        let name = shown.trim_matches('`').to_owned();
        report.fault(
            Place {
                name,
                origin: Origin::Environment,
            },
            problem,
        );
    }
}

fn known(variable: &str) -> bool {
    settings::all().any(|setting| {
        variable.strip_prefix(PREFIX) == Some(setting.name)
            || setting
                .aliases
                .iter()
                .any(|alias| alias.variable == variable)
    })
}

/// Kubernetes sets such variables in every pod next to a service called `image-generation-mcp`.
fn service_links(problem: Problem) -> Problem {
    problem.hint("in Kubernetes, set `enableServiceLinks: false` in the pod, or rename the service")
}
