//! What a tool, a prompt or a resource answers: a result, or a question to the user.

use rmcp::model::{CallToolResult, GetPromptResult, InputRequiredResult, ReadResourceResult};

/// The outcome of `prompts/get` or `resources/read`.
#[derive(Clone, Debug)]
pub enum Reply<T> {
    /// It is done.
    Complete(T),
    /// The client must answer questions and ask again; made by
    /// [`Exchange::request_input`](crate::Exchange::request_input).
    InputRequired(InputRequiredResult),
}

/// The outcome of `tools/call`.
#[derive(Clone, Debug)]
pub enum ToolReply {
    /// It is done.
    Complete(CallToolResult),
    /// It is done, and the result is this JSON object: as text for the model and as structured
    /// content for the client. Written once, it is not taken apart again, which makes it the
    /// cheapest form of the commonest answer. Must be the text of an object.
    Object(String),
    /// The client must answer questions and ask again; made by
    /// [`Exchange::request_input`](crate::Exchange::request_input).
    InputRequired(InputRequiredResult),
}

impl From<CallToolResult> for ToolReply {
    fn from(result: CallToolResult) -> Self {
        Self::Complete(result)
    }
}

impl From<InputRequiredResult> for ToolReply {
    fn from(result: InputRequiredResult) -> Self {
        Self::InputRequired(result)
    }
}

impl From<GetPromptResult> for Reply<GetPromptResult> {
    fn from(result: GetPromptResult) -> Self {
        Self::Complete(result)
    }
}

impl From<ReadResourceResult> for Reply<ReadResourceResult> {
    fn from(result: ReadResourceResult) -> Self {
        Self::Complete(result)
    }
}

impl<T> From<InputRequiredResult> for Reply<T> {
    fn from(result: InputRequiredResult) -> Self {
        Self::InputRequired(result)
    }
}
