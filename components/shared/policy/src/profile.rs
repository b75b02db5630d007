//! The few further claims that tools may use, whoever made them: bounded in number and size.

use serde_json::{Map, Value};

/// Claims of text that are handed on (OpenID Connect Core 1.0, section 5.1).
const TEXTS: [&str; 3] = ["email", "name", "azp"];
/// Longest text that is handed on, in bytes.
const MAX_TEXT_BYTES: usize = 320;
/// Most groups that are handed on.
const MAX_GROUPS: usize = 50;
/// Longest `claims`, in bytes. Groups are the first to go.
const MAX_CLAIMS_BYTES: usize = 4096;

/// `email`, `email_verified`, `groups`, `name` and `azp`, as far as they are of the usual type and
/// size. `groups` is always an array.
#[must_use]
pub fn profile(claims: &Map<String, Value>) -> String {
    let mut kept = Map::new();
    for name in TEXTS {
        if let Some(Value::String(text)) = claims.get(name).filter(|text| is_short_text(text)) {
            kept.insert(name.to_owned(), text.clone().into());
        }
    }
    if let Some(verified @ Value::Bool(_)) = claims.get("email_verified") {
        kept.insert("email_verified".to_owned(), verified.clone());
    }
    let groups: Vec<Value> = match claims.get("groups") {
        Some(Value::Array(groups)) => groups
            .iter()
            .filter(|group| is_short_text(group))
            .cloned()
            .collect(),
        Some(group) if is_short_text(group) => vec![group.clone()],
        _ => Vec::new(),
    };
    let without_groups = Value::Object(kept.clone()).to_string();
    if groups.is_empty() || groups.len() > MAX_GROUPS {
        return without_groups;
    }
    kept.insert("groups".to_owned(), groups.into());
    let with_groups = Value::Object(kept).to_string();
    if with_groups.len() > MAX_CLAIMS_BYTES {
        without_groups
    } else {
        with_groups
    }
}

fn is_short_text(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| !text.is_empty() && text.len() <= MAX_TEXT_BYTES)
}
