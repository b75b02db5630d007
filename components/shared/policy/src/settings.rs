//! What the deployment says: reading settings with every fault collected, values never repeated.

use std::fmt::{self, Display, Formatter};
use std::ops::RangeInclusive;

/// The interface `imagegen:settings/settings`.
pub trait Settings {
    /// The value of a setting, trimmed and never empty; `None` when it is not set or not granted.
    fn get(&self, name: &str) -> Option<String>;
}

/// One fault of the configuration. The text never repeats the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}`: {problem}")]
pub struct Fault {
    /// The name of the setting, without the prefix of the environment variable.
    pub setting: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// All faults of a configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Display for Faults {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Reads settings and collects what is wrong with them.
pub struct Reader<'a> {
    settings: &'a dyn Settings,
    faults: Vec<Fault>,
    notes: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Nothing is wrong yet.
    #[must_use]
    pub fn new(settings: &'a dyn Settings) -> Self {
        Self {
            settings,
            faults: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Records a fault.
    pub fn fault(&mut self, setting: &'static str, problem: impl Into<String>) {
        self.faults.push(Fault {
            setting,
            problem: problem.into(),
        });
    }

    /// Whether a fault was recorded.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Records something that an operator should know and that is not wrong.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A setting that must be there. The empty text stands for one that is not.
    pub fn required(&mut self, name: &'static str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.fault(name, "is not set");
            String::new()
        })
    }

    /// `true` or `false`, also as yes/no, on/off, 1/0. Anything else is a fault, never a default.
    pub fn flag(&mut self, name: &'static str) -> bool {
        let Some(text) = self.text(name) else {
            return false;
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => true,
            "false" | "no" | "off" | "0" => false,
            _ => {
                self.fault(name, "is not a boolean: expected `true` or `false`");
                false
            }
        }
    }

    /// A whole number within a range.
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(name)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            self.fault(name, format!("is not a whole number from {low} to {high}"));
        }
        number
    }

    /// Words separated by commas or white space, without duplicates, in order.
    #[must_use]
    pub fn words(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let mut words: Vec<String> = Vec::new();
        for word in text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|word| !word.is_empty())
        {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        words
    }

    /// Texts separated by commas, which may have spaces in them, without duplicates, in order.
    #[must_use]
    pub fn items(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let mut items: Vec<String> = Vec::new();
        for item in text.split(',').map(str::trim) {
            if !item.is_empty() && !items.iter().any(|known| known == item) {
                items.push(item.to_owned());
            }
        }
        items
    }

    /// The value, trimmed; blank is not set.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.settings.get(name)?;
        let trimmed = value.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// What was wrong, for who cannot build anything.
    #[must_use]
    pub fn into_faults(self) -> Faults {
        Faults(self.faults)
    }

    /// `built` when nothing was wrong, with the notes.
    ///
    /// # Errors
    /// All faults.
    pub fn finish<T>(self, built: T) -> Result<(T, Vec<String>), Faults> {
        if self.faults.is_empty() {
            Ok((built, self.notes))
        } else {
            Err(Faults(self.faults))
        }
    }
}

/// Why a setting is not the TOML that it should be. Names a line at most: the messages of the parser
/// quote the text, which is secret.
#[must_use]
pub fn problem_of_toml(text: &str, error: &toml::de::Error) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| before.matches('\n').count() + 1);
    line.map_or_else(
        || "is not TOML".to_owned(),
        |line| format!("is not TOML: line {line}"),
    )
}
