//! `ingest_base64_image`: an image inside the request becomes one of the gallery.

use mcp::Exchange;
use mcp::model::{CallToolResult, JsonObject};
use serde::Deserialize;

use super::{Tool, answer, typed};
use crate::context::Context;
use crate::fault::{Fault, Kind};
use crate::imports::{Imported, import};
use crate::inputs::from_base64;
use crate::json_file::json_file;

pub(super) const TOOL: Tool = Tool {
    name: "ingest_base64_image",
    writes: true,
    definition: json_file!("ingest_base64_image.json"),
    needs_arguments: true,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

#[derive(Deserialize)]
struct Arguments {
    data: String,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    _: &mut Exchange<'_>,
) -> Result<CallToolResult, Fault> {
    let Arguments { data } = typed(arguments)?;
    let bytes = from_base64(context, &data).map_err(undecodable)?;
    drop(data);
    let sidecar = import(context, bytes, "base64".to_owned()).map_err(undecodable)?;
    let imported = Imported::from(sidecar);
    let mut result = answer::described(imported.sentence(), &imported)?;
    result.content.push(answer::link_to(&imported));
    Ok(result)
}

fn undecodable(fault: Fault) -> Fault {
    match fault.kind {
        Kind::Client => Fault {
            message: format!("could not decode the image: {}", fault.message),
            ..fault
        },
        _ => fault,
    }
}
