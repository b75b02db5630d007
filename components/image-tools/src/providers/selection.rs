//! Which backend makes an image: the one that was named, or for `auto` the first that can do it in
//! the order that the prompt suggests. Capability comes before taste, and the built-in placeholder
//! only stands in where nothing else is configured.

use guest::Capabilities;

use super::discovery::{self, Trouble};
use super::error::{Code, ProviderError};
use super::fit::misfit;
use super::model::Model;
use super::request::GenerateRequest;
use super::{Provider, configured, placeholder};
use crate::text::shortened;

/// Words of a prompt, and the backends that are best at it, best first. The first rule with a
/// backend that can do it wins.
const RULES: &[(&[&str], &[&str])] = &[
    (
        &[
            "realistic",
            "photo",
            "photography",
            "headshot",
            "portrait photo",
            "product shot",
        ],
        &["sd_webui", "gemini", "openai", "bfl"],
    ),
    (
        &[
            "text",
            "logo",
            "typography",
            "poster",
            "banner",
            "signage",
            "lettering",
            "font",
        ],
        &["openai", "gemini"],
    ),
    (&["draft", "iterate", "iteration"], &["gemini", "openai"]),
    (
        &[
            "art",
            "painting",
            "illustration",
            "watercolor",
            "oil painting",
            "sketch",
            "drawing",
        ],
        &["sd_webui", "gemini", "openai"],
    ),
    (
        &["anime", "manga", "kawaii", "chibi"],
        &["sd_webui", "gemini", "openai"],
    ),
];

/// The order without any such word.
const ORDER: &[&str] = &[
    "gemini",
    "openai",
    "sd_webui",
    "bfl",
    "replicate",
    "comfyui",
];

/// The backend that will do it, and why it is that one.
pub struct Selected<'a> {
    /// The backend.
    pub provider: Box<dyn Provider + 'a>,
    /// The model of it that will be used.
    pub model: Model,
    /// For the client, in a few words.
    pub reason: String,
}

/// There is no backend for a request.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// No backend has the name, or there is none at all.
    #[error("unknown provider: `{wanted}`\nhint: available are {available}")]
    Unknown {
        /// As it was asked for, shortened.
        wanted: String,
        /// The names that there are.
        available: String,
    },
    /// The named backend cannot do this.
    #[error(transparent)]
    Unfit(ProviderError),
    /// None of them can do this.
    #[error("no configured provider can do this: {}\nhint: change the arguments; `list_providers` shows what each model takes", reasons.join("; "))]
    NoneFits {
        /// One for each backend.
        reasons: Vec<String>,
    },
}

/// The backend for a request: the one of that name; for `auto`, the setting `DEFAULT_PROVIDER` if
/// it can do it, or else the best of those that can.
///
/// # Errors
/// When there is no such backend, or it cannot do this.
pub fn select<'a>(
    capabilities: Capabilities<'a>,
    wanted: &str,
    request: &GenerateRequest,
) -> Result<Selected<'a>, SelectError> {
    let providers = configured(capabilities);
    if !is_auto(wanted) {
        return named(providers, wanted, request);
    }
    let default = capabilities.settings.setting("DEFAULT_PROVIDER");
    let trouble = |name: &str| discovery::trouble(capabilities, name);
    automatic(providers, default.as_deref(), request, &trouble)
}

fn is_auto(name: &str) -> bool {
    name.is_empty() || name == "auto"
}

fn named<'a>(
    mut providers: Vec<Box<dyn Provider + 'a>>,
    wanted: &str,
    request: &GenerateRequest,
) -> Result<Selected<'a>, SelectError> {
    let position = position(&providers, wanted)?;
    let provider = providers.swap_remove(position);
    let model = able(&*provider, request).map_err(SelectError::Unfit)?;
    Ok(Selected {
        reason: "named in the request".to_owned(),
        provider,
        model,
    })
}

fn position(providers: &[Box<dyn Provider + '_>], wanted: &str) -> Result<usize, SelectError> {
    // What the predecessor called it once.
    let name = if wanted == "a1111" {
        "sd_webui"
    } else {
        wanted
    };
    let found = providers.iter().position(|one| one.name() == name);
    found.ok_or_else(|| {
        let names: Vec<_> = providers.iter().map(|provider| provider.name()).collect();
        SelectError::Unknown {
            wanted: shortened(wanted, 40),
            available: names.join(", "),
        }
    })
}

/// The model that would serve the request, or why none would.
fn able(provider: &dyn Provider, request: &GenerateRequest) -> Result<Model, ProviderError> {
    let model = provider.model_for(request)?;
    match misfit(&model, request) {
        None => Ok(model),
        Some(reason) => Err(ProviderError::invalid(reason).at(provider.name())),
    }
}

fn automatic<'a>(
    mut providers: Vec<Box<dyn Provider + 'a>>,
    default: Option<&str>,
    request: &GenerateRequest,
    trouble: &dyn Fn(&str) -> Option<Trouble>,
) -> Result<Selected<'a>, SelectError> {
    let able = |provider: &dyn Provider, request: &GenerateRequest| {
        match trouble(provider.name()) {
            // What it could do does not matter while it cannot be used.
            Some(trouble) => Err(trouble.message),
            None => able(provider, request).map_err(|error| brief(&error)),
        }
    };
    let mut reasons = Vec::new();
    let mut passed_over = String::new();
    if let Some(default) = default.filter(|name| !is_auto(name)) {
        let position = position(&providers, default)?;
        match providers.get(position).map(|one| able(&**one, request)) {
            Some(Ok(model)) => {
                return Ok(Selected {
                    provider: providers.swap_remove(position),
                    model,
                    reason: "the default provider of this server".to_owned(),
                });
            }
            Some(Err(error)) => {
                passed_over = format!("; the default provider cannot do it: {error}");
            }
            None => {}
        }
    }
    for (name, why) in order(&request.prompt) {
        let Some(position) = providers.iter().position(|one| one.name() == name) else {
            continue;
        };
        match providers.get(position).map(|one| able(&**one, request)) {
            Some(Ok(model)) => {
                return Ok(Selected {
                    provider: providers.swap_remove(position),
                    model,
                    reason: format!("{why}{passed_over}"),
                });
            }
            Some(Err(reason)) if !reasons.contains(&reason) => reasons.push(reason),
            Some(Err(_)) | None => {}
        }
    }
    if reasons.is_empty() {
        // Nothing but the placeholder is there.
        let mut selected = named(providers, placeholder::NAME, request)?;
        selected.reason = format!("no other provider is configured{passed_over}");
        return Ok(selected);
    }
    Err(SelectError::NoneFits { reasons })
}

/// The backends in the order in which they are tried, each with the reason.
fn order(prompt: &str) -> impl Iterator<Item = (&'static str, String)> {
    let words = words(prompt);
    let suggested = RULES.iter().filter_map(move |(keywords, chain)| {
        let keyword = keywords.iter().find(|keyword| is_in(&words, keyword))?;
        Some(
            chain
                .iter()
                .map(move |name| (*name, format!("the prompt says `{keyword}`"))),
        )
    });
    let rest = ORDER.iter().map(|name| {
        let reason = "the first provider that can do it".to_owned();
        (*name, reason)
    });
    suggested.flatten().chain(rest)
}

/// The prompt in lower case, one space before, between and after its words.
fn words(prompt: &str) -> String {
    let mut words = String::with_capacity(prompt.len() + 2);
    words.push(' ');
    for word in prompt.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        if !word.is_empty() {
            words.extend(word.chars().flat_map(char::to_lowercase));
            words.push(' ');
        }
    }
    words
}

fn is_in(words: &str, keyword: &str) -> bool {
    words.match_indices(keyword).any(|(at, _)| {
        words.get(..at).is_some_and(|before| before.ends_with(' '))
            && words
                .get(at + keyword.len()..)
                .is_some_and(|after| after.starts_with(' '))
    })
}

/// A failure without its hint.
fn brief(error: &ProviderError) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    first.to_owned()
}

impl SelectError {
    /// The stable machine code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unfit(error) => error.code,
            Self::Unknown { .. } | Self::NoneFits { .. } => Code::InvalidRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{Generated, Report};

    /// A backend that is only looked at.
    struct Fake(&'static str, Model);

    impl Provider for Fake {
        fn name(&self) -> &'static str {
            self.0
        }

        fn description(&self) -> &'static str {
            ""
        }

        fn models(&self) -> Vec<Model> {
            vec![self.1.clone()]
        }

        fn generate(
            &self,
            _: &GenerateRequest,
            _: &mut Report<'_>,
        ) -> Result<Generated, ProviderError> {
            Err(ProviderError::new(Code::NoImage))
        }
    }

    fn model() -> Model {
        Model {
            model_id: "m".into(),
            can_generate: true,
            supported_aspect_ratios: crate::providers::model::texts(&["1:1"]),
            ..Model::default()
        }
    }

    fn transparent() -> Model {
        Model {
            supports_background: true,
            ..model()
        }
    }

    fn all(models: &[(&'static str, Model)]) -> Vec<Box<dyn Provider>> {
        models
            .iter()
            .map(|(name, model)| Box::new(Fake(name, model.clone())) as Box<dyn Provider>)
            .collect()
    }

    fn healthy(_: &str) -> Option<Trouble> {
        None
    }

    fn everybody() -> Vec<Box<dyn Provider>> {
        all(&["placeholder", "openai", "gemini", "sd_webui"].map(|name| (name, model())))
    }

    #[test]
    fn the_prompt_decides_between_those_that_can() {
        let cases = [
            ("a PHOTO of a fox", "sd_webui", "the prompt says `photo`"),
            ("a portrait-photo", "sd_webui", "the prompt says `photo`"),
            ("Logo for a bakery", "openai", "the prompt says `logo`"),
            ("a draft", "gemini", "the prompt says `draft`"),
            ("an oil  painting", "sd_webui", "the prompt says `painting`"),
            ("chibi cat", "sd_webui", "the prompt says `chibi`"),
            ("a cat", "gemini", "the first provider that can do it"),
            ("", "gemini", "the first provider that can do it"),
            // Whole words only, and no word leads to a solid colour.
            (
                "photosynthesis",
                "gemini",
                "the first provider that can do it",
            ),
            ("startup", "gemini", "the first provider that can do it"),
            (
                "a quick brown fox",
                "gemini",
                "the first provider that can do it",
            ),
            (
                "test tube mock placeholder",
                "gemini",
                "the first provider that can do it",
            ),
            // The first rule wins.
            ("a photo of a poster", "sd_webui", "the prompt says `photo`"),
        ];
        for (prompt, name, reason) in cases {
            let selected =
                automatic(everybody(), None, &GenerateRequest::new(prompt), &healthy).unwrap();
            assert_eq!(
                (selected.provider.name(), selected.reason.as_str()),
                (name, reason),
                "{prompt}"
            );
        }
    }

    #[test]
    fn capability_comes_before_taste() {
        let request = GenerateRequest {
            background: "transparent".to_owned(),
            ..GenerateRequest::new("a photo of a fox")
        };
        let some = all(&[
            ("placeholder", transparent()),
            ("openai", transparent()),
            ("sd_webui", model()),
            ("gemini", model()),
        ]);
        assert_eq!(
            automatic(some, None, &request, &healthy)
                .unwrap()
                .provider
                .name(),
            "openai"
        );
    }

    #[test]
    fn the_placeholder_never_stands_in_for_another() {
        let request = GenerateRequest {
            background: "transparent".to_owned(),
            ..GenerateRequest::new("a fox")
        };
        let some = all(&[("placeholder", transparent()), ("gemini", model())]);
        let error = automatic(some, None, &request, &healthy).err().unwrap();
        insta::assert_snapshot!(error, @r"
        no configured provider can do this: gemini: model `m` makes no transparent background
        hint: change the arguments; `list_providers` shows what each model takes
        ");
        let alone = all(&[("placeholder", transparent())]);
        let selected = automatic(alone, None, &request, &healthy).unwrap();
        assert_eq!(selected.reason, "no other provider is configured");
    }

    #[test]
    fn the_default_provider_comes_first_if_it_can() {
        let logo = GenerateRequest::new("a logo");
        let selected = automatic(everybody(), Some("sd_webui"), &logo, &healthy).unwrap();
        assert_eq!(selected.provider.name(), "sd_webui");
        let request = GenerateRequest {
            background: "transparent".to_owned(),
            ..logo
        };
        let some = all(&[("openai", transparent()), ("gemini", model())]);
        let selected = automatic(some, Some("gemini"), &request, &healthy).unwrap();
        assert_eq!(
            (selected.provider.name(), selected.reason.as_str()),
            (
                "openai",
                "the prompt says `logo`; the default provider cannot do it: gemini: model `m` makes no transparent background"
            )
        );
        let unknown = automatic(everybody(), Some("nobody"), &request, &healthy)
            .err()
            .unwrap();
        assert!(unknown.to_string().contains("`nobody`"));
    }

    #[test]
    fn a_named_provider_that_cannot_says_why() {
        let request = GenerateRequest {
            aspect_ratio: "8:1".to_owned(),
            ..GenerateRequest::new("x")
        };
        let error = named(everybody(), "openai", &request).err().unwrap();
        assert_eq!(error.code(), Code::InvalidRequest);
        assert!(
            error
                .to_string()
                .starts_with("openai: model `m` takes the aspect ratios 1:1, not 8:1")
        );
        assert_eq!(
            named(everybody(), "a1111", &GenerateRequest::new("x"))
                .unwrap()
                .provider
                .name(),
            "sd_webui"
        );
    }

    #[test]
    fn who_refuses_our_key_is_passed_over() {
        let trouble = |name: &str| {
            (name == "gemini").then(|| Trouble {
                code: "auth".to_owned(),
                message: "gemini: the provider refused the credential of this server".to_owned(),
            })
        };
        let request = GenerateRequest::new("a cat");
        let selected = automatic(everybody(), None, &request, &trouble).unwrap();
        assert_eq!(selected.provider.name(), "openai");
        let alone = all(&[("placeholder", model()), ("gemini", model())]);
        let error = automatic(alone, None, &request, &trouble).err().unwrap();
        assert!(
            error.to_string().contains("refused the credential"),
            "{error}"
        );
    }
}
