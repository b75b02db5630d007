//! The backends that make images, and the choice between them.

pub mod bfl;
pub mod catalog;
pub mod comfyui;
pub mod cost;
pub mod discovery;
pub mod error;
pub mod fit;
pub mod gemini;
mod mask;
pub mod model;
pub mod openai;
mod payload;
pub mod placeholder;
mod poll;
mod ratio;
pub mod replicate;
pub mod request;
pub mod sd_webui;
pub mod selection;
mod table;
mod upstream;
pub mod variants;

use guest::Capabilities;
use mcp::Flow;
use serde_json::{Map, Value};

use cost::Cost;
use error::Code;
pub use error::ProviderError;
use model::Model;
use request::GenerateRequest;
pub use selection::{SelectError, Selected, select};

/// A backend. Values are made for one request and thrown away, so making one must be cheap.
pub trait Provider {
    /// The name that the `provider` parameter takes.
    fn name(&self) -> &'static str;

    /// One sentence for the model that chooses.
    fn description(&self) -> &'static str;

    /// What it can do, as far as is known without asking it.
    fn models(&self) -> Vec<Model>;

    /// Whether it is somewhere else, and may be unreachable or refuse our credential.
    fn needs_network(&self) -> bool {
        true
    }

    /// Asks the backend what it can do, which also shows whether it is there and takes our
    /// credential. Costs nothing.
    ///
    /// # Errors
    /// See [`ProviderError`].
    fn discover(&self) -> Result<Vec<Model>, ProviderError> {
        Ok(self.models())
    }

    /// The model that will serve this request: the named one or the default.
    ///
    /// # Errors
    /// [`Code::ModelUnavailable`], with the name of the replacement when there is one.
    fn model_for(&self, request: &GenerateRequest) -> Result<Model, ProviderError> {
        let named = request.model.as_deref();
        model::chosen(&self.models(), named)
            .cloned()
            .ok_or_else(|| {
                ProviderError::new(Code::ModelUnavailable)
                    .because(crate::text::shortened(named.unwrap_or("default"), 80))
                    .at(self.name())
            })
    }

    /// What the request would cost; `None` when nobody can know.
    fn estimate(&self, request: &GenerateRequest) -> Option<Cost> {
        let each = self.model_for(request).ok()?.usd_per_image?;
        if each == 0.0 {
            return Some(Cost::FREE);
        }
        Some(Cost::new(
            each * f64::from(request.n),
            cost::Basis::Estimate,
        ))
    }

    /// Makes the images: up to [`GenerateRequest::n`], and no more than [`Model::max_images`].
    /// Calls `report` at least once a second while it works, also when there is nothing new to
    /// say, and stops at once when that says so: work at the backend is cancelled, where it can be.
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
    /// The image file so far, when there is a new one.
    pub picture: Option<&'a [u8]>,
}

impl<'a> Step<'a> {
    /// A step without a picture.
    pub fn new(progress: f64, message: &'a str) -> Self {
        Self {
            progress,
            message,
            picture: None,
        }
    }
}

/// What a provider made: at least one image.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    /// In the order of the backend.
    pub images: Vec<Made>,
    /// What they cost together; `None` when nobody knows.
    pub cost: Option<Cost>,
}

/// One image.
#[derive(Clone, Debug)]
pub struct Made {
    /// The image file.
    pub bytes: Vec<u8>,
    /// For the sidecar: model, size, seed and the like.
    pub metadata: Map<String, Value>,
}

/// One entry for each backend: the provider, or `None` when its settings are missing.
type Factory = for<'a> fn(Capabilities<'a>) -> Option<Box<dyn Provider + 'a>>;

/// Every backend, in the order in which they are listed.
const ALL: [Factory; 7] = [
    placeholder::configured,
    openai::configured,
    gemini::configured,
    sd_webui::configured,
    comfyui::configured,
    bfl::configured,
    replicate::configured,
];

/// The backends that this tenant has configured.
pub fn configured(capabilities: Capabilities<'_>) -> Vec<Box<dyn Provider + '_>> {
    ALL.iter()
        .filter_map(|factory| factory(capabilities))
        .collect()
}
