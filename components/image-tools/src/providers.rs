//! The backends that make images, and the choice between them.

pub mod catalog;
pub mod error;
pub mod model;
pub mod placeholder;
pub mod request;

use guest::Capabilities;
use mcp::Flow;
use serde_json::{Map, Value};

pub use error::ProviderError;
use model::Model;
use request::GenerateRequest;

/// A backend. Values are made for one request and thrown away, so making one must be cheap.
pub trait Provider {
    /// The name that the `provider` parameter takes.
    fn name(&self) -> &'static str;

    /// One sentence for the model that chooses.
    fn description(&self) -> &'static str;

    /// What it can do.
    fn models(&self) -> Vec<Model>;

    /// Makes one image. Calls `report` at least once a second while it works, also when there is
    /// nothing new to say, and stops at once when that says so.
    ///
    /// # Errors
    /// See [`ProviderError`].
    fn generate(
        &self,
        request: &GenerateRequest,
        report: &mut Report<'_>,
    ) -> Result<Generated, ProviderError>;
}

/// Takes what a provider is doing, and says whether to go on.
pub type Report<'a> = dyn FnMut(Step<'_>) -> Flow + 'a;

/// What a provider is doing.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// 0 to 1; never falls.
    pub progress: f64,
    /// In a few words.
    pub message: &'a str,
}

/// What a provider made.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The image file.
    pub bytes: Vec<u8>,
    /// For the sidecar: model, size, seed and the like.
    pub metadata: Map<String, Value>,
}

/// One entry for each backend: the provider, or `None` when its settings are missing.
type Factory = for<'a> fn(Capabilities<'a>) -> Option<Box<dyn Provider + 'a>>;

/// Every backend, in the order in which `auto` prefers them.
const ALL: [Factory; 1] = [placeholder::configured];

/// The backends that this tenant has configured.
pub fn configured(capabilities: Capabilities<'_>) -> Vec<Box<dyn Provider + '_>> {
    ALL.iter()
        .filter_map(|factory| factory(capabilities))
        .collect()
}

/// No backend has the name, or there is none at all.
#[derive(Debug, thiserror::Error)]
#[error("unknown provider: `{wanted}`\nhint: available are {available}")]
pub struct UnknownProvider {
    wanted: String,
    available: String,
}

/// The backend of that name; for `auto`, the setting `DEFAULT_PROVIDER` or else the first.
///
/// # Errors
/// When there is no such backend.
pub fn select<'a>(
    capabilities: Capabilities<'a>,
    wanted: &str,
) -> Result<Box<dyn Provider + 'a>, UnknownProvider> {
    let is_auto = |name: &str| name.is_empty() || name == "auto";
    let default = || {
        capabilities
            .settings
            .setting("DEFAULT_PROVIDER")
            .unwrap_or_default()
    };
    let wanted = if is_auto(wanted) {
        default()
    } else {
        wanted.to_owned()
    };
    let mut providers = configured(capabilities);
    let position = if is_auto(&wanted) {
        Some(0)
    } else {
        providers.iter().position(|one| one.name() == wanted)
    };
    match position {
        Some(position) if position < providers.len() => Ok(providers.swap_remove(position)),
        _ => {
            let names: Vec<_> = providers.iter().map(|provider| provider.name()).collect();
            let wanted = crate::text::shortened(&wanted, 40);
            Err(UnknownProvider {
                wanted,
                available: names.join(", "),
            })
        }
    }
}
