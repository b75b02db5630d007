//! `resources/list`, `resources/templates/list`, `resources/read`, and the subscriptions of the
//! legacy eras.

use rmcp::model::{self, ErrorCode, ErrorData, ReadResourceResult};
use serde_json::{Map, Value, json};

use super::{authorize, list, required};
use crate::call::Call;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::http::Responder;
use crate::input::Input;
use crate::output::Output;
use crate::reply::Reply;
use crate::server::{CacheHint, CacheScope, List};
use crate::wire::{self, Head, Object};

pub(super) fn list(call: &Call<'_>, params: &mut Map<String, Value>) -> Result<Vec<u8>, Fault> {
    let cursor = list::cursor(params)?;
    let page = call.server().resources(cursor.as_deref());
    list::answer(call, List::Resources, "resources", page)
}

pub(super) fn list_templates(
    call: &Call<'_>,
    params: &mut Map<String, Value>,
) -> Result<Vec<u8>, Fault> {
    let cursor = list::cursor(params)?;
    let page = call.server().resource_templates(cursor.as_deref());
    list::answer(call, List::ResourceTemplates, "resourceTemplates", page)
}

pub(super) fn read(
    call: &mut Call<'_>,
    mut params: Map<String, Value>,
    output: &mut Output,
    responder: &mut dyn Responder,
) -> Result<Vec<u8>, Fault> {
    let uri = required(&params, "uri")?.to_owned();
    authorize(call, &uri, false)?;
    call.input = Input::take(call, &mut params)?;
    let mut exchange = Exchange::new(call, output, responder);
    let reply = call
        .server()
        .read_resource(&uri, &mut exchange)
        .map_err(|error| Fault::of_handler(call.era(), with_uri(error, &uri)))?;
    Ok(match reply {
        Reply::Complete(result) => complete(call, result),
        Reply::InputRequired(asked) => wire::input_required(call, asked),
    })
}

/// Nothing is remembered: there is nothing to hear of.
pub(super) fn subscribe(call: &Call<'_>, params: &Map<String, Value>) -> Result<Vec<u8>, Fault> {
    required(params, "uri")?;
    Ok(wire::result(call, &Head::complete(), &Object(json!({}))))
}

fn complete(call: &Call<'_>, mut result: ReadResourceResult) -> Vec<u8> {
    result.result_type = None;
    let hint = CacheHint {
        ttl_ms: result.ttl_ms.take().unwrap_or_default(),
        scope: match result.cache_scope.take() {
            Some(model::CacheScope::Public) => CacheScope::Public,
            _ => CacheScope::Private,
        },
    };
    let head = Head::cached(hint).with_meta(call.era(), &mut result.meta);
    wire::result(call, &head, &Object(result))
}

/// Says which resource is missing, as MCP demands, when the handler did not.
fn with_uri(mut error: ErrorData, uri: &str) -> ErrorData {
    if error.code == ErrorCode::RESOURCE_NOT_FOUND {
        error.data.get_or_insert_with(|| json!({"uri": uri}));
    }
    error
}
