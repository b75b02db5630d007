//! What a tool, a prompt or a resource answers: a result, or a question to the user.

use rmcp::model::{CallToolResult, GetPromptResult, InputRequiredResult, ReadResourceResult};

/// The outcome of `tools/call`, `prompts/get` or `resources/read`.
#[derive(Clone, Debug)]
pub enum Reply<T> {
    /// It is done.
    Complete(T),
    /// The client must answer questions and ask again; made by
    /// [`Exchange::request_input`](crate::Exchange::request_input).
    InputRequired(InputRequiredResult),
}

/// The outcome of a tool call.
pub type ToolReply = Reply<CallToolResult>;

impl From<CallToolResult> for Reply<CallToolResult> {
    fn from(result: CallToolResult) -> Self {
        Self::Complete(result)
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
