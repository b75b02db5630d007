//! `completion/complete`.

use rmcp::model::{CompleteRequestParams, CompletionInfo};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::fault::{Fault, clip};
use crate::wire::{self, Head, Object};

#[derive(Serialize)]
struct Completed {
    completion: CompletionInfo,
}

pub(super) fn complete(call: &Call<'_>, params: Map<String, Value>) -> Result<Vec<u8>, Fault> {
    let params: CompleteRequestParams =
        serde_json::from_value(Value::Object(params)).map_err(|error| {
            let text = error.to_string();
            Fault::invalid_params(format!("parameters of completion: {}", clip(&text)))
        })?;
    let mut completion = call
        .server()
        .complete(params)
        .map_err(|error| Fault::of_handler(call.era(), error))?;
    if completion.values.len() > CompletionInfo::MAX_VALUES {
        completion.values.truncate(CompletionInfo::MAX_VALUES);
        completion.has_more = Some(true);
    }
    let body = Object(Completed { completion });
    Ok(wire::result(call, &Head::complete(), &body))
}
