//! Which scopes an operation needs, and who lacks one (RFC 6749, section 3.3). The same rules hold
//! for tokens of a provider and for our own.

use std::collections::{BTreeMap, BTreeSet};

use crate::refusal::Advice;
use crate::settings::Reader;
use crate::types::{Denial, Identity, Operation};

/// Asks a provider for a refresh token (OpenID Connect Core 1.0, section 11). No resource needs it.
const OFFLINE_ACCESS: &str = "offline_access";

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
    /// What clients are told to ask for, when that is not what they need first.
    advertised: Vec<String>,
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
            advertised: scope_setting(reader, "OIDC_ADVERTISED_SCOPES"),
            implied: implications(reader),
            further_claims: reader.words("OIDC_SCOPE_CLAIMS"),
        }
    }

    /// What every request needs.
    #[must_use]
    pub fn required(&self) -> &[String] {
        &self.required
    }

    /// The least useful set, to be asked for first: what every request and reading need.
    #[must_use]
    pub fn baseline(&self) -> Vec<String> {
        union([&self.required, &self.read])
    }

    /// What clients are told to ask for: at least what every request needs, so that following the
    /// advice is enough to get in.
    #[must_use]
    pub fn advertised(&self) -> Vec<String> {
        if self.advertised.is_empty() {
            return self.baseline();
        }
        union([&self.required, &self.advertised])
    }

    /// Every scope of the deployment.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        union([&self.required, &self.read, &self.write])
    }

    /// All that one operation needs.
    #[must_use]
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
    #[must_use]
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

    /// Claims of a provider's token, besides the usual ones, whose values count as scopes.
    pub(crate) fn further_claims(&self) -> &[String] {
        &self.further_claims
    }

    /// Lets an identity pass that holds what every request needs.
    ///
    /// # Errors
    /// 403, which asks for all that is advertised, so that one more consent is enough.
    pub fn permit_request(&self, who: &Identity, advice: &Advice) -> Result<(), Denial> {
        self.permit(who, (&self.required, &self.advertised()), advice)
    }

    /// Lets an identity pass that holds all that an operation needs.
    ///
    /// # Errors
    /// 403 with all scopes of the operation in one challenge.
    pub fn permit_operation(
        &self,
        who: &Identity,
        what: &Operation,
        advice: &Advice,
    ) -> Result<(), Denial> {
        let needed = self.of_operation(what);
        self.permit(who, (&needed, &needed), advice)
    }

    fn permit(
        &self,
        who: &Identity,
        (needed, advertised): (&[String], &[String]),
        advice: &Advice,
    ) -> Result<(), Denial> {
        let missing = self.missing(&who.scopes, needed);
        if missing.is_empty() {
            return Ok(());
        }
        let reason = format!("insufficient_scope missing=\"{}\"", missing.join(" "));
        Err(advice.insufficient_scope(&advertised.join(" "), &reason))
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
#[must_use]
pub fn is_scope(word: &str) -> bool {
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
