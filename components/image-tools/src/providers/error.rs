//! What can go wrong at a backend: the same kinds for all of them, so that a client can tell
//! whether trying again makes sense.

use std::time::Duration;

/// Why there is no image. The texts are fit for the client: no key, no URL, no raw answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The request cannot be right as it is.
    #[error("{0}")]
    InvalidRequest(String),
    /// The backend does not accept our credential.
    #[error("the provider refused the credential of this server")]
    Auth,
    /// No credit, or the quota of a day is used up.
    #[error("the quota of this server at the provider is used up")]
    Quota,
    /// Too many requests for now.
    #[error("the provider is limiting the rate of requests")]
    RateLimited {
        /// When to try again, if the provider said so.
        retry_after: Option<Duration>,
    },
    /// The provider does not make such images. The same prompt will be refused again.
    #[error(
        "the provider's content policy refused the request\nhint: rephrase the prompt or choose another provider"
    )]
    ContentBlocked,
    /// The model does not exist, or no longer.
    #[error("model not available: `{0}`\nhint: `list_providers` shows the models")]
    ModelUnavailable(String),
    /// The provider cannot be reached, or fails.
    #[error(
        "the provider cannot be reached or is failing\nhint: try again later or choose another provider"
    )]
    UpstreamUnavailable,
    /// The provider took too long.
    #[error("the provider took too long")]
    Timeout,
    /// A success without an image.
    #[error("the provider answered without an image")]
    NoImage,
    /// Whoever waited has gone.
    #[error("the request was cancelled")]
    Cancelled,
}

impl ProviderError {
    /// The stable machine code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::Auth => "auth",
            Self::Quota => "quota",
            Self::RateLimited { .. } => "rate_limited",
            Self::ContentBlocked => "content_blocked",
            Self::ModelUnavailable(_) => "model_unavailable",
            Self::UpstreamUnavailable => "upstream_unavailable",
            Self::Timeout => "timeout",
            Self::NoImage => "no_image",
            Self::Cancelled => "cancelled",
        }
    }
}
