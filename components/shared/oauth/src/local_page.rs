//! Pages that say what went wrong, for errors that no client may hear of or could do anything about.

use policy::types::HttpResponse;

use crate::answer::header;
use crate::page::MessagePage;
use crate::provider::ProviderError;

/// A page of ours instead of a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPage {
    /// Status code.
    pub status: u16,
    /// Stable code, for the page and the log.
    pub code: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What it means and what to do.
    pub text: &'static str,
    /// When another attempt makes sense, in seconds.
    pub retry_after_seconds: Option<u32>,
    /// Why, for the log; no secret.
    pub reason: String,
}

impl LocalPage {
    /// 400: the application has asked for something that cannot be.
    #[must_use]
    pub fn bad_request(code: &'static str, text: &'static str) -> Self {
        Self {
            status: 400,
            code,
            title: "This request cannot be answered",
            text,
            retry_after_seconds: None,
            reason: code.to_owned(),
        }
    }

    /// 403: the sign-in does not belong to this browser, or the user may not come in.
    #[must_use]
    pub fn forbidden(code: &'static str, text: &'static str) -> Self {
        Self {
            status: 403,
            title: "This was refused",
            ..Self::bad_request(code, text)
        }
    }

    /// 503.
    #[must_use]
    pub fn unavailable(retry_after_seconds: u32, code: &'static str, text: &'static str) -> Self {
        Self {
            status: 503,
            title: "This does not work at the moment",
            retry_after_seconds: Some(retry_after_seconds),
            ..Self::bad_request(code, text)
        }
    }

    /// With another reason for the log.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..self
        }
    }

    /// The page.
    #[must_use]
    pub fn response(&self) -> HttpResponse {
        let page = MessagePage {
            status: self.status,
            title: self.title,
            paragraphs: &[self.text],
            code: Some(self.code),
        };
        let mut response = page.response();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers
                .push(header("retry-after", &seconds.to_string()));
        }
        response
    }
}

/// The provider does not do its part.
#[must_use]
pub fn of_provider(error: &ProviderError) -> LocalPage {
    let retry_after_seconds = match error {
        ProviderError::Unavailable {
            retry_after_seconds,
            ..
        } => *retry_after_seconds,
        _ => crate::provider::RETRY_AFTER_SECONDS,
    };
    LocalPage::unavailable(
        retry_after_seconds,
        "provider_unavailable",
        "The identity provider of this server cannot be reached. Please try again in a moment.",
    )
    .because(error.to_string())
}

/// The store does not answer.
#[must_use]
pub fn store_unavailable(reason: &str) -> LocalPage {
    LocalPage::unavailable(
        crate::call::STORE_RETRY_AFTER_SECONDS,
        "store_unavailable",
        "This server cannot remember anything at the moment. Please try again in a moment.",
    )
    .because(reason)
}

/// Too many requests from one address.
#[must_use]
pub fn too_many_requests(retry_after_seconds: u32) -> LocalPage {
    LocalPage {
        status: 429,
        ..LocalPage::unavailable(
            retry_after_seconds,
            "rate_limited",
            "There have been too many requests from this address. Please try again in a moment.",
        )
    }
}
