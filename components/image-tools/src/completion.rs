//! Values for the variables of the resource templates.

use mcp::model::{ArgumentInfo, CompleteRequestParams, CompletionInfo, ErrorData, Reference};

use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::images::format::Format;
use crate::images::query::ROTATIONS;
use crate::resources::uri::{METADATA_TEMPLATE, VIEW_TEMPLATE};

/// Values that begin with what was typed so far.
///
/// # Errors
/// For a reference that is none of our templates, or a store that fails.
pub fn complete(
    context: Context<'_>,
    params: CompleteRequestParams,
) -> Result<CompletionInfo, ErrorData> {
    let template = match &params.r#ref {
        Reference::Resource(reference) => reference.uri.as_str(),
        _ => return Err(ErrorData::invalid_params("there are no prompts", None)),
    };
    if template != VIEW_TEMPLATE && template != METADATA_TEMPLATE {
        return Err(ErrorData::invalid_params("unknown resource template", None));
    }
    let ArgumentInfo {
        name, value: typed, ..
    } = params.argument;
    let choices = match name.as_str() {
        "image_id" => {
            let ids = context
                .gallery()
                .ids(&typed, CompletionInfo::MAX_VALUES + 1);
            let ids = ids.map_err(|error| Fault::from(error).into_error(context.capabilities))?;
            ids.iter().map(ImageId::to_string).collect()
        }
        "format" => Format::ALL.map(|format| format.name().to_owned()).to_vec(),
        "rotate" => ROTATIONS.map(str::to_owned).to_vec(),
        "flip" => vec!["horizontal".to_owned(), "vertical".to_owned()],
        _ => Vec::new(),
    };
    let mut info = CompletionInfo::default();
    info.values = choices
        .into_iter()
        .filter(|choice: &String| choice.starts_with(&typed))
        .collect();
    Ok(info)
}
