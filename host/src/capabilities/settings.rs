//! `imagegen:settings/settings`: the values that the tenant grants to a component.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::bindings::settings::Host;

/// The granted values of one component of one tenant, by name.
#[derive(Clone, Default)]
pub struct Settings(Arc<BTreeMap<String, String>>);

impl Settings {
    /// Grants exactly these values. Blank values count as not set.
    #[must_use]
    pub fn new(values: BTreeMap<String, String>) -> Self {
        let granted = values
            .into_iter()
            .filter(|(_, value)| !value.trim().is_empty())
            .collect();
        Self(Arc::new(granted))
    }
}

/// Names only: a value may be a secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Host for Settings {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.0.get(&name).map(|value| value.trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_granted_values_are_seen_and_none_is_printed() {
        let mut settings = Settings::new(BTreeMap::from([
            ("BEARER_TOKEN".to_owned(), " s3cret ".to_owned()),
            ("BLANK".to_owned(), "  ".to_owned()),
        ]));
        assert_eq!(
            settings.get("BEARER_TOKEN".to_owned()).unwrap().as_deref(),
            Some("s3cret")
        );
        assert_eq!(settings.get("BLANK".to_owned()).unwrap(), None);
        assert_eq!(settings.get("OTHER".to_owned()).unwrap(), None);
        assert!(!format!("{settings:?}").contains("s3cret"));
    }
}
