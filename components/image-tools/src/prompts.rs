//! The prompts: how to choose, how to write, and how to use a style.

use std::collections::BTreeMap;

use mcp::model::{ErrorData, GetPromptResult, Icon, Prompt, PromptArgument, PromptMessage, Role};

use crate::context::Context;
use crate::fault::Fault;
use crate::icons;
use crate::providers::configured;
use crate::styles::Style;
use crate::text::{quoted, shortened};

/// How to choose a provider.
const SELECT_PROVIDER: &str = "select_provider";
/// How to write for Stable Diffusion.
const SD_PROMPT_GUIDE: &str = "sd_prompt_guide";
/// How to make a prompt of a style and a wish.
pub const APPLY_STYLE: &str = "apply_style";
/// The argument of [`APPLY_STYLE`] that names the style.
pub const STYLE_NAME: &str = "style_name";
/// The argument of [`APPLY_STYLE`] that says what is wished.
const USER_REQUEST: &str = "user_request";

/// The argument of [`SELECT_PROVIDER`] that narrows what is told.
const PROVIDER: &str = "provider";
/// The argument of [`SD_PROMPT_GUIDE`] that names a checkpoint.
const MODEL: &str = "model";

/// Characters of a wish that the prompt repeats.
const REQUEST_CHARS: usize = 8000;

/// The prompts for `prompts/list`.
pub fn list() -> Vec<Prompt> {
    let required = |name: &str, text: &str| {
        PromptArgument::new(name)
            .with_description(text)
            .with_required(true)
    };
    let optional = |name: &str, text: &str| {
        PromptArgument::new(name)
            .with_description(text)
            .with_required(false)
    };
    let prompt = |name: &str, title: &str, text: &str, arguments, icon: &str| {
        Prompt::new(name, Some(text), arguments)
            .with_title(title)
            .with_icons(vec![
                Icon::new(icon)
                    .with_mime_type("image/svg+xml")
                    .with_sizes(vec!["any".to_owned()]),
            ])
    };
    vec![
        prompt(
            SELECT_PROVIDER,
            "Select a Provider",
            "What each provider is good at, and how to choose one for a request.",
            Some(vec![optional(
                PROVIDER,
                "Tell the models of this provider only.",
            )]),
            icons::ROUTE,
        ),
        prompt(
            SD_PROMPT_GUIDE,
            "Stable Diffusion Prompt Guide",
            "How to write prompts for the families of Stable Diffusion checkpoints.",
            Some(vec![optional(
                MODEL,
                "Tell what is known of this checkpoint too.",
            )]),
            icons::BOOK,
        ),
        prompt(
            APPLY_STYLE,
            "Apply a Style",
            "Turn a wish into a prompt with the help of a style of the library.",
            Some(vec![
                required(STYLE_NAME, "The name of a style; style://list shows them."),
                required(USER_REQUEST, "What the image shall show."),
            ]),
            icons::PALETTE,
        ),
    ]
}

/// The prompt of that name, filled in.
///
/// # Errors
/// For an unknown prompt, a missing argument, or a store that fails.
pub fn render(
    context: Context<'_>,
    name: &str,
    arguments: &BTreeMap<String, String>,
) -> Result<GetPromptResult, ErrorData> {
    let text = match name {
        SELECT_PROVIDER => {
            let guide = include_str!("guides/select-provider.md");
            let wanted = arguments.get(PROVIDER).filter(|name| !name.is_empty());
            format!("{guide}\n{}", configured_now(context, wanted, None))
        }
        SD_PROMPT_GUIDE => {
            let guide = include_str!("guides/sd-prompt-guide.md");
            match arguments.get(MODEL).filter(|name| !name.is_empty()) {
                Some(model) => format!("{guide}\n{}", configured_now(context, None, Some(model))),
                None => guide.to_owned(),
            }
        }
        APPLY_STYLE => {
            let argument = |name: &str| {
                arguments.get(name).ok_or_else(|| {
                    ErrorData::invalid_params(format!("missing argument: `{name}`"), None)
                })
            };
            let (style, request) = (argument(STYLE_NAME)?, argument(USER_REQUEST)?);
            let found = context.styles().find(style).map_err(Fault::from);
            let found = found.map_err(|fault| fault.into_error(context.capabilities))?;
            apply(style, found.as_ref(), &shortened(request, REQUEST_CHARS))
        }
        _ => {
            let name = quoted(name);
            return Err(ErrorData::invalid_params(
                format!("unknown prompt: {name}"),
                None,
            ));
        }
    };
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(
        Role::User,
        text,
    )]))
}

/// What this server has, a line for each model.
fn configured_now(
    context: Context<'_>,
    provider: Option<&String>,
    model: Option<&String>,
) -> String {
    let mut text = "## Configured here\n\n".to_owned();
    for one in configured(context.capabilities) {
        if provider.is_some_and(|wanted| wanted != one.name()) {
            continue;
        }
        for known in one.models() {
            if model.is_some_and(|wanted| *wanted != known.model_id) {
                continue;
            }
            let hints = known.style_profile.as_ref().map(|profile| {
                format!(
                    ": {}; not for {}; for example: {}",
                    profile.style_hints, profile.incompatible_styles, profile.good_example
                )
            });
            let hints = hints.unwrap_or_default();
            text.push_str(&format!("- {}, `{}`{hints}\n", one.name(), known.model_id));
        }
    }
    text
}

fn apply(name: &str, style: Option<&Style>, request: &str) -> String {
    let Some(style) = style else {
        let name = quoted(name);
        return format!(
            "There is no style {name} in the library. Read the resource style://list to see which there are, or make it \
             with the tool save_style. The request was: {request}"
        );
    };
    let header = &style.header;
    let mut defaults = String::new();
    for (key, value) in [
        ("provider", &header.provider),
        ("aspect_ratio", &header.aspect_ratio),
        ("quality", &header.quality),
    ] {
        if let Some(value) = value {
            defaults.push_str(&format!("- {key}: {value}\n"));
        }
    }
    if defaults.is_empty() {
        defaults.push_str("- none\n");
    }
    format!(
        "Make an image in the style `{}`.\n\n## Request\n\n{request}\n\n## Brief of the style\n\n{}\n\n\
         ## Defaults of the style\n\n{defaults}\n## What to do\n\n\
         1. Take the defaults as parameters of `generate_image`, unless the request says otherwise.\n\
         2. Read the brief as an art director would: what it means for this subject, its light, palette, composition and \
         medium. Do not copy its sentences into the prompt.\n\
         3. Write the prompt in the language of the chosen model: sentences where `prompt_style` is `natural_language`, \
         comma-separated tags where it is `clip`. What the brief forbids goes into `negative_prompt`, if the model has one.\n\
         4. The request decides what is shown, the style decides how. Call `generate_image`.",
        header.name, style.body
    )
}
