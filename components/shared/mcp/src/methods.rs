//! The methods, one file for each family.

mod completion;
mod lifecycle;
mod list;
mod prompts;
mod resources;
mod tools;

use serde_json::{Map, Value};

use crate::call::Call;
use crate::fault::Fault;
use crate::http::Responder;
use crate::method::Method;
use crate::output::Output;
use crate::server::Operation;

/// What became of a request.
pub(crate) enum Outcome {
    /// The whole JSON-RPC answer, to be sent.
    Answer(Vec<u8>),
    /// The handler has sent it.
    Answered,
}

/// Runs the method of a call.
///
/// # Errors
///
/// What is sent instead of a result.
pub(crate) fn run(
    call: &mut Call<'_>,
    mut params: Map<String, Value>,
    output: &mut Output,
    responder: &mut dyn Responder,
) -> Result<Outcome, Fault> {
    let answer = match call.method {
        Method::CallTool => return tools::call(call, params, output, responder),
        Method::GetPrompt => prompts::get(call, params, output, responder)?,
        Method::ReadResource => resources::read(call, params, output, responder)?,
        Method::Complete => completion::complete(call, params)?,
        Method::Discover => lifecycle::discover(call),
        Method::Initialize => lifecycle::initialize(call, &params)?,
        Method::ListPrompts => prompts::list(call, &mut params)?,
        Method::ListResources => resources::list(call, &mut params)?,
        Method::ListResourceTemplates => resources::list_templates(call, &mut params)?,
        Method::ListTools => tools::list(call, &mut params)?,
        Method::Ping => lifecycle::ping(call),
        Method::SetLogLevel => lifecycle::set_log_level(call, &params)?,
        Method::Subscribe | Method::Unsubscribe => resources::subscribe(call, &params)?,
    };
    Ok(Outcome::Answer(answer))
}

/// A parameter that must be a string.
fn required<'a>(params: &'a Map<String, Value>, name: &str) -> Result<&'a str, Fault> {
    params
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Fault::invalid_params(format!("`{name}` is missing or not a string")))
}

/// Asks the policy.
fn authorize(call: &Call<'_>, target: &str, writes: bool) -> Result<(), Fault> {
    let operation = Operation {
        method: call.method.as_str(),
        target,
        writes,
    };
    call.server().authorize(&operation).map_err(Fault::denied)
}
