//! The scopes that a token of the provider grants.

use std::collections::BTreeSet;

use serde_json::Value;

use super::claims::Claims;
use super::error::TokenError;
use crate::scopes::{Scopes, is_scope};

/// Claims of scopes: RFC 9068, section 2.2.3, and what Entra and Okta use.
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];

/// The scopes of a token: the union of all claims that hold some. A value of another type spoils
/// the token; a word that cannot be a scope is left out.
pub fn granted(claims: &Claims, scopes: &Scopes) -> Result<Vec<String>, TokenError> {
    let mut granted = Vec::new();
    for name in SCOPE_CLAIMS {
        let words = words(claims.claim(name)).ok_or(TokenError::Claim(name))?;
        granted.extend(words);
    }
    for name in scopes.further_claims() {
        granted.extend(words(claims.claim(name)).unwrap_or_default());
    }
    granted.retain(|word| is_scope(word));
    let mut seen = BTreeSet::new();
    granted.retain(|word| seen.insert(*word));
    Ok(granted.into_iter().map(str::to_owned).collect())
}

/// The words of a string, or of the strings of an array; `None` for any other type.
fn words(value: Option<&Value>) -> Option<Vec<&str>> {
    match value {
        None => Some(Vec::new()),
        Some(Value::String(text)) => Some(text.split(' ').collect()),
        Some(Value::Array(values)) => {
            let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
            Some(
                texts?
                    .into_iter()
                    .flat_map(|text| text.split(' '))
                    .collect(),
            )
        }
        Some(_) => None,
    }
}
