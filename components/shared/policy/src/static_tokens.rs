//! Tokens that are configured rather than signed: one token, or a table from tokens to subjects.
//!
//! Only SHA-256 digests are kept. A presented token is compared with all of them in constant time,
//! without an early exit, so the time of an answer says nothing about how close a guess was.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::credential::{UnverifiedToken, is_b64token};
use crate::loggable::Loggable;
use crate::settings::{self, Reader};

/// One token, for the subject `BEARER_DEFAULT_SUBJECT`.
pub(crate) const BEARER_TOKEN: &str = "BEARER_TOKEN";
/// TOML: a table `[tokens]` from tokens to subjects.
pub(crate) const BEARER_TOKENS: &str = "BEARER_TOKENS";
const BEARER_DEFAULT_SUBJECT: &str = "BEARER_DEFAULT_SUBJECT";
const DEFAULT_SUBJECT: &str = "bearer-anon";

/// Least strength of a token, in bits, if each character was drawn at random from its kind.
pub const MIN_TOKEN_BITS: u32 = 128;
/// Longest subject, in characters (OpenID Connect Core 1.0, section 2, `sub`).
pub(crate) const MAX_SUBJECT_CHARACTERS: usize = 255;

/// The configured tokens, as digests.
#[derive(Clone, Debug, Default)]
pub struct StaticTokens(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    digest: [u8; 32],
    subject: String,
}

impl StaticTokens {
    /// The tokens that the deployment configures; empty when it configures none.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let single = reader.text(BEARER_TOKEN);
        if let Some(table) = reader.text(BEARER_TOKENS) {
            if single.is_some() {
                reader.note("`BEARER_TOKENS` is set, so `BEARER_TOKEN` has no effect");
            }
            return Self::read_table(&table, reader);
        }
        let Some(token) = single else {
            return Self::default();
        };
        if let Some(problem) = problem_of_token(&token) {
            reader.fault(BEARER_TOKEN, problem);
        }
        let subject = reader
            .text(BEARER_DEFAULT_SUBJECT)
            .unwrap_or_else(|| DEFAULT_SUBJECT.to_owned());
        if !is_subject(&subject) {
            reader.fault(BEARER_DEFAULT_SUBJECT, SUBJECT_RULE);
        }
        Self(vec![Entry::new(&token, subject)])
    }

    fn read_table(text: &str, reader: &mut Reader<'_>) -> Self {
        let tokens = match parse_table(text) {
            Ok(tokens) => tokens,
            Err(problem) => {
                reader.fault(BEARER_TOKENS, problem);
                return Self::default();
            }
        };
        if tokens.is_empty() {
            reader.fault(BEARER_TOKENS, "the table `[tokens]` is empty");
        }
        for (position, (token, subject)) in (1..).zip(&tokens) {
            if let Some(problem) = problem_of_token(token) {
                reader.fault(
                    BEARER_TOKENS,
                    format!("the token of {} {problem}", Loggable::new(subject)),
                );
            }
            if !is_subject(subject) {
                reader.fault(
                    BEARER_TOKENS,
                    format!("entry {position} in the order of tokens: {SUBJECT_RULE}"),
                );
            }
        }
        Self(
            tokens
                .into_iter()
                .map(|(token, subject)| Entry::new(&token, subject))
                .collect(),
        )
    }

    /// Whether no token is configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The subject of a configured token. Takes the same time for every token of the same length.
    #[must_use]
    pub fn subject_of(&self, token: UnverifiedToken<'_>) -> Option<&str> {
        if self.is_empty() {
            return None;
        }
        let digest: [u8; 32] = Sha256::digest(token.expose()).into();
        let mut found = u32::MAX;
        for (index, entry) in (0..).zip(&self.0) {
            found.conditional_assign(&index, entry.digest.ct_eq(&digest));
        }
        let index = usize::try_from(found).ok()?;
        self.0.get(index).map(|entry| entry.subject.as_str())
    }
}

impl Entry {
    fn new(token: &str, subject: String) -> Self {
        Self {
            digest: Sha256::digest(token).into(),
            subject,
        }
    }
}

const SUBJECT_RULE: &str = "a subject has 1 to 255 characters and no control characters";

/// Whether a text can name a subject: not empty, not endless, printable.
#[must_use]
pub fn is_subject(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= MAX_SUBJECT_CHARACTERS
        && !text.chars().any(char::is_control)
}

/// Why a token cannot be used, or `None`. The text does not repeat the token.
#[must_use]
pub fn problem_of_token(token: &str) -> Option<String> {
    if !is_b64token(token) {
        return Some(
            "has characters that a bearer token cannot have (RFC 6750, section 2.1)".to_owned(),
        );
    }
    let bits = strength_bits(token);
    (bits < MIN_TOKEN_BITS).then(|| {
        format!("has at most {bits} bits, at least {MIN_TOKEN_BITS} are needed (hint: `openssl rand -hex 32`)")
    })
}

/// The most that a token of these characters can be worth, in bits: as if each was drawn at random
/// from its alphabet. A floor, not a measure of how well it was chosen; a host may ask for more.
fn strength_bits(token: &str) -> u32 {
    let all = |kind: fn(&u8) -> bool| token.as_bytes().iter().all(kind);
    let hundredths_per_character = if all(u8::is_ascii_digit) {
        333
    } else if all(u8::is_ascii_hexdigit) {
        400
    } else {
        // 68 characters can occur in a bearer token.
        610
    };
    let characters = u32::try_from(token.len()).unwrap_or(u32::MAX);
    characters.saturating_mul(hundredths_per_character) / 100
}

/// Reads `[tokens]`.
fn parse_table(text: &str) -> Result<BTreeMap<String, String>, String> {
    let document: toml::Table =
        toml::from_str(text).map_err(|error| settings::problem_of_toml(text, &error))?;
    if document.keys().any(|name| name != "tokens") {
        return Err("has something besides the table `[tokens]`".to_owned());
    }
    let Some(toml::Value::Table(tokens)) = document.get("tokens") else {
        return Err("has no table `[tokens]`".to_owned());
    };
    let entry = |(token, subject): (&String, &toml::Value)| {
        Some((token.clone(), subject.as_str()?.to_owned()))
    };
    tokens.iter().map(entry).collect::<Option<_>>().ok_or_else(|| {
        "has a token whose subject is not a string (hint: quote each token: `\"a.b\" = \"alice\"`)".to_owned()
    })
}
