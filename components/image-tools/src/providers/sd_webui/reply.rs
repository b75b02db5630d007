//! What the web UI answers.

use serde::Deserialize;
use serde_json::Value;

use crate::providers::error::{Code, ProviderError};
use crate::providers::payload::parsed;

/// The images of an answer, as base64.
#[derive(Debug)]
pub struct Reply {
    pub images: Vec<String>,
    pub seeds: Vec<u64>,
    pub model: Option<String>,
}

/// A checkpoint that the web UI has.
#[derive(Debug, Deserialize)]
pub struct Checkpoint {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub model_name: String,
}

/// Reads an answer of `txt2img` or `img2img`.
pub fn read(body: &[u8]) -> Result<Reply, ProviderError> {
    #[derive(Deserialize)]
    struct Whole {
        #[serde(default)]
        images: Option<Vec<String>>,
        #[serde(default)]
        info: Value,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Info {
        seed: Option<u64>,
        all_seeds: Vec<u64>,
        sd_model_name: Option<String>,
    }
    let whole: Whole = parsed(body)?;
    // JSON in a string; empty at stable-diffusion.cpp.
    let info = whole.info.as_str().unwrap_or_default();
    let info: Info = serde_json::from_str(info).unwrap_or_default();
    let mut images = whole.images.unwrap_or_default();
    if images.is_empty() {
        return Err(ProviderError::new(Code::NoImage));
    }
    let seeds = if info.all_seeds.is_empty() {
        info.seed.into_iter().collect()
    } else {
        info.all_seeds
    };
    // Of several, the first can be all of them on one sheet.
    if seeds.len() > 1 && images.len() == seeds.len() + 1 {
        images.remove(0);
    }
    Ok(Reply {
        images,
        seeds,
        model: info.sd_model_name,
    })
}

/// Reads a list of checkpoints; those without a title are of no use.
pub fn checkpoints(body: &[u8]) -> Result<Vec<Checkpoint>, ProviderError> {
    let mut list: Vec<Checkpoint> = parsed(body)?;
    list.retain(|one| !one.title.is_empty());
    Ok(list)
}

/// Progress and a word about it.
pub fn progress(body: &[u8]) -> Option<(f64, String)> {
    #[derive(Deserialize)]
    struct Whole {
        progress: f64,
        #[serde(default)]
        eta_relative: f64,
        #[serde(default)]
        state: State,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct State {
        sampling_step: u64,
        sampling_steps: u64,
    }
    let whole: Whole = serde_json::from_slice(body).ok()?;
    let (step, steps) = (whole.state.sampling_step, whole.state.sampling_steps);
    let mut message = format!("step {step} of {steps}");
    if whole.eta_relative > 0.0 {
        message.push_str(&format!(" ({:.0} s left)", whole.eta_relative.ceil()));
    }
    Some((whole.progress, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_of_all_images_is_left_out() {
        let body = br#"{"images": ["sheet", "a", "b"], "info": "{\"all_seeds\": [1, 2]}"}"#;
        let reply = read(body).unwrap();
        assert_eq!(
            (reply.images, reply.seeds),
            (vec!["a".to_owned(), "b".to_owned()], vec![1, 2])
        );
        for info in [r#""""#, r#""no JSON""#, "null", "{}"] {
            let reply = read(format!(r#"{{"images": ["a"], "info": {info}}}"#).as_bytes()).unwrap();
            assert_eq!(reply.images.len(), 1, "{info}");
        }
        for body in [r#"{"images": []}"#, r#"{"images": null}"#, "{}"] {
            assert_eq!(read(body.as_bytes()).unwrap_err().code, Code::NoImage);
        }
    }

    #[test]
    fn progress_says_how_far_it_is() {
        let body = br#"{"progress": 0.25, "eta_relative": 7.2, "state": {"sampling_step": 5, "sampling_steps": 20}}"#;
        assert_eq!(
            progress(body),
            Some((0.25, "step 5 of 20 (8 s left)".to_owned()))
        );
        assert_eq!(progress(b"<html>"), None);
    }
}
