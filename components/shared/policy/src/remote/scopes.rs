//! Which scopes an operation needs, and which a token grants (RFC 6749, section 3.3).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::claims::Claims;
use super::error::TokenError;
use crate::settings::Reader;
use crate::types::Operation;

/// Asks a provider for a refresh token (OpenID Connect Core 1.0, section 11). No resource needs it.
const OFFLINE_ACCESS: &str = "offline_access";

/// Claims of scopes: RFC 9068, section 2.2.3, and what Entra and Okta use.
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];

/// MCP methods that show nothing of anybody's data: they need no more than every request does.
const PUBLIC_METHODS: [&str; 7] = [
    "initialize",
    "logging/setLevel",
    "ping",
    "prompts/list",
    "resources/templates/list",
    "server/discover",
    "tools/list",
];

/// The scopes of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    required: Vec<String>,
    read: Vec<String>,
    write: Vec<String>,
    /// What each scope grants beyond itself, transitively.
    implied: BTreeMap<String, BTreeSet<String>>,
    /// Claims, besides the usual ones, whose values count as scopes.
    further_claims: Vec<String>,
}

impl Scopes {
    /// Reads the settings of scopes.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            required: scope_setting(reader, "OIDC_REQUIRED_SCOPES"),
            read: scope_setting(reader, "OIDC_READ_SCOPES"),
            write: scope_setting(reader, "OIDC_WRITE_SCOPES"),
            implied: implications(reader),
            further_claims: reader.words("OIDC_SCOPE_CLAIMS"),
        }
    }

    /// What every request needs.
    pub fn required(&self) -> &[String] {
        &self.required
    }

    /// The least useful set, to be asked for first: what every request and reading need.
    pub fn baseline(&self) -> Vec<String> {
        union([&self.required, &self.read])
    }

    /// Every scope of the deployment.
    pub fn all(&self) -> Vec<String> {
        union([&self.required, &self.read, &self.write])
    }

    /// All that one operation needs.
    pub fn of_operation(&self, operation: &Operation) -> Vec<String> {
        if operation.writes {
            return union([&self.required, &self.write]);
        }
        if PUBLIC_METHODS.contains(&operation.method.as_str()) {
            return self.required.clone();
        }
        self.baseline()
    }

    /// Those of `needed` that are neither held nor implied by one that is.
    pub fn missing<'a>(&self, held: &[String], needed: &'a [String]) -> Vec<&'a str> {
        let grants = |scope: &&String| {
            held.iter().any(|own| {
                own == *scope
                    || self
                        .implied
                        .get(own)
                        .is_some_and(|implied| implied.contains(*scope))
            })
        };
        needed
            .iter()
            .filter(|scope| !grants(scope))
            .map(String::as_str)
            .collect()
    }

    /// The scopes of a token: the union of all claims that hold some. A value of another type
    /// spoils the token; a word that cannot be a scope is left out.
    pub fn granted(&self, claims: &Claims) -> Result<Vec<String>, TokenError> {
        let mut granted = Vec::new();
        for name in SCOPE_CLAIMS {
            let words = words(claims.claim(name)).ok_or(TokenError::Claim(name))?;
            granted.extend(words);
        }
        for name in &self.further_claims {
            granted.extend(words(claims.claim(name)).unwrap_or_default());
        }
        granted.retain(|word| is_scope(word));
        let mut seen = BTreeSet::new();
        granted.retain(|word| seen.insert(*word));
        Ok(granted.into_iter().map(str::to_owned).collect())
    }
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

fn union<const N: usize>(sets: [&Vec<String>; N]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    sets.into_iter()
        .flatten()
        .filter(|scope| seen.insert(scope.as_str()))
        .cloned()
        .collect()
}

/// `scope-token` of RFC 6749, section 3.3.
fn is_scope(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

fn scope_setting(reader: &mut Reader<'_>, name: &'static str) -> Vec<String> {
    let mut scopes = reader.words(name);
    if !scopes.iter().all(|scope| is_scope(scope)) {
        reader.fault(
            name,
            "has a word that cannot be a scope (RFC 6749, section 3.3)",
        );
    }
    if scopes.iter().any(|scope| scope == OFFLINE_ACCESS) {
        reader.note(format!(
            "`{name}`: `{OFFLINE_ACCESS}` is a request to the provider, not a permission; ignored"
        ));
        scopes.retain(|scope| scope != OFFLINE_ACCESS);
    }
    scopes
}

/// Reads `OIDC_SCOPE_IMPLICATIONS`, for example `image:admin > image:write; image:write > image:read`.
fn implications(reader: &mut Reader<'_>) -> BTreeMap<String, BTreeSet<String>> {
    const NAME: &str = "OIDC_SCOPE_IMPLICATIONS";
    let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let text = reader.text(NAME).unwrap_or_default();
    for rule in text.split(';').filter(|rule| !rule.trim().is_empty()) {
        let implied = |list: &str| -> BTreeSet<String> {
            let words = list.split(|c: char| c == ',' || c.is_whitespace());
            words
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect()
        };
        match rule
            .split_once('>')
            .map(|(scope, list)| (scope.trim(), implied(list)))
        {
            Some((scope, list))
                if is_scope(scope)
                    && !list.is_empty()
                    && list.iter().all(|word| is_scope(word)) =>
            {
                direct.entry(scope.to_owned()).or_default().extend(list);
            }
            _ => reader.fault(NAME, "is not `scope > implied implied; scope > implied`"),
        }
    }
    direct
        .keys()
        .map(|scope| (scope.clone(), reachable(scope, &direct)))
        .collect()
}

fn reachable(from: &str, direct: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(scope) = ahead.pop() {
        for next in direct.get(scope).into_iter().flatten() {
            if reached.insert(next.clone()) {
                ahead.push(next);
            }
        }
    }
    reached
}
