//! What a client gets to hear when a tool or a resource fails: a stable code and a safe sentence.
//! The detail goes to the log.

use guest::Capabilities;
use guest::store::StoreError;
use mcp::model::{CallToolResult, ContentBlock, ErrorData, JsonObject, MetaObject};
use serde_json::{Map, Value};

use crate::gallery::GalleryError;
use crate::images::decode::DecodeError;
use crate::images::edit::EditError;
use crate::images::encode::EncodeError;
use crate::images::query::QueryError;
use crate::images::transform::TransformError;
use crate::providers::{ProviderError, SelectError};
use crate::spending::SpendingError;
use crate::styles::StyleError;

/// Under which name the facts of a failure are in the `_meta` of a tool result.
const ERROR_META: &str = "image-generation-mcp/error";

/// A failure on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whose fault it is.
    pub kind: Kind,
    /// Stable machine code.
    pub code: &'static str,
    /// For the client.
    pub message: String,
    /// The same for a machine, when there is more than the code.
    pub facts: Option<Map<String, Value>>,
    /// For the log of the operator.
    pub detail: Option<String>,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The client asked for something that cannot be.
    Client,
    /// What the client asked for does not exist.
    NotFound,
    /// Ours, or that of something we depend on.
    Server,
}

impl Fault {
    /// The client asked for something that cannot be.
    pub fn invalid(message: impl ToString) -> Self {
        Self {
            kind: Kind::Client,
            code: "invalid_request",
            message: message.to_string(),
            facts: None,
            detail: None,
        }
    }

    /// What the client asked for does not exist.
    pub fn not_found(message: impl ToString) -> Self {
        Self {
            kind: Kind::NotFound,
            code: "not_found",
            message: message.to_string(),
            facts: None,
            detail: None,
        }
    }

    /// Something failed that the client can do nothing about.
    pub fn server(code: &'static str, message: impl ToString, detail: impl ToString) -> Self {
        let detail = Some(detail.to_string());
        Self {
            kind: Kind::Server,
            code,
            message: message.to_string(),
            facts: None,
            detail,
        }
    }

    /// As the result of a tool call (MCP 2025-11-25, tools, error handling): the code, a colon and
    /// the sentence.
    pub fn into_tool_result(self, capabilities: Capabilities<'_>) -> CallToolResult {
        self.log(capabilities);
        let mut result = CallToolResult::error(vec![ContentBlock::text(format!(
            "{}: {}",
            self.code, self.message
        ))]);
        // Not as `structuredContent`, which some clients check against the schema of successes.
        result.meta = self.facts.map(|facts| {
            MetaObject(JsonObject::from_iter([(
                ERROR_META.to_owned(),
                Value::Object(facts),
            )]))
        });
        result
    }

    /// As the error of a resource.
    pub fn into_error(self, capabilities: Capabilities<'_>) -> ErrorData {
        self.log(capabilities);
        match self.kind {
            Kind::Client => ErrorData::invalid_params(self.message, None),
            Kind::NotFound => ErrorData::resource_not_found(self.message, None),
            Kind::Server => ErrorData::internal_error(self.message, None),
        }
    }

    fn log(&self, capabilities: Capabilities<'_>) {
        if let Some(detail) = &self.detail {
            capabilities.log.error(&format!("{}: {detail}", self.code));
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSpace => {
                Self::server("no_space", "there is no space left to store images", error)
            }
            StoreError::TooLarge(limit) => {
                let message =
                    format!("the image is larger than the {limit} bytes that this server stores");
                Self::server("too_large", message, error)
            }
            _ => Self::server("storage_failed", "the image store failed", error),
        }
    }
}

impl From<GalleryError> for Fault {
    fn from(error: GalleryError) -> Self {
        match error {
            GalleryError::Store(error) => error.into(),
            // Already in the log.
            GalleryError::Damaged(_) => Self {
                kind: Kind::Server,
                code: "damaged",
                message: error.to_string(),
                facts: None,
                detail: None,
            },
            GalleryError::NotAnImage(error @ DecodeError::TooLarge(_)) => {
                Self::server("too_large", error.to_string(), error)
            }
            GalleryError::NotAnImage(error) => Self::server(
                "no_image",
                "the provider answered with something that is no image",
                error,
            ),
        }
    }
}

impl From<EditError> for Fault {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Resize(_) | EditError::Draw(_) => {
                Self::server("internal", "the image could not be edited", error)
            }
            _ => Self::invalid(error),
        }
    }
}

impl From<SpendingError> for Fault {
    fn from(error: SpendingError) -> Self {
        match error {
            SpendingError::Store(error) => error.into(),
            SpendingError::Exceeded { .. } => Self {
                code: "budget_exceeded",
                ..Self::invalid(error)
            },
            SpendingError::Misconfigured => {
                Self::server("budget_exceeded", error.to_string(), error)
            }
        }
    }
}

impl From<StyleError> for Fault {
    fn from(error: StyleError) -> Self {
        match error {
            StyleError::Store(error) => error.into(),
            StyleError::Occupied(_) => Self::invalid(error),
        }
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        Self::invalid(error)
    }
}

impl From<TransformError> for Fault {
    fn from(error: TransformError) -> Self {
        match error {
            TransformError::Geometry(error) => Self::invalid(error),
            TransformError::Encode(error) => error.into(),
            TransformError::Decode(DecodeError::TooLarge(_)) => {
                Self::server("too_large", error.to_string(), error)
            }
            TransformError::Decode(_) => {
                Self::server("damaged", "the stored image cannot be decoded", error)
            }
            TransformError::Resize(_) => {
                Self::server("internal", "the image could not be resized", error)
            }
        }
    }
}

impl From<EncodeError> for Fault {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::TooLarge => Self::invalid(error),
            EncodeError::Refused(_) => {
                Self::server("internal", "the image could not be encoded", error)
            }
        }
    }
}

impl From<SelectError> for Fault {
    fn from(error: SelectError) -> Self {
        match error {
            SelectError::Unfit(error) => error.into(),
            error => Self {
                code: error.code().as_str(),
                ..Self::invalid(error)
            },
        }
    }
}

impl From<ProviderError> for Fault {
    fn from(error: ProviderError) -> Self {
        Self {
            kind: Kind::Server,
            code: error.code.as_str(),
            message: error.to_string(),
            facts: Some(error.facts()),
            detail: None,
        }
    }
}
