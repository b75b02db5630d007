//! `tools/list` and `tools/call`.

use rmcp::model::Tool;
use serde_json::{Map, Value};

use super::{Outcome, authorize, list, required};
use crate::call::Call;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::http::Responder;
use crate::input::Input;
use crate::output::Output;
use crate::page::{Items, Page};
use crate::parameter_headers::ParameterHeader;
use crate::reply::ToolReply;
use crate::server::{List, unknown_tool};
use crate::version::Era;
use crate::wire;

pub(super) fn list(call: &Call<'_>, params: &mut Map<String, Value>) -> Result<Vec<u8>, Fault> {
    let cursor = list::cursor(params)?;
    let mut page = call.server().tools(cursor.as_deref());
    if call.era() == Era::Legacy
        && let Ok(page) = &mut page
    {
        drop_other_output_schemas(page);
    }
    list::answer(call, List::Tools, "tools", page)
}

/// Legacy eras know output schemas of type object only.
fn drop_other_output_schemas(page: &mut Page<Tool>) {
    if let Items::Values(tools) = &mut page.items {
        for tool in tools {
            tool.output_schema
                .take_if(|schema| schema.get("type").and_then(Value::as_str) != Some("object"));
        }
    }
}

pub(super) fn call(
    call: &mut Call<'_>,
    mut params: Map<String, Value>,
    output: &mut Output,
    responder: &mut dyn Responder,
) -> Result<Outcome, Fault> {
    let name = required(&params, "name")?.to_owned();
    // A tool without parameters is called without arguments by many a client.
    let arguments = match params.get("arguments") {
        None | Some(Value::Null) => &Map::new(),
        Some(Value::Object(arguments)) => arguments,
        Some(_) => return Err(Fault::invalid_params("`arguments` is not an object")),
    };
    let facts = call
        .server()
        .tool(&name)
        .ok_or_else(|| Fault::of_handler(call.era(), unknown_tool(&name)))?;
    if call.era() == Era::Modern {
        check_headers(call, &facts.parameter_headers, arguments)?;
    }
    authorize(call, &name, facts.writes)?;
    call.input = Input::take(call, &mut params)?;
    let arguments = match params.remove("arguments") {
        Some(Value::Object(arguments)) => arguments,
        _ => Map::new(),
    };
    let mut exchange = Exchange::new(call, output, responder);
    let reply = call.server().call_tool(&name, arguments, &mut exchange);
    if exchange.is_answered() {
        return Ok(Outcome::Answered);
    }
    match reply.map_err(|error| Fault::of_handler(call.era(), error))? {
        ToolReply::Complete(result) => Ok(Outcome::Answer(wire::tool_result(call, result))),
        ToolReply::Object(json) => Ok(Outcome::Answer(wire::tool_object(call, &json))),
        ToolReply::InputRequired(asked) => Ok(Outcome::Answer(wire::input_required(call, asked))),
    }
}

fn check_headers(
    call: &Call<'_>,
    headers: &[ParameterHeader],
    arguments: &Map<String, Value>,
) -> Result<(), Fault> {
    headers
        .iter()
        .try_for_each(|header| header.check(call.http, arguments))
}
