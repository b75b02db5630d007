//! The file of clients that are registered beforehand. What is in it is for the policy to judge;
//! here it only has to be TOML, so that a slip in it stops the start and not the first client.

use super::tokens::not_toml;
use crate::config::fault::{Problem, Report};
use crate::config::places::{self, Places};
use crate::config::secret::Secret;
use crate::config::settings;
use crate::config::values::Values;

/// Most that a component can be given as one setting, in bytes.
const LARGEST: usize = 256 << 10;

/// Reads the file when there is to be one.
pub(super) fn read(values: &Values, places: &Places, report: &mut Report) -> Option<Secret> {
    let setting = &settings::OIDC_CLIENTS_FILE;
    let path = values.path(setting, places, report)?;
    match places::read(&path).and_then(judge) {
        Ok(text) => Some(text),
        Err(problem) => {
            report.fault(values.place(setting), problem);
            None
        }
    }
}

fn judge(text: Secret) -> Result<Secret, Problem> {
    if text.expose().len() > LARGEST {
        return Err(Problem::new(format!("larger than {LARGEST} bytes")));
    }
    match text.expose().parse::<toml::Table>() {
        Ok(table) if table.is_empty() => Err(Problem::new("the file has no client")),
        Ok(_) => Ok(text),
        Err(error) => Err(not_toml(&error, text.expose())),
    }
}
