//! `estimate_cost`: what an order would cost, and what is left to spend.

use mcp::model::JsonObject;
use mcp::{Exchange, ToolReply};
use serde::Deserialize;
use serde_json::{Value, json};

use super::generation::arguments::Common;
use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::Fault;
use crate::images::format::Format;
use crate::images::shape::Size;
use crate::json_file::json_file;
use crate::providers::cost::Usd;
use crate::providers::request::InputImage;
use crate::providers::select;

pub(super) const TOOL: Tool = Tool {
    name: "estimate_cost",
    writes: false,
    definition: json_file!("estimate_cost.json"),
    needs_arguments: false,
    call,
};

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    prompt: String,
    #[serde(default)]
    reference_images: usize,
    #[serde(flatten)]
    common: Common,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let Arguments {
        prompt,
        reference_images,
        common,
    } = typed(arguments)?;
    let mut request = common.request(context, prompt)?;
    request.references = vec![stand_in(); reference_images];
    let provider = common.provider.as_deref().unwrap_or_default();
    let selected = select(context.capabilities, provider, &request)?;
    let estimate = selected.provider.estimate(&request);
    let spending = context.spending();
    let spent = spending.spent()?;
    let budget = spending.budget_of_subject()?;
    let left = budget.map(|budget| Usd {
        micros: budget.micros.saturating_sub(spent.micros),
    });
    let model = &selected.model.model_id;
    answer::json(&json!({
        "provider": selected.provider.name(),
        "model": if model.is_empty() { Value::Null } else { json!(model) },
        "provider_reason": selected.reason,
        "images": request.n,
        "cost_usd": estimate.map(|cost| cost.amount.dollars()),
        "cost_basis": estimate.map(|cost| cost.basis.as_str()),
        "spent_usd": spent.dollars(),
        "budget_usd": budget.map(Usd::dollars),
        "budget_left_usd": left.map(Usd::dollars),
        "period": spending.period_in_words(),
    }))
}

/// An image that is not there yet.
fn stand_in() -> InputImage {
    InputImage {
        bytes: Vec::new(),
        format: Format::Png,
        size: Size {
            width: 1024,
            height: 1024,
        },
    }
}
