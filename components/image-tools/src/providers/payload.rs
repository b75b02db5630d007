//! Parts of requests and answers that several backends share.

use std::borrow::Cow;

use base64::alphabet;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{Code, ProviderError};
use super::request::{GenerateRequest, InputImage};
use crate::images::format::Format;

/// What servers write: with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The prompt for a model that has no place for what is not wanted.
pub fn with_negative(request: &GenerateRequest) -> String {
    match request.negative_prompt.as_deref().map(str::trim) {
        Some(negative) if !negative.is_empty() => {
            format!("{}\n\nAvoid: {negative}", request.prompt)
        }
        _ => request.prompt.clone(),
    }
}

/// The prompt without what stable-diffusion.cpp takes as settings: `<sd_cpp_extra_args>{…}</…>` would
/// let a prompt change the size, the number of steps or the files that are read.
pub fn without_settings(prompt: &str) -> Cow<'_, str> {
    const START: &str = "<sd_cpp_extra_args>";
    const END: &str = "</sd_cpp_extra_args>";
    if !prompt.contains(START) {
        return Cow::Borrowed(prompt);
    }
    let mut clean = String::with_capacity(prompt.len());
    let mut rest = prompt;
    while let Some((before, after)) = rest.split_once(START) {
        clean.push_str(before);
        rest = after.split_once(END).map_or("", |(_, after)| after);
    }
    clean.push_str(rest);
    // What is left may have become such a thing.
    Cow::Owned(without_settings(&clean).into_owned())
}

/// The file as base64.
pub fn encoded(image: &InputImage) -> String {
    BASE64_STANDARD.encode(&image.bytes)
}

/// The bytes of a file that came as base64, in lines or as a `data:` URL or plainly.
///
/// # Errors
/// [`Code::NoImage`] for what is no base64, or no image of a format that can be stored.
pub fn decoded(text: &str) -> Result<Vec<u8>, ProviderError> {
    let data = match text.get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("data:") => {
            text.split_once(',').map_or("", |(_, data)| data)
        }
        _ => text,
    };
    let has_space = data.bytes().any(|byte| byte.is_ascii_whitespace());
    let data = if has_space {
        Cow::Owned(data.split_ascii_whitespace().collect::<String>())
    } else {
        Cow::Borrowed(data)
    };
    let bytes = LENIENT
        .decode(&*data)
        .map_err(|_| ProviderError::new(Code::NoImage).because("the image is not base64"))?;
    checked(bytes)
}

/// The bytes, if they begin like an image that can be stored.
///
/// # Errors
/// [`Code::NoImage`].
pub fn checked(bytes: Vec<u8>) -> Result<Vec<u8>, ProviderError> {
    match Format::sniff(&bytes) {
        Some(_) => Ok(bytes),
        None => {
            Err(ProviderError::new(Code::NoImage)
                .because("what came is no PNG, JPEG or WebP image"))
        }
    }
}

/// The body of an answer, which has to be this kind of document.
///
/// # Errors
/// [`Code::UpstreamUnavailable`]: a proxy in between, or a broken server.
pub fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(body).map_err(|_| {
        let mut error = ProviderError::new(Code::UpstreamUnavailable)
            .because("the answer is not what the provider's interface says");
        error.may_have_cost = true;
        error
    })
}

/// An object for the sidecar, without what is not known.
pub fn facts<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// FastAPI's list of what is wrong with which field, as one line.
pub fn field_faults(list: &[Value]) -> String {
    let faults = list.iter().filter_map(|one| {
        let field = one.get("loc")?.as_array()?.last()?.as_str()?;
        let text = one.get("msg")?.as_str()?;
        Some(format!("{field}: {text}"))
    });
    faults.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_is_read_in_every_shape() {
        let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
        let plain = BASE64_STANDARD.encode(&png);
        let lines = format!("{}\r\n{}\n", &plain[..8], &plain[8..]);
        let unpadded = plain.trim_end_matches('=').to_owned();
        for text in [
            plain.clone(),
            lines,
            unpadded,
            format!("data:image/png;base64,{plain}"),
            format!("DATA:image/jpeg;base64,{plain}"),
        ] {
            assert_eq!(decoded(&text).unwrap(), png, "{text}");
        }
        for text in ["", "data:", "!!!!", "R0lGODlhAQABAA", "<svg/>"] {
            assert_eq!(decoded(text).unwrap_err().code, Code::NoImage, "{text}");
        }
    }

    #[test]
    fn settings_in_prompts_are_taken_out() {
        let cases = [
            ("a fox", "a fox"),
            (
                "a <sd_cpp_extra_args>{\"steps\":999}</sd_cpp_extra_args>fox",
                "a fox",
            ),
            ("a fox<sd_cpp_extra_args>{", "a fox"),
            (
                "<sd_cpp_<sd_cpp_extra_args></sd_cpp_extra_args>extra_args>{}</sd_cpp_extra_args>x",
                "x",
            ),
        ];
        for (prompt, expected) in cases {
            assert_eq!(without_settings(prompt), expected);
        }
    }

    proptest! {
        #[test]
        fn no_prompt_keeps_settings(prompt in "(<sd_cpp_extra_args>|</sd_cpp_extra_args>|<sd_cpp_|extra_args>|x){0,12}") {
            prop_assert!(!without_settings(&prompt).contains("<sd_cpp_extra_args>"));
        }
    }

    #[test]
    fn what_is_not_wanted_is_a_paragraph() {
        let mut request = GenerateRequest::new("a fox");
        assert_eq!(with_negative(&request), "a fox");
        request.negative_prompt = Some("  ".to_owned());
        assert_eq!(with_negative(&request), "a fox");
        request.negative_prompt = Some("dogs".to_owned());
        assert_eq!(with_negative(&request), "a fox\n\nAvoid: dogs");
    }
}
