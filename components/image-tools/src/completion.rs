//! Values for the variables of the resource templates and the arguments of the prompts.

use mcp::model::{ArgumentInfo, CompleteRequestParams, CompletionInfo, ErrorData, Reference};

use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::images::format::Format;
use crate::images::query::ROTATIONS;
use crate::prompts::{APPLY_STYLE, STYLE_NAME};
use crate::providers::configured;
use crate::resources::uri::{METADATA_TEMPLATE, STYLE_TEMPLATE, VIEW_TEMPLATE};

/// Values that begin with what was typed so far.
///
/// # Errors
/// For a reference that is none of our templates or prompts, or a store that fails.
pub fn complete(
    context: Context<'_>,
    params: CompleteRequestParams,
) -> Result<CompletionInfo, ErrorData> {
    let ArgumentInfo {
        name, value: typed, ..
    } = params.argument;
    let choices = match &params.r#ref {
        Reference::Resource(reference) => match reference.uri.as_str() {
            VIEW_TEMPLATE | METADATA_TEMPLATE => of_image(context, &name, &typed),
            STYLE_TEMPLATE => styles(context),
            _ => return Err(ErrorData::invalid_params("unknown resource template", None)),
        },
        Reference::Prompt(reference) => {
            let prompts = crate::prompts::list();
            if !prompts.iter().any(|prompt| prompt.name == reference.name) {
                return Err(ErrorData::invalid_params("unknown prompt", None));
            }
            match (reference.name.as_str(), name.as_str()) {
                (APPLY_STYLE, STYLE_NAME) => styles(context),
                _ => Ok(Vec::new()),
            }
        }
        _ => return Err(ErrorData::invalid_params("unknown reference", None)),
    };
    let mut choices = choices.map_err(|fault| fault.into_error(context.capabilities))?;
    match name.as_str() {
        "provider" => choices.extend(providers(context)),
        "model" => choices.extend(models(context)),
        _ => {}
    }
    choices.retain(|choice| choice.starts_with(&typed));
    let mut info = CompletionInfo::default();
    info.has_more = (choices.len() > CompletionInfo::MAX_VALUES).then_some(true);
    choices.truncate(CompletionInfo::MAX_VALUES);
    info.values = choices;
    Ok(info)
}

fn of_image(context: Context<'_>, name: &str, typed: &str) -> Result<Vec<String>, Fault> {
    Ok(match name {
        "image_id" => {
            let ids = context
                .gallery()
                .ids(typed, CompletionInfo::MAX_VALUES + 1)?;
            ids.iter().map(ImageId::to_string).collect()
        }
        "format" => Format::ALL.map(|format| format.name().to_owned()).to_vec(),
        "rotate" => ROTATIONS.map(str::to_owned).to_vec(),
        "flip" => vec!["horizontal".to_owned(), "vertical".to_owned()],
        _ => Vec::new(),
    })
}

fn styles(context: Context<'_>) -> Result<Vec<String>, Fault> {
    let styles = context.styles().list()?;
    Ok(styles.into_iter().map(|style| style.header.name).collect())
}

fn providers(context: Context<'_>) -> Vec<String> {
    let configured = configured(context.capabilities);
    configured
        .iter()
        .map(|provider| provider.name().to_owned())
        .collect()
}

fn models(context: Context<'_>) -> Vec<String> {
    let configured = configured(context.capabilities);
    let models = configured.iter().flat_map(|provider| provider.models());
    models.map(|model| model.model_id.into_owned()).collect()
}
