//! Every configured backend and what it can do, as `list_providers` and `info://providers` tell it.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::discovery::{Discovery, Trouble, discover};
use super::model::{Lifecycle, Model};
use super::{Provider, configured};
use crate::context::{Context, iso_seconds};

/// The answer of `list_providers`.
#[derive(Serialize)]
pub struct Catalog {
    /// ISO 8601, UTC.
    pub refreshed_at: String,
    /// By name.
    pub providers: Providers,
    /// One sentence for each model that should not be used any more.
    pub warnings: Vec<String>,
}

/// Entries by the name of the provider.
pub struct Providers(Vec<(&'static str, Entry)>);

#[derive(Serialize)]
struct Entry {
    available: bool,
    description: &'static str,
    capabilities: Capabilities,
}

#[derive(Serialize)]
struct Capabilities {
    provider_name: &'static str,
    models: Vec<Model>,
    supports_background: bool,
    supports_negative_prompt: bool,
    discovered_at: u64,
    degraded: bool,
    /// Why, when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded_reason: Option<Trouble>,
}

impl Catalog {
    /// The catalog as of `now`, seconds since the Unix epoch. Backends are asked when they have
    /// not been asked lately, or with `refresh`.
    pub fn new(context: Context<'_>, (now, refresh): (u64, bool)) -> Self {
        let entries = configured(context.capabilities)
            .into_iter()
            .map(|provider| {
                let found = discover(context.capabilities, &*provider, (now, refresh));
                entry(&*provider, found)
            });
        let providers = Providers(entries.collect());
        let warnings = providers.warnings();
        Self {
            refreshed_at: iso_seconds(now),
            providers,
            warnings,
        }
    }
}

impl Providers {
    fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<_> = self
            .0
            .iter()
            .flat_map(|(name, entry)| {
                entry
                    .capabilities
                    .models
                    .iter()
                    .filter_map(|model| warning(name, model))
            })
            .collect();
        warnings.sort_unstable();
        warnings
    }
}

impl Serialize for Providers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, entry) in &self.0 {
            map.serialize_entry(name, entry)?;
        }
        map.end()
    }
}

fn entry(provider: &dyn Provider, found: Discovery) -> (&'static str, Entry) {
    let name = provider.name();
    let models = found.models;
    let capabilities = Capabilities {
        provider_name: name,
        supports_background: models.iter().any(|model| model.supports_background),
        supports_negative_prompt: models.iter().any(|model| model.supports_negative_prompt),
        models,
        discovered_at: found.at,
        degraded: found.degraded.is_some(),
        degraded_reason: found.degraded,
    };
    (
        name,
        Entry {
            available: !capabilities.degraded,
            description: provider.description(),
            capabilities,
        },
    )
}

fn warning(provider: &str, model: &Model) -> Option<String> {
    let profile = model
        .style_profile
        .as_ref()
        .filter(|profile| profile.lifecycle != Lifecycle::Current)?;
    let note = profile
        .deprecation_note
        .as_ref()
        .map(|note| format!(": {note}"))
        .unwrap_or_default();
    Some(format!(
        "{provider}:{} is {}{note}",
        model.model_id,
        profile.lifecycle.as_str()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::model::StyleProfile;

    #[test]
    fn models_that_go_away_are_warned_of() {
        let profile = |lifecycle, deprecation_note| StyleProfile {
            label: "".into(),
            style_hints: "".into(),
            incompatible_styles: "".into(),
            good_example: "".into(),
            bad_example: "".into(),
            lifecycle,
            deprecation_note,
        };
        let model = |profile| Model {
            model_id: "old".into(),
            style_profile: profile,
            ..Model::default()
        };
        let of = |profile| warning("some", &model(profile));
        assert_eq!(of(None), None);
        assert_eq!(of(Some(profile(Lifecycle::Current, None))), None);
        let note = of(Some(profile(Lifecycle::Deprecated, Some("use new".into()))));
        assert_eq!(note.as_deref(), Some("some:old is deprecated: use new"));
        assert_eq!(
            of(Some(profile(Lifecycle::Legacy, None))).as_deref(),
            Some("some:old is legacy")
        );
    }
}
