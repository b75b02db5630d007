//! What ComfyUI answers.

use serde::Deserialize;
use serde_json::Value;

use crate::providers::error::{Code, ProviderError};
use crate::providers::payload::parsed;

/// A file that a graph has made.
#[derive(Debug, Deserialize)]
pub struct File {
    filename: String,
    #[serde(default)]
    subfolder: String,
    #[serde(rename = "type", default)]
    kind: String,
}

/// What a history holds.
pub enum Found {
    Nothing,
    Files(Vec<File>),
}

impl File {
    /// For `/view`.
    pub fn query(&self) -> String {
        let pairs = [
            ("filename", &self.filename),
            ("subfolder", &self.subfolder),
            ("type", &self.kind),
        ];
        let pairs = pairs.map(|(name, value)| format!("{name}={}", escaped(value)));
        pairs.join("&")
    }
}

/// Percent-encoding of everything but what never needs it (RFC 3986, section 2.3).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The name under which an upload can be loaded.
pub fn uploaded(body: &[u8]) -> Result<String, ProviderError> {
    #[derive(Deserialize)]
    struct Whole {
        name: String,
        #[serde(default)]
        subfolder: String,
    }
    let whole: Whole = parsed(body)?;
    Ok(match whole.subfolder.as_str() {
        "" => whole.name,
        folder => format!("{folder}/{}", whole.name),
    })
}

/// The id of a graph that was taken. It becomes part of URLs.
pub fn queued(body: &[u8]) -> Result<String, ProviderError> {
    #[derive(Deserialize)]
    struct Whole {
        prompt_id: String,
    }
    let whole: Whole = parsed(body)?;
    let id = whole.prompt_id;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if id.is_empty() || !id.bytes().all(is_plain) {
        return Err(ProviderError::new(Code::UpstreamUnavailable)
            .because("the answer is not what the provider's interface says"));
    }
    Ok(id)
}

/// The files of a graph, once it has ended.
pub fn history(body: &[u8], id: &str) -> Result<Found, ProviderError> {
    let whole: Value = parsed(body)?;
    let Some(entry) = whole.get(id) else {
        return Ok(Found::Nothing);
    };
    let status = entry.get("status").cloned().unwrap_or_default();
    if status.get("status_str").and_then(Value::as_str) == Some("error") {
        return Err(failed(&status));
    }
    let outputs = entry.get("outputs").and_then(Value::as_object);
    let mut files: Vec<File> = outputs
        .into_iter()
        .flat_map(|outputs| outputs.values())
        .filter_map(|output| output.get("images")?.as_array())
        .flatten()
        .filter_map(|file| serde_json::from_value(file.clone()).ok())
        .collect();
    // Previews on the way lie in `temp`.
    files.retain(|file| file.kind != "temp");
    if files.is_empty() {
        return Err(ProviderError::new(Code::NoImage));
    }
    Ok(Found::Files(files))
}

/// `status.messages` ends with what went wrong; its texts can hold paths.
fn failed(status: &Value) -> ProviderError {
    let messages = status.get("messages").and_then(Value::as_array);
    let last = messages.and_then(|messages| messages.last());
    let event = last.and_then(|last| last.get(0)?.as_str());
    if event == Some("execution_interrupted") {
        return ProviderError::new(Code::Cancelled).with_code(event);
    }
    let kind = last.and_then(|last| last.get(1)?.get("exception_type")?.as_str());
    let failure = ProviderError::new(Code::UpstreamUnavailable).with_code(kind);
    match kind {
        Some(kind) if kind.contains("OutOfMemory") => {
            failure.because("out of memory; ask for a smaller image")
        }
        _ => failure,
    }
}

/// Where in the queue a graph is; `None` when it is not there.
pub fn place(body: &[u8], id: &str) -> Option<String> {
    let whole: Value = serde_json::from_slice(body).ok()?;
    let has = |name: &str| {
        let list = whole.get(name)?.as_array()?;
        list.iter()
            .position(|entry| entry.get(1).and_then(Value::as_str) == Some(id))
    };
    if has("queue_running").is_some() {
        return Some("running".to_owned());
    }
    has("queue_pending").map(|position| format!("position {} in the queue", position + 1))
}

/// Whether a graph was refused because a name is not in the list of checkpoints.
pub fn names_unknown_checkpoint(document: &Value) -> bool {
    let nodes = document.get("node_errors").and_then(Value::as_object);
    nodes
        .into_iter()
        .flat_map(|nodes| nodes.values())
        .any(|node| {
            let class = node
                .get("class_type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let errors = node.get("errors").and_then(Value::as_array);
            class.starts_with("CheckpointLoader")
                && errors.into_iter().flatten().any(|error| {
                    error.get("type").and_then(Value::as_str) == Some("value_not_in_list")
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_cannot_leave_their_parameter() {
        let file = File {
            filename: "a&type=../x#.png".to_owned(),
            subfolder: String::new(),
            kind: "output".to_owned(),
        };
        assert_eq!(
            file.query(),
            "filename=a%26type%3D..%2Fx%23.png&subfolder=&type=output"
        );
    }
}
