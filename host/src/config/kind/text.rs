//! Values that are text: lines, lists, scopes, tokens, subjects.

use std::collections::BTreeSet;

use crate::config::fault::{Problem, quoted};
use crate::config::strength;

/// Longest single line, in bytes: far beyond any name, path or key.
const LONGEST_LINE: usize = 4 << 10;
/// Longest text of several lines, in bytes.
const LONGEST_PROSE: usize = 64 << 10;
/// Longest subject, in characters: the limit of `sub` in a token.
const LONGEST_SUBJECT: usize = 255;

/// One line; never shown in the problem, since it may be a secret.
pub(super) fn line(value: &str) -> Result<String, Problem> {
    if value.len() > LONGEST_LINE {
        return Err(too_long(value, LONGEST_LINE));
    }
    if value.chars().any(char::is_control) {
        return Err(Problem::new("contains a control character"));
    }
    Ok(value.to_owned())
}

pub(super) fn prose(value: &str) -> Result<String, Problem> {
    if value.len() > LONGEST_PROSE {
        return Err(too_long(value, LONGEST_PROSE));
    }
    if value
        .chars()
        .any(|c| c.is_control() && !"\n\r\t".contains(c))
    {
        return Err(Problem::new("contains a control character"));
    }
    Ok(value.to_owned())
}

fn too_long(value: &str, most: usize) -> Problem {
    Problem::new(format!("longer than {most} bytes: {} bytes", value.len()))
}

/// A list whose items each satisfy `check`, without duplicates; canonical by commas.
pub(super) fn each(
    value: &str,
    check: impl Fn(&str) -> Result<String, Problem>,
) -> Result<String, Problem> {
    joined(value, ",", check)
}

/// Scopes of the characters that RFC 6749, section 3.3 allows.
pub(super) fn scopes(value: &str) -> Result<String, Problem> {
    joined(value, " ", |scope| {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if scope.bytes().all(allowed) {
            Ok(scope.to_owned())
        } else {
            Err(Problem::new(format!("not a scope: {}", quoted(scope))))
        }
    })
}

/// Texts that may hold spaces, between commas.
pub(super) fn phrases(value: &str) -> Result<String, Problem> {
    between_commas(value, |_| Ok(()))
}

/// Secrets between commas. The problem quotes none of them.
pub(super) fn key_ring(value: &str) -> Result<String, Problem> {
    between_commas(value, strength::sufficient)
}

fn between_commas(
    value: &str,
    check: impl Fn(&str) -> Result<(), Problem>,
) -> Result<String, Problem> {
    let value = line(value)?;
    let mut kept: Vec<&str> = Vec::new();
    for item in value.split(',').map(str::trim) {
        if item.is_empty() || kept.contains(&item) {
            continue;
        }
        check(item)?;
        kept.push(item);
    }
    if kept.is_empty() {
        return Err(Problem::new("a list without a value"));
    }
    Ok(kept.join(","))
}

/// The items of a list, which commas or white space separate.
pub(in crate::config) fn items(value: &str) -> impl Iterator<Item = &str> {
    let items = value.split(|c: char| c == ',' || c.is_whitespace());
    items.filter(|item| !item.is_empty())
}

fn joined(
    value: &str,
    separator: &str,
    check: impl Fn(&str) -> Result<String, Problem>,
) -> Result<String, Problem> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for item in items(value) {
        let item = check(item)?;
        if seen.insert(item.clone()) {
            kept.push(item);
        }
    }
    if kept.is_empty() {
        return Err(Problem::new("a list without a value"));
    }
    Ok(kept.join(separator))
}

/// A bearer token that a client can present (`b64token`) and nobody can guess.
pub(in crate::config) fn token(value: &str) -> Result<String, Problem> {
    let value = line(value)?;
    let core = value.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    if core.is_empty() || !core.bytes().all(allowed) {
        return Err(Problem::new(
            "not a bearer token: only letters, digits and `-._~+/` with any `=` at the end",
        ));
    }
    strength::sufficient(core)?;
    Ok(value)
}

/// Who somebody is.
pub(in crate::config) fn subject(value: &str) -> Result<String, Problem> {
    let length = value.chars().count();
    if length == 0 || length > LONGEST_SUBJECT {
        return Err(Problem::new(format!(
            "not from 1 to {LONGEST_SUBJECT} characters: {length} characters"
        )));
    }
    line(value)
}
