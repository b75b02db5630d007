//! `read_resource`: a resource as the result of a tool, for clients that offer tools only. Such a
//! result has to stay small, so a large image comes as a preview with a link.

use mcp::Exchange;
use mcp::model::{CallToolResult, ContentBlock, JsonObject, Resource};
use serde::{Deserialize, Serialize};

use super::{Tool, answer, typed};
use crate::client_limits::TEXT_CHARS;
use crate::context::Context;
use crate::fault::Fault;
use crate::images::decode::{decode, inspect};
use crate::images::limits::{MAX_INLINE_SIDE, fits_preview};
use crate::images::preview::{Preview, preview};
use crate::images::transform::TransformError;
use crate::json_file::json_file;
use crate::resources::{self, Contents, Reader};

pub(super) const TOOL: Tool = Tool {
    name: "read_resource",
    writes: false,
    definition: json_file!("read_resource.json"),
    needs_arguments: true,
    call: |context, arguments, exchange| Ok(call(context, arguments, exchange)?.into()),
};

#[derive(Deserialize)]
struct Arguments {
    uri: String,
}

#[derive(Serialize)]
struct Answer {
    uri: String,
    mime_type: &'static str,
    size_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<[u32; 2]>,
    complete: bool,
}

fn call(
    context: Context<'_>,
    arguments: JsonObject,
    exchange: &mut Exchange<'_>,
) -> Result<CallToolResult, Fault> {
    let Arguments { uri } = typed(arguments)?;
    let reader = Reader {
        now: exchange.now(),
        list_bytes: TEXT_CHARS,
    };
    match resources::read(context, &uri, reader)? {
        Contents::Text {
            text,
            mime_type,
            complete,
        } => {
            let answer = Answer {
                uri,
                mime_type,
                size_bytes: text.len(),
                dimensions: None,
                complete,
            };
            answer::described(text, &answer)
        }
        Contents::Image { bytes, format } => {
            let (_, size) = inspect(&bytes).map_err(TransformError::from)?;
            let side = size.width.max(size.height);
            let complete = fits_preview(bytes.len()) && side <= MAX_INLINE_SIDE;
            let answer = Answer {
                uri,
                mime_type: format.mime(),
                size_bytes: bytes.len(),
                dimensions: Some([size.width, size.height]),
                complete,
            };
            let link = Resource::new(answer.uri.clone(), "Image")
                .with_mime_type(format.mime())
                .with_size(bytes.len() as u64);
            let shown = if complete {
                Some(Preview {
                    bytes,
                    format,
                    size,
                })
            } else {
                preview(decode(&bytes).map_err(TransformError::from)?)?
            };
            let mut result = answer::object(&answer)?;
            result.content.extend(shown.as_ref().map(answer::picture));
            result.content.push(ContentBlock::resource_link(link));
            Ok(result)
        }
    }
}
