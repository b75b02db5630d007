//! The methods that a client can call, and in which era they exist.

use crate::server::Features;
use crate::version::Era;

/// A method that this server may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    CallTool,
    Complete,
    Discover,
    GetPrompt,
    Initialize,
    ListPrompts,
    ListResources,
    ListResourceTemplates,
    ListTools,
    Ping,
    ReadResource,
    SetLogLevel,
    Subscribe,
    Unsubscribe,
}

impl Method {
    const ALL: [Self; 14] = [
        Self::CallTool,
        Self::Complete,
        Self::Discover,
        Self::GetPrompt,
        Self::Initialize,
        Self::ListPrompts,
        Self::ListResources,
        Self::ListResourceTemplates,
        Self::ListTools,
        Self::Ping,
        Self::ReadResource,
        Self::SetLogLevel,
        Self::Subscribe,
        Self::Unsubscribe,
    ];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CallTool => "tools/call",
            Self::Complete => "completion/complete",
            Self::Discover => "server/discover",
            Self::GetPrompt => "prompts/get",
            Self::Initialize => "initialize",
            Self::ListPrompts => "prompts/list",
            Self::ListResources => "resources/list",
            Self::ListResourceTemplates => "resources/templates/list",
            Self::ListTools => "tools/list",
            Self::Ping => "ping",
            Self::ReadResource => "resources/read",
            Self::SetLogLevel => "logging/setLevel",
            Self::Subscribe => "resources/subscribe",
            Self::Unsubscribe => "resources/unsubscribe",
        }
    }

    /// The parameter that `Mcp-Name` repeats.
    pub(crate) fn name_parameter(self) -> Option<&'static str> {
        match self {
            Self::CallTool | Self::GetPrompt => Some("name"),
            Self::ReadResource => Some("uri"),
            _ => None,
        }
    }

    /// Whether the method exists in this era, in a server with these features.
    pub(crate) fn exists(self, era: Era, features: &Features) -> bool {
        let legacy = era == Era::Legacy;
        match self {
            Self::Discover => !legacy,
            Self::Initialize | Self::Ping => legacy,
            Self::SetLogLevel => legacy && features.logging,
            Self::Subscribe | Self::Unsubscribe => legacy && features.legacy_subscriptions,
            Self::CallTool | Self::ListTools => features.tools,
            Self::GetPrompt | Self::ListPrompts => features.prompts,
            Self::Complete => features.completions,
            Self::ListResources | Self::ListResourceTemplates | Self::ReadResource => {
                features.resources
            }
        }
    }
}
