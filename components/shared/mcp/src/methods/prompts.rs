//! `prompts/list` and `prompts/get`.

use std::collections::BTreeMap;

use rmcp::model::GetPromptResult;
use serde_json::{Map, Value};

use super::{authorize, list, required};
use crate::call::Call;
use crate::exchange::Exchange;
use crate::fault::{Fault, clip};
use crate::http::Responder;
use crate::input::Input;
use crate::output::Output;
use crate::reply::Reply;
use crate::server::List;
use crate::wire::{self, Head, Object};

pub(super) fn list(call: &Call<'_>, params: &mut Map<String, Value>) -> Result<Vec<u8>, Fault> {
    let cursor = list::cursor(params)?;
    let page = call.server().prompts(cursor.as_deref());
    list::answer(call, List::Prompts, "prompts", page)
}

pub(super) fn get(
    call: &mut Call<'_>,
    mut params: Map<String, Value>,
    output: &mut Output,
    responder: &mut dyn Responder,
) -> Result<Vec<u8>, Fault> {
    let name = required(&params, "name")?.to_owned();
    authorize(call, &name, false)?;
    call.input = Input::take(call, &mut params)?;
    let arguments = arguments(params.remove("arguments"))?;
    let mut exchange = Exchange::new(call, output, responder);
    let reply = call
        .server()
        .get_prompt(&name, arguments, &mut exchange)
        .map_err(|error| Fault::of_handler(call.era(), error))?;
    Ok(match reply {
        Reply::Complete(result) => complete(call, result),
        Reply::InputRequired(asked) => wire::input_required(call, asked),
    })
}

/// Arguments of prompts are strings.
fn arguments(value: Option<Value>) -> Result<BTreeMap<String, String>, Fault> {
    let members = match value {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(Fault::invalid_params("`arguments` is not an object")),
    };
    members
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => {
                let text = format!("`{}` is not a string", clip(&name));
                Err(Fault::invalid_params(text))
            }
        })
        .collect()
}

fn complete(call: &Call<'_>, mut result: GetPromptResult) -> Vec<u8> {
    result.result_type = None;
    let head = Head::complete().with_meta(call.era(), &mut result.meta);
    wire::result(call, &head, &Object(result))
}
