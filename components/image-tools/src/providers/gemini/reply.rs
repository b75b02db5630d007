//! What Gemini answers: the parts of a candidate, or a reason why there are none.

use serde::Deserialize;

use super::blocked;
use crate::providers::error::{Code, ProviderError};
use crate::providers::payload::{decoded, parsed};
use crate::providers::table::Usage;

/// An answer with an image.
pub struct Reply {
    pub image: Vec<u8>,
    pub usage: Usage,
    pub model_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Counted>,
    model_version: Option<String>,
    response_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
    block_reason_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
    finish_message: Option<String>,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    inline_data: Option<Blob>,
    /// A draft on the way to the answer.
    #[serde(default)]
    thought: bool,
}

#[derive(Deserialize)]
struct Blob {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Counted {
    prompt_token_count: f64,
    candidates_token_count: f64,
    thoughts_token_count: f64,
}

/// Reads an answer with status 200.
pub fn read(body: &[u8]) -> Result<Reply, ProviderError> {
    let whole: Whole = parsed(body)?;
    let request_id = whole.response_id.clone();
    find(whole).map_err(|mut error| {
        error.request_id = request_id;
        error
    })
}

fn find(whole: Whole) -> Result<Reply, ProviderError> {
    if let Some(feedback) = &whole.prompt_feedback
        && let Some(reason) = &feedback.block_reason
    {
        return Err(blocked(reason, feedback.block_reason_message.as_deref()));
    }
    let counted = whole.usage_metadata.unwrap_or_default();
    let mut words = None;
    let mut reason = None;
    for candidate in whole.candidates {
        for part in candidate.content.unwrap_or_default().parts {
            if part.thought {
                continue;
            }
            if let Some(blob) = part.inline_data {
                return Ok(Reply {
                    image: decoded(&blob.data)?,
                    usage: Usage {
                        text_in: counted.prompt_token_count,
                        image_in: 0.0,
                        // Thinking is charged like what comes out.
                        image_out: counted.candidates_token_count + counted.thoughts_token_count,
                    },
                    model_version: whole.model_version,
                });
            }
            words = words.or(part.text);
        }
        reason = reason.or(candidate
            .finish_reason
            .map(|reason| (reason, candidate.finish_message)));
    }
    let (reason, message) = reason.unwrap_or_default();
    let mut error = without_image(&reason, message.as_deref().or(words.as_deref()));
    error.may_have_cost = counted.candidates_token_count > 0.0;
    Err(error)
}

/// Why a candidate has no image.
fn without_image(reason: &str, words: Option<&str>) -> ProviderError {
    match reason {
        "SAFETY"
        | "PROHIBITED_CONTENT"
        | "BLOCKLIST"
        | "SPII"
        | "RECITATION"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "PUP_LIMITED_DISABLED" => blocked(reason, words),
        _ => {
            let error = ProviderError::new(Code::NoImage).with_code(Some(reason));
            match words {
                Some(words) => error.because(format!("it says: {words}")),
                None => error,
            }
        }
    }
}

/// The names in a list of models, without `models/`.
pub fn model_names(body: &[u8]) -> Result<Vec<String>, ProviderError> {
    #[derive(Deserialize)]
    struct List {
        #[serde(default)]
        models: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        name: String,
    }
    let list: List = parsed(body)?;
    let names = list.models.into_iter().map(|entry| entry.name);
    Ok(names
        .map(|name| name.strip_prefix("models/").unwrap_or(&name).to_owned())
        .collect())
}
