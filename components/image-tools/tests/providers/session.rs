//! One fake, and a tenant that is configured for it.

use std::cell::RefCell;

use fake_image_api::FakeImageApi;
use guest::Capabilities;
use image_tools::images::decode::decode;
use image_tools::images::format::Format;
use image_tools::images::shape::Size;
use image_tools::providers::error::ProviderError;
use image_tools::providers::model::Model;
use image_tools::providers::request::{GenerateRequest, InputImage};
use image_tools::providers::{Generated, Provider, configured};
use mcp::Flow;
use serde_json::{Value, json};

use crate::memory::Memory;
use crate::network::Network;

/// A tenant and the backends of the fake.
pub struct Session {
    pub fake: FakeImageApi,
    pub network: Network,
    memory: Memory,
    /// Progress and message of each step.
    pub steps: RefCell<Vec<(f64, String)>>,
    /// Sizes of first versions.
    pub pictures: RefCell<Vec<usize>>,
    /// Steps after which nobody waits any more.
    pub patience: usize,
}

impl Session {
    /// Settings whose values begin with a slash are addresses of the fake.
    pub fn new(settings: &[(&str, &str)]) -> Self {
        let fake = FakeImageApi::start();
        let mut memory = Memory::new();
        for (name, value) in settings {
            memory = if value.starts_with('/') {
                memory.with_setting(name, &fake.url(value))
            } else {
                memory.with_setting(name, value)
            };
        }
        Self {
            fake,
            network: Network::new(),
            memory,
            steps: RefCell::default(),
            pictures: RefCell::default(),
            patience: usize::MAX,
        }
    }

    pub fn capabilities(&self) -> Capabilities<'_> {
        Capabilities {
            http: &self.network,
            clock: &self.network,
            ..self.memory.capabilities()
        }
    }

    pub fn provider(&self, name: &str) -> Box<dyn Provider + '_> {
        let mut all = configured(self.capabilities());
        let position = all.iter().position(|one| one.name() == name);
        all.swap_remove(position.unwrap_or_else(|| panic!("{name} is not configured")))
    }

    pub fn generate(
        &self,
        provider: &str,
        request: &GenerateRequest,
    ) -> Result<Generated, ProviderError> {
        self.steps.borrow_mut().clear();
        let result = self.provider(provider).generate(request, &mut |step| {
            let mut steps = self.steps.borrow_mut();
            steps.push((step.progress, step.message.to_owned()));
            if let Some(bytes) = step.picture {
                self.pictures.borrow_mut().push(bytes.len());
            }
            if steps.len() > self.patience {
                Flow::Cancelled
            } else {
                Flow::Continue
            }
        });
        assert!(
            self.steps.borrow().is_sorted_by(|a, b| a.0 <= b.0),
            "progress falls"
        );
        result
    }

    /// The code of a failure, whether it may have cost, and the provider's code.
    pub fn failure(&self, provider: &str, prompt: &str) -> (String, bool, Option<String>) {
        let error = self
            .generate(provider, &GenerateRequest::new(prompt))
            .unwrap_err();
        assert_eq!(error.provider, provider, "{error}");
        let text = format!("{error} {error:?}");
        for secret in ["sk-", "AIza", "secret", "127.0.0.1"] {
            assert!(!text.contains(secret), "{text}");
        }
        (
            error.code.as_str().to_owned(),
            error.may_have_cost,
            error.provider_code,
        )
    }

    /// Width and height of an image that came.
    pub fn size(&self, bytes: &[u8]) -> (u32, u32) {
        let size = decode(bytes).unwrap().size();
        (size.width, size.height)
    }

    /// What was asked of the fake: path, header fields and body of each request.
    pub fn asked(&self) -> Value {
        let requests = self.fake.ledger().requests();
        requests
            .iter()
            .map(|one| {
                let mut whole = json!({"to": format!("{} {}", one.method, one.path), "headers": one.headers, "body": one.body});
                if !one.query.is_empty() {
                    whole["query"] = json!(one.query);
                }
                whole
            })
            .collect()
    }

    pub fn logged(&self) -> String {
        use guest::log::Level;
        [Level::Debug, Level::Info, Level::Warn, Level::Error]
            .iter()
            .flat_map(|level| self.memory.logged(*level))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A picture of so many pixels.
pub fn picture(width: u32, height: u32) -> InputImage {
    let wish = fake_image_api::picture::Wish {
        width,
        height,
        format: "png",
        transparent: true,
        prompt: "reference",
        index: 0,
    };
    InputImage {
        bytes: fake_image_api::picture::make(&wish),
        format: Format::Png,
        size: Size { width, height },
    }
}

/// The model ids.
pub fn ids(models: &[Model]) -> Vec<&str> {
    models.iter().map(|model| &*model.model_id).collect()
}
