//! Asking before money is spent: the user, where the client can ask them in the middle of a call,
//! else nobody, or nobody gets anything without `confirm_cost`, as the deployment says.

use mcp::model::{CallToolResult, ContentBlock, ElicitResult, ElicitationAction, InputRequests};
use mcp::{Era, Exchange, ToolReply};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Fault, Kind};
use crate::providers::cost::Cost;
use crate::spending::dollars;
use crate::tools::answer;

/// The question's name in the exchange.
const QUESTION: &str = "confirm_cost";

/// Providers that ask unless the deployment says otherwise.
const PAID: &str = "openai,gemini,bfl,replicate";

/// What is about to be spent.
pub(in crate::tools) struct Question<'a> {
    pub(in crate::tools) provider: &'static str,
    pub(in crate::tools) model: &'a str,
    pub(in crate::tools) estimate: Option<Cost>,
    pub(in crate::tools) images: u32,
    pub(in crate::tools) confirmed: bool,
}

/// Asks, if it must be asked. `None`: go on.
///
/// # Errors
/// When the deployment demands a confirmation and there is none, or the question cannot be asked.
pub(in crate::tools) fn ask(
    context: Context<'_>,
    exchange: &Exchange<'_>,
    question: &Question<'_>,
) -> Result<Option<ToolReply>, Fault> {
    let is_free = question.estimate == Some(Cost::FREE);
    if question.confirmed || is_free || !asks(context, question.provider) {
        return Ok(None);
    }
    let setting = context.capabilities.settings.setting("CONFIRM_COST");
    match setting.as_deref() {
        Some("never") => return Ok(None),
        _ if can_ask(exchange) => {}
        Some("require") => return Err(required(question)),
        _ => return Ok(None),
    }
    match answered(exchange) {
        Some(true) => Ok(None),
        Some(false) => Ok(Some(cancelled(question)?.into())),
        None => {
            let questions: InputRequests =
                serde_json::from_value(json!({QUESTION: form(question)})).map_err(|error| {
                    Fault::server("internal", "the question is defective", error)
                })?;
            let asked = exchange.request_input(questions, None).map_err(|error| {
                Fault::server("internal", "the user could not be asked", error.message)
            })?;
            Ok(Some(asked.into()))
        }
    }
}

fn asks(context: Context<'_>, provider: &str) -> bool {
    let setting = context.capabilities.settings.setting("PAID_PROVIDERS");
    let paid = setting.as_deref().unwrap_or(PAID);
    paid.split([',', ' '])
        .any(|name| name.trim().eq_ignore_ascii_case(provider))
}

/// A client that says `elicitation: {}` means forms.
fn can_ask(exchange: &Exchange<'_>) -> bool {
    let declared = exchange.client_capabilities().elicitation.as_ref();
    let forms = declared.is_some_and(|declared| declared.form.is_some() || declared.url.is_none());
    exchange.era() == Era::Modern && forms
}

/// What the user said; `None` when nobody has asked yet.
fn answered(exchange: &Exchange<'_>) -> Option<bool> {
    let answer = exchange.input_responses().get(QUESTION)?;
    let answer: ElicitResult = serde_json::from_value(answer.clone()).ok()?;
    let yes = answer
        .content
        .as_ref()
        .and_then(|content| content.get("confirm"))
        == Some(&Value::Bool(true));
    Some(answer.action == ElicitationAction::Accept && yes)
}

fn form(question: &Question<'_>) -> Value {
    json!({"method": "elicitation/create", "params": {
        "mode": "form",
        "message": format!("{} Go on?", sentence(question)),
        "requestedSchema": {
            "type": "object",
            "properties": {
                "confirm": {
                    "type": "boolean",
                    "title": "Spend it",
                    "description": "Whether the images shall be made at this price.",
                    "default": true
                }
            },
            "required": ["confirm"]
        }
    }})
}

fn sentence(question: &Question<'_>) -> String {
    let Question {
        provider,
        model,
        images,
        ..
    } = question;
    let count = if *images == 1 {
        "1 image".to_owned()
    } else {
        format!("{images} images")
    };
    let price = question.estimate.map_or_else(
        || "an amount that is not known beforehand".to_owned(),
        |cost| format!("about {}", dollars(cost.amount)),
    );
    let model = if model.is_empty() {
        String::new()
    } else {
        format!(" ({model})")
    };
    format!("Making {count} with {provider}{model} costs {price}.")
}

fn cancelled(question: &Question<'_>) -> Result<CallToolResult, Fault> {
    let mut result =
        answer::object(&json!({"status": "cancelled", "provider": question.provider}))?;
    let text = "Cancelled: the cost was not accepted, and nothing was spent.";
    result.content = vec![ContentBlock::text(text)];
    Ok(result)
}

fn required(question: &Question<'_>) -> Fault {
    Fault {
        kind: Kind::Client,
        code: "confirmation_required",
        message: format!(
            "{}\nhint: ask the user, then call again with `confirm_cost` true",
            sentence(question)
        ),
        facts: None,
        detail: None,
    }
}
