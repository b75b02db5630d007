//! Checked values by setting, with the defaults of the table.
//!
//! A value that was refused reads like its default here. That is never acted upon: the refusal is
//! a fault, and a configuration with a fault is never returned.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::fault::{Origin, Place, Report};
use super::places::Places;
use super::secret::Secret;
use super::settings::{Setting, Unset};

/// A value that somebody gave, in its canonical text.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) place: Place,
    pub(super) value: Secret,
}

/// The values of one tenant and of the process.
#[derive(Debug, Default)]
pub(super) struct Values {
    given: BTreeMap<&'static str, Given>,
    refused: BTreeMap<&'static str, Place>,
}

impl Values {
    pub(super) fn insert(&mut self, setting: &'static Setting, given: Given) {
        self.given.insert(setting.name, given);
    }

    /// Remembers that a setting was made, although its value is of no use.
    pub(super) fn refuse(&mut self, setting: &'static Setting, place: Place) {
        self.refused.insert(setting.name, place);
    }

    /// Whether somebody made this setting, usable or not.
    pub(super) fn is_set(&self, setting: &Setting) -> bool {
        self.given.contains_key(setting.name) || self.refused.contains_key(setting.name)
    }

    /// The value that somebody gave.
    pub(super) fn given(&self, setting: &Setting) -> Option<&Secret> {
        self.given.get(setting.name).map(|given| &given.value)
    }

    /// The value that somebody gave, or the default of the table.
    pub(super) fn text(&self, setting: &Setting) -> Option<&str> {
        match (self.given(setting), setting.default) {
            (Some(value), _) => Some(value.expose()),
            (None, Unset::Value(value)) => Some(value),
            (None, Unset::Derived(_) | Unset::Nothing) => None,
        }
    }

    pub(super) fn switch(&self, setting: &Setting) -> bool {
        self.text(setting) == Some("true")
    }

    pub(super) fn number(&self, setting: &Setting) -> u64 {
        self.text(setting)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    }

    /// A number of things or bytes in memory.
    pub(super) fn count(&self, setting: &Setting) -> usize {
        usize::try_from(self.number(setting)).unwrap_or(usize::MAX)
    }

    pub(super) fn seconds(&self, setting: &Setting) -> Duration {
        Duration::from_secs(self.number(setting))
    }

    /// The items of a comma-separated list.
    pub(super) fn list(&self, setting: &Setting) -> Vec<String> {
        let text = self.text(setting).unwrap_or_default();
        text.split(',')
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A path with `~/` expanded.
    pub(super) fn path(
        &self,
        setting: &Setting,
        places: &Places,
        report: &mut Report,
    ) -> Option<PathBuf> {
        let text = self.text(setting)?;
        match places.expand(text) {
            Ok(path) => Some(path),
            Err(problem) => {
                report.fault(self.place(setting), problem);
                None
            }
        }
    }

    /// What to blame for a fault of this setting.
    pub(super) fn place(&self, setting: &Setting) -> Place {
        let given = self.given.get(setting.name).map(|given| &given.place);
        let known = given.or_else(|| self.refused.get(setting.name));
        known.cloned().unwrap_or_else(|| Place {
            name: setting.variable(),
            origin: Origin::NotSet,
        })
    }
}
